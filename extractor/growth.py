"""Grows a trained network without changing what it computes (Net2Net: Chen et al. 2016, arXiv:1511.05641).

Twice the width: every layer's outputs are doubled and the next layer's inputs are split between the two
copies by random shares that add up to one, which lets them grow apart.  More depth: new blocks are
appended to a stage with an output of zero, so that only their residual path is open.

Layer norms over doubled channels see the same mean and variance, and GRN compares each channel's energy
with the mean energy, which doubling keeps too.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from extractor import files
from extractor.backbone_sizes import size_by_name
from extractor.backends.cache import is_sealed, seal_file
from extractor.convert import save_weights
from extractor.model import MotionExtractor
from extractor.report import WeightsError, sha256_of
from extractor.user_cache import cache_folder

log = logging.getLogger(__name__)

FACTOR = 2
UNEVEN = 0.8
"""How far apart the shares of two copies may be; 0: halves."""

GROWN_VERSION = 1
"""Raise it when ``grown_weights`` makes other files of the same weights."""


def grow(
    network: MotionExtractor, backbone: str, generator: torch.Generator | None = None, uneven: float = UNEVEN
) -> MotionExtractor:
    """A network of the larger size ``backbone`` with the same outputs.

    With ``uneven`` 0 the two copies stay alike: all numbers are exact in half precision then, but training
    can't tell them apart.  Raises ValueError unless its stages are at least as deep and exactly twice as wide.
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
            state[name] = _widen(name, source[name], generator, uneven)
            if state[name].shape != fresh.shape:
                raise ValueError(f"{name} would have the shape {tuple(state[name].shape)} after growing.")
        elif ".pwconv2." in name:
            state[name] = torch.zeros_like(fresh)
    grown.detector.load_state_dict(state)
    return grown.eval()


def grown_weights(source: Path, backbone: str) -> Path:
    """The weights ``source`` grown to the size ``backbone``: the same answers, and a file in the user's cache.

    One that is there already is used if it is as it was written.  Raises ``WeightsError``.
    """
    try:
        origin = sha256_of(source)
        path = cache_folder() / "grown" / f"{backbone}-{origin[:16]}-{GROWN_VERSION}.safetensors"
        if is_sealed(path):
            return path
        log.info("Growing %s from %s", backbone, source.name)
        _write_grown(path, source, origin, backbone)
        seal_file(path)
    except OSError as error:
        raise WeightsError(
            f"The {backbone} weights are grown from {source.name}, which did not work ({error})."
        ) from error
    return path


def _write_grown(path: Path, source: Path, origin: str, backbone: str) -> None:
    network = MotionExtractor.from_checkpoint(source)
    assert network.report is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # new blocks begin at random behind an output of zero: the same file every time
        grown = grow(network, backbone, uneven=0.0)
    provenance = {
        "grown_from": {"file": source.name, "sha256": origin, "architecture": f"convnextv2_{network.backbone}"},
        "description": f"Grown from {source.name} on this computer: a larger network that gives the same answers.",
    }
    files.make_folder(path.parent)
    save_weights(
        path,
        grown.detector.state_dict(),
        replace(network.report.spec, backbone=grown.backbone),
        {**network.report.metadata, **provenance},
        torch.float16,
    )


def _widen(name: str, w: Tensor, generator: torch.Generator | None, uneven: float) -> Tensor:
    if name.startswith("fc_"):
        return _split(w, generator, uneven) if name.endswith("weight") else w.clone()
    if name == "downsample_layers.0.0.weight" or "dwconv" in name:
        return torch.cat([w, w])  # inputs: three colours, or a channel of its own
    if "grn" in name:
        return torch.cat([w, w], dim=3)
    if w.ndim == 1:
        return torch.cat([w, w])
    return _split(torch.cat([w, w]), generator, uneven)


def _split(w: Tensor, generator: torch.Generator | None, uneven: float) -> Tensor:
    share = torch.rand(w.shape, generator=generator).to(w) * uneven + (1 - uneven) / 2
    return torch.cat([w * share, w * (1 - share)], dim=1)
