"""A network without errors."""

from __future__ import annotations

import torch
from torch import Tensor

from extractor.training.learning.losses import bin_shares
from extractor.training.learning.targets import Targets


def perfect_outputs(targets: Targets, spread_deg: float = 2.0) -> dict[str, Tensor]:
    """The seven heads that a network without errors would return, with this spread of its bins."""
    shares = bin_shares(targets.angles_deg, spread_deg).clamp_min(1e-30).log()
    t = torch.cat([targets.t, torch.zeros_like(targets.t[:, :1])], dim=1)
    return {
        "pitch": shares[:, 0], "yaw": shares[:, 1], "roll": shares[:, 2],
        "t": t, "exp": targets.exp.flatten(1), "scale": targets.scale[:, None], "kp": targets.kp.flatten(1),
    }  # fmt: skip
