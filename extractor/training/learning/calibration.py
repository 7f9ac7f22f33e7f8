"""Makes the reported deviation match the error, without touching the angle much, and gives a nod its whole size.

Each axis gets one temperature: its logits are divided by it, which is folded into the head's last layer.
Of those under which held-out errors are as large as reported, within ``TOLERANCE``, it is the one under which they
are likeliest, taking each answer as a normal distribution about the decoded angle with the decoded deviation
(Guo et al. 2017, arXiv:1706.04599, for classification).  The likelihood alone leaves the deviation too large where
errors are smaller than a bin, for a sharper distribution moves the angle towards the bins' centres.
"""

from __future__ import annotations

import torch
from torch import Tensor

from extractor.decode import bin_centres, bins_to_degrees
from extractor.model import MotionExtractor
from extractor.types import BIN_DEGREES, FIRST_BIN_DEGREES, NUM_BINS, POSE_HEADS

CANDIDATES = torch.linspace(-1.2, 1.2, 97).exp()

TOLERANCE = 0.05
"""How far the root mean square of error over deviation may be from 1; where no temperature reaches that, any may do."""


def fit_temperatures(logits: Tensor, angles_deg: Tensor) -> Tensor:
    """(3,) temperatures for logits (B, 3, 66) and true angles (B, 3)."""
    best = []
    for axis in range(3):
        costs, ratios = torch.tensor(
            [_cost_and_ratio(logits[:, axis] / t, angles_deg[:, axis]) for t in CANDIDATES.tolist()]
        ).T
        calibrated = (ratios - 1).abs() <= TOLERANCE
        if calibrated.any():
            costs[~calibrated] = torch.inf
        best.append(CANDIDATES[int(costs.argmin())])
    return torch.stack(best)


def held_out_spread_ratio(logits: Tensor, angles_deg: Tensor) -> Tensor:
    """(3,) root mean square of error over deviation; each half is judged by the temperatures that the other half gives.

    Logits (B, 3, 66) and true angles (B, 3), B at least 2.  1 is calibrated.
    """
    squares = torch.empty_like(angles_deg)
    for half, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        temperatures = fit_temperatures(logits[other], angles_deg[other])
        mean, std = bins_to_degrees(logits[half] / temperatures[None, :, None])
        squares[half] = ((mean - angles_deg[half]) / std.clamp_min(0.05)).square()
    return squares.mean(0).sqrt()


def apply_temperatures(network: MotionExtractor, temperatures: Tensor) -> None:
    """Fold the temperatures (3,) into the heads of pitch, yaw and roll."""
    with torch.no_grad():
        for name, t in zip(POSE_HEADS, temperatures.tolist(), strict=True):
            head = network.detector.head(name)
            head.weight.mul_(1 / t)
            head.bias.mul_(1 / t)


def apply_gain(network: MotionExtractor, axis: str, gain: float) -> None:
    """Stretch the bins of ``axis`` (one of ``POSE_HEADS``) about 0 degrees: its angles become ``gain`` times as large.

    A network that is unsure answers nearer to the mean, so it reports part of a turn.  The logit of a bin becomes that
    of the bin at its angle over ``gain``, between two bins their mix: a linear map, folded into the head's last layer.
    """
    if network.num_bins != NUM_BINS or gain <= 0:
        raise ValueError(f"A gain is positive and for {NUM_BINS} bins, not {gain} for {network.num_bins}.")
    place = ((bin_centres() / gain - FIRST_BIN_DEGREES) / BIN_DEGREES).clamp(0, NUM_BINS - 1)
    low = place.floor().clamp(max=NUM_BINS - 2).long()
    share, row = place - low, torch.arange(NUM_BINS)
    mix = torch.zeros(NUM_BINS, NUM_BINS)
    mix[row, low], mix[row, low + 1] = 1 - share, share
    head = network.detector.head(axis)
    with torch.no_grad():
        head.weight.copy_(mix @ head.weight)
        head.bias.copy_(mix @ head.bias)


def _cost_and_ratio(logits: Tensor, truth: Tensor) -> tuple[float, float]:
    """The negative log likelihood of a face, and the root mean square of error over deviation."""
    mean, std = bins_to_degrees(logits)
    std = std.clamp_min(0.05)
    squares = ((mean - truth) / std).square()
    return float((squares / 2 + std.log()).mean()), float(squares.mean().sqrt())
