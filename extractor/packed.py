"""Decoded motion as one array, so that a device sends it in one transfer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from extractor.types import NUM_BINS, Floats, HostMotion, Motion


def _layout(num_kp: int) -> dict[str, tuple[int, ...]]:
    """Fields of ``Motion`` and their shapes without the batch, in the order in which they lie."""
    points = (num_kp, 3)
    return {
        "angles_deg": (3,), "std_deg": (3,), "rotation": (3, 3), "kp": points, "exp": points, "scale": (), "t": (3,),
        "driven": points, "exp_magnitude": (), "brow_magnitude": (), "eye_magnitude": (), "mouth_magnitude": (),
        "logits": (3, NUM_BINS),
    }  # fmt: skip


def packed_width(num_kp: int) -> int:
    """Numbers a crop."""
    return sum(int(np.prod(shape)) for shape in _layout(num_kp).values())


def pack(motion: Motion[Tensor]) -> Tensor:
    """(B, W) float32, where the motion is."""
    batch, num_kp = motion.kp.shape[:2]
    parts = [getattr(motion, name).reshape(batch, int(np.prod(s))) for name, s in _layout(num_kp).items()]
    return torch.cat(parts, dim=1)


def unpack(packed: Floats, num_kp: int) -> HostMotion:
    """Views of (B, W) on the host."""
    fields, start = {}, 0
    for name, shape in _layout(num_kp).items():
        width = int(np.prod(shape))
        fields[name] = packed[:, start : start + width].reshape(len(packed), *shape)
        start += width
    return Motion(**fields)
