"""Grows a trained network without changing what it computes (Net2Net: Chen et al. 2016, arXiv:1511.05641).

Twice the width: every layer's outputs are doubled and the next layer's inputs are split between the two
copies by random shares that add up to one, which lets them grow apart.  More depth: new blocks are
appended to a stage with an output of zero, so that only their residual path is open.

Layer norms over doubled channels see the same mean and variance, and GRN compares each channel's energy
with the mean energy, which doubling keeps too.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from extractor.backbone import size_by_name
from extractor.model import MotionExtractor

FACTOR = 2


def grow(network: MotionExtractor, backbone: str, generator: torch.Generator | None = None) -> MotionExtractor:
    """A network of the larger size ``backbone`` with the same outputs.

    Raises ValueError unless its stages are at least as deep and exactly twice as wide.
    """
    old, new = size_by_name(network.backbone), size_by_name(backbone)
    wider = all(b == FACTOR * a for a, b in zip(old.dims, new.dims, strict=True))
    if not wider or any(b < a for a, b in zip(old.depths, new.depths, strict=True)):
        raise ValueError(f"{network.backbone} can't grow into {backbone}: it needs twice the width and no less depth.")
    grown = MotionExtractor(network.num_kp, network.num_bins, backbone)
    state = grown.detector.state_dict()
    source = network.detector.state_dict()
    for name, fresh in state.items():
        if name in source:
            state[name] = _widen(name, source[name], generator)
            if state[name].shape != fresh.shape:
                raise ValueError(f"{name} would have the shape {tuple(state[name].shape)} after growing.")
        elif ".pwconv2." in name:
            state[name] = torch.zeros_like(fresh)
    grown.detector.load_state_dict(state)
    return grown.eval()


def same_outputs(a: MotionExtractor, b: MotionExtractor, x: Tensor) -> float:
    """The largest difference between two networks' answers to ``x``."""
    with torch.inference_mode():
        left: Mapping[str, Tensor] = a(x)
        right: Mapping[str, Tensor] = b(x)
    return max(float((left[name] - right[name]).abs().max()) for name in left)


def _widen(name: str, w: Tensor, generator: torch.Generator | None) -> Tensor:
    if name.startswith("fc_"):
        return _split(w, generator) if name.endswith("weight") else w.clone()
    if name == "downsample_layers.0.0.weight" or "dwconv" in name:
        return torch.cat([w, w])  # inputs: three colours, or a channel of its own
    if "grn" in name:
        return torch.cat([w, w], dim=3)
    if w.ndim == 1:
        return torch.cat([w, w])
    return _split(torch.cat([w, w]), generator)


def _split(w: Tensor, generator: torch.Generator | None) -> Tensor:
    share = torch.rand(w.shape, generator=generator).to(w) * 0.8 + 0.1
    return torch.cat([w * share, w * (1 - share)], dim=1)
