"""Writes a checkpoint as ONNX, checked against torch: ``python -m extractor.export IN OUT.onnx``.

The graph takes what ``Backend.run`` takes, so that it can't be fed wrongly:

    crops   uint8 (batch, S, S, 3), RGB, cut as the metadata's ``crop`` says

and returns the raw outputs of the seven heads in the order of ``HEADS``, float32 (batch, width), for
``extractor.decode``.  Everything in it, the GRN's sums of squares included, is float32.  The model's
metadata are described in ``extractor.metadata``, the graph in ``extractor.onnx_graph``.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from extractor import files, onnx_graph
from extractor.agreement import MOST, check_faces, difference
from extractor.backends.base import EngineError
from extractor.decode_arrays import decode_arrays
from extractor.installing import install_hint, package_command
from extractor.model import MotionExtractor
from extractor.report import LoadReport, WeightsError
from extractor.types import Floats, HostMotion


def to_onnx(network: MotionExtractor) -> bytes:
    """The network, loaded from a checkpoint, as a serialised ONNX model.

    Raises ``EngineError`` where the package for it is missing.
    """
    report = network.report
    if report is None:
        raise ValueError("Only a network that was loaded from a checkpoint can be exported.")
    if importlib.util.find_spec("onnx") is None:
        raise EngineError(f"Exporting needs the package onnx. {install_hint(package_command('onnx'))}")
    return onnx_graph.build(parameters_of(network), report)


def parameters_of(network: MotionExtractor) -> dict[str, Floats]:
    """The detector's parameters as arrays."""
    return {name: tensor.numpy() for name, tensor in network.detector.state_dict().items()}


def export(source: str | PathLike[str], target: str | PathLike[str]) -> tuple[LoadReport, float]:
    """Write a checkpoint as ONNX once its numbers are known to be right.

    Returns what the checkpoint held and the difference from torch in degrees.  The file
    appears whole or not at all.  Raises ``WeightsError``, ``EngineError`` and OSError.
    """
    from extractor.backends.runtimes import run_onnx

    target = Path(target)
    network = MotionExtractor.from_checkpoint(source)
    assert network.report is not None
    model = to_onnx(network)
    crops = check_faces(network.report.spec.crop.input_size)
    found = difference(decode_arrays(run_onnx(model, crops)), torch_motion(network, crops))
    if not found.within(MOST["float32"]):
        raise WeightsError.of(source, f"exported, it differs from itself by {found.summary}")
    files.write_whole(target, model)
    return network.report, found.degrees


def torch_motion(network: MotionExtractor, crops: NDArray[np.uint8]) -> HostMotion:
    """The motion of (B, S, S, 3) crops by torch on the CPU in float32, the reference for every engine."""
    with torch.inference_mode():
        heads = network(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255.0)
    return decode_arrays({name: head.numpy() for name, head in heads.items()})


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
