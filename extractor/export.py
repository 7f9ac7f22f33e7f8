"""Writes a checkpoint as ONNX, checked against torch: ``python -m extractor.export IN OUT.onnx``.

The graph takes what ``Backend.run`` takes, so that it can't be fed wrongly:

    crops   uint8 (batch, S, S, 3), RGB, cut as the metadata's ``crop`` says

and returns the raw outputs of the seven heads in the order of ``HEADS``, float32 (batch, width), for
``extractor.decode``.  Everything in it, the GRN's sums of squares included, is float32.  The model's
metadata are those of ``extractor.metadata``, the graph is that of ``extractor.onnx_graph``.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from extractor import files, onnx_graph
from extractor.backends.engines import EngineError
from extractor.decode import decode
from extractor.model import MotionExtractor
from extractor.quantisation import Recipe
from extractor.report import LoadReport, WeightsError
from extractor.types import HEADS, Floats

CHECK_CROPS = 3  # of noise, and as many with the spectrum of natural pictures
LARGEST_DEG = 0.01
LARGEST_CROP = 1e-3  # of the driven keypoints, in crop coordinates


class Normalised(nn.Module):
    """The network behind the normalisation of ``Backend.run``."""

    def __init__(self, network: MotionExtractor) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        heads: dict[str, Tensor] = self.network(crops.permute(0, 3, 1, 2).float() / 255.0)
        return tuple(heads[name] for name in HEADS)


def to_onnx(network: MotionExtractor, recipe: Recipe | None = None) -> bytes:
    """The network, loaded from a checkpoint, as a serialised ONNX model, rounded as the recipe says.

    Raises ``EngineError`` where the package for it is missing.
    """
    report = network.report
    if report is None:
        raise ValueError("Only a network that was loaded from a checkpoint can be exported.")
    if importlib.util.find_spec("onnx") is None:
        raise EngineError("Exporting needs the package onnx: pip install onnx brings it.")
    return onnx_graph.build(parameters_of(network), report, recipe)


def parameters_of(network: MotionExtractor) -> dict[str, Floats]:
    """The detector's parameters as arrays."""
    return {name: tensor.numpy() for name, tensor in network.detector.state_dict().items()}


def export(source: str | PathLike[str], target: str | PathLike[str]) -> tuple[LoadReport, float]:
    """Write a checkpoint as ONNX once its numbers are known to be right.

    Returns what the checkpoint held and the largest difference from torch in degrees.  The file
    appears whole or not at all.  Raises ``WeightsError``, ``EngineError`` and OSError.
    """
    from extractor.backends.runtimes import run_onnx

    target = Path(target)
    network = MotionExtractor.from_checkpoint(source)
    assert network.report is not None
    model = to_onnx(network)
    crops = check_crops(network.report.spec.crop.input_size)
    worst = difference(network, crops, run_onnx(model, crops))
    if not (worst.degrees <= LARGEST_DEG and worst.crop <= LARGEST_CROP):  # NaN too
        reason = f"exported, it differs from itself by {worst.degrees:.3f} degrees and {worst.crop:.4f} of a crop"
        raise WeightsError.of(source, reason)
    files.write_whole(target, model)
    return network.report, worst.degrees


def check_crops(side: int) -> NDArray[np.uint8]:
    """(2 * CHECK_CROPS, side, side, 3): white noise, and noise with the 1/f spectrum of natural pictures."""
    generator = torch.Generator().manual_seed(0)
    shape = (CHECK_CROPS, 3, side, side)
    white = torch.rand(shape, generator=generator)
    natural = torch.zeros(shape)
    cells = 2
    while cells <= side:
        octave = torch.randn((CHECK_CROPS, 3, cells, cells), generator=generator)
        natural += F.interpolate(octave, size=(side, side), mode="bilinear", align_corners=False) * (2 / cells)
        cells *= 2
    natural = (natural / natural.std() * 0.2 + 0.5).clamp(0, 1)
    crops = torch.cat([white, natural]).permute(0, 2, 3, 1).mul(255).to(torch.uint8)
    return crops.contiguous().numpy()


class Difference(NamedTuple):
    """The largest differences from torch."""

    degrees: float  # of an angle
    crop: float  # of a driven keypoint, in crop coordinates
    relative: float  # of a head's raw outputs of one crop, length of the difference to length; t may be nearly 0


def difference(
    network: MotionExtractor, crops: NDArray[np.uint8], heads: Mapping[str, NDArray[np.float32]]
) -> Difference:
    """Compare an engine's heads with the network's own."""
    with torch.inference_mode():
        expected = dict(zip(HEADS, Normalised(network)(torch.from_numpy(crops)), strict=True))
    found = {name: torch.from_numpy(np.array(values)) for name, values in heads.items()}
    relative = [
        ((found[name] - expected[name]).norm(dim=1) / expected[name].norm(dim=1)).max() for name in HEADS if name != "t"
    ]
    motion, true = decode(found), decode(expected)
    return Difference(
        (motion.angles_deg - true.angles_deg).abs().max().item(),
        (motion.driven - true.driven)[..., :2].abs().max().item(),
        torch.stack(relative).max().item(),
    )


def typical_difference(
    network: MotionExtractor, crops: NDArray[np.uint8], heads: Mapping[str, NDArray[np.float32]]
) -> Difference:
    """The medians over the crops of what ``difference`` says of each: one odd crop does not count."""
    each = [
        difference(network, crops[row : row + 1], {name: values[row : row + 1] for name, values in heads.items()})
        for row in range(len(crops))
    ]
    return Difference(*(float(np.median(column)) for column in zip(*each, strict=True)))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the file was written, else 1 after one sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m extractor.export",
        description="Write a checkpoint as ONNX, uint8 RGB crops in, the seven heads out, checked against torch.",
    )
    parser.add_argument("source", type=Path, metavar="IN", help="a checkpoint of any layout that can be read")
    parser.add_argument("target", type=Path, metavar="OUT.onnx", help="the file to write")
    parser.add_argument("--force", action="store_true", help="overwrite OUT where it exists")
    given = parser.parse_args(arguments)
    try:
        if given.target.exists() and not given.force:
            raise WeightsError(f"{given.target} exists already; --force overwrites it.")
        report, worst_deg = export(given.source, given.target)
    except (WeightsError, EngineError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"export: {given.target} can't be written ({error.strerror or error}).", file=sys.stderr)
        return 1
    print(f"{given.target}: {report.summary}, within {worst_deg:.5f} degrees of torch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
