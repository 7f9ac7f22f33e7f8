"""Makes the reported deviation match the error, without touching the angle much.

Each axis gets one temperature: its logits are divided by it, which is folded into the head's last layer.
The temperature is the one under which held-out errors are likeliest, taking each answer as a normal
distribution about the decoded angle with the decoded deviation (Guo et al. 2017, arXiv:1706.04599, for
classification).
"""

from __future__ import annotations

import torch
from torch import Tensor

from extractor.decode import bins_to_degrees
from extractor.model import MotionExtractor
from extractor.types import POSE_HEADS

CANDIDATES = torch.linspace(-1.2, 1.2, 97).exp()


def fit_temperatures(logits: Tensor, angles_deg: Tensor) -> Tensor:
    """(3,) temperatures for logits (B, 3, 66) and true angles (B, 3)."""
    best = []
    for axis in range(3):
        costs = torch.stack([_surprise(logits[:, axis] * float(1 / t), angles_deg[:, axis]) for t in CANDIDATES])
        best.append(CANDIDATES[int(costs.argmin())])
    return torch.stack(best)


def apply_temperatures(network: MotionExtractor, temperatures: Tensor) -> None:
    """Fold the temperatures (3,) into the heads of pitch, yaw and roll."""
    with torch.no_grad():
        for name, t in zip(POSE_HEADS, temperatures.tolist(), strict=True):
            head = network.detector.head(name)
            head.weight.mul_(1 / t)
            head.bias.mul_(1 / t)


def _surprise(logits: Tensor, truth: Tensor) -> Tensor:
    mean, std = bins_to_degrees(logits)
    std = std.clamp_min(0.05)
    return (((mean - truth) / std).square() / 2 + std.log()).mean()
