"""Writes any checkpoint that can be read as the project's own safetensors: ``python -m extractor.convert IN OUT``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from extractor import files, metadata
from extractor.report import LoadReport, WeightsError
from extractor.types import NetworkSpec
from extractor.weights import read_weights, single_precision

DTYPES = {"fp16": torch.float16, "fp32": torch.float32}


def save_weights(
    path: str | PathLike[str],
    tensors: Mapping[str, Tensor],
    spec: NetworkSpec,
    further: Mapping[str, object],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the detector's parameters (names without ``detector.``) with the schema of ``extractor.metadata``.

    Heads that were never trained should be left out.  ``further`` holds training data, errors, licence
    and whatever else, as JSON values.  The file appears whole or not at all.  Raises ``WeightsError``
    where a number is too large for ``dtype``, and OSError where the file can't be written.
    """
    path = Path(path)
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        stored[name] = tensor.detach().to("cpu", dtype).contiguous()
        if not bool(torch.isfinite(stored[name]).all()):
            raise WeightsError.of(path, f"{name} holds numbers that {str(dtype).removeprefix('torch.')} can't hold")
    files.write_whole(path, _sorted_header(save(stored, metadata.to_strings(spec, further))))


def convert(
    source: str | PathLike[str],
    target: str | PathLike[str],
    dtype: torch.dtype = torch.float32,
    further: Mapping[str, object] | None = None,
) -> LoadReport:
    """Convert a checkpoint and return what the new file holds.

    A project file's own metadata are kept; ``further`` adds to them, and may name the crop and the
    keypoints of a checkpoint that says nothing of them.  Raises ``WeightsError`` and OSError.
    """
    weights = read_weights(source)
    spec = weights.report.spec
    kept = weights.report.metadata if weights.report.layout == "project" else {}
    values = {**kept, **(further or {})}
    try:
        spec = NetworkSpec(
            spec.backbone,
            spec.num_kp,
            spec.num_bins,
            metadata.crop(values, spec.crop),
            metadata.keypoint_names(values, spec.num_kp) or spec.keypoint_names,
        )
    except metadata.MetadataError as error:
        raise WeightsError.of(source, str(error)) from error
    values.setdefault("source_sha256", weights.report.sha256)
    save_weights(target, single_precision(weights), spec, values, dtype)
    return read_weights(target).report


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the file was written, else 1 after one sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m extractor.convert",
        description="Write any checkpoint that can be read as the project's own safetensors.",
    )
    parser.add_argument("source", type=Path, metavar="IN", help="a checkpoint of any layout that can be read")
    parser.add_argument("target", type=Path, metavar="OUT", help="the safetensors file to write")
    parser.add_argument("--dtype", choices=DTYPES, default="fp32", help="how numbers are stored (default: fp32)")
    parser.add_argument("--metadata", type=Path, metavar="JSON", help="a file with an object of further metadata")
    parser.add_argument("--force", action="store_true", help="overwrite OUT where it exists")
    given = parser.parse_args(arguments)
    try:
        if given.target.exists() and not given.force:
            raise WeightsError(f"{given.target} exists already; --force overwrites it.")
        further = _read_json(given.metadata) if given.metadata else {}
        report = convert(given.source, given.target, DTYPES[given.dtype], further)
    except WeightsError as error:
        print(f"convert: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"convert: {given.target} can't be written ({error.strerror or error}).", file=sys.stderr)
        return 1
    print(f"{report.path}: {report.summary}")
    return 0


def _sorted_header(file: bytes) -> bytes:
    """The same safetensors file with its header's keys in order, so that equal contents are equal files.

    The library writes the metadata in an order that changes from run to run.
    """
    length = int.from_bytes(file[:8], "little")
    header = json.dumps(
        json.loads(file[8 : 8 + length]), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    header += b" " * (-len(header) % 8)  # the numbers begin at a multiple of eight
    return len(header).to_bytes(8, "little") + header + file[8 + length :]


def _read_json(path: Path) -> dict[str, object]:
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"The metadata {path} can't be read ({error}).") from error
    if not isinstance(values, dict):
        raise WeightsError(f"The metadata {path} are not a JSON object.")
    return values


if __name__ == "__main__":
    sys.exit(main())
