"""The metadata of a checkpoint: the schema of the project's safetensors files.

Safetensors metadata maps strings to strings, so every value is JSON.  Version 1:

==================  =====================================================================
``format``          ``"motionscope"``
``format_version``  ``1``
``architecture``    ``"convnextv2_femto"``: a published size, with the seven heads
``num_kp``          number of keypoints
``num_bins``        number of bins of pitch, yaw and roll
``keypoint_names``  list of ``num_kp`` names in order, or null where they have no meaning
``crop``            ``{"side", "up", "input_size"}`` as in ``extractor.types.CropSpec``
``training_data``   what it was trained on, in words
``errors``          errors measured, by data set, in degrees
``sure_std_deg``    spread of the yaw bins up to which there is a face in the crop
``quality``         coefficients of the quality of a pose (``app.core.quality.QualityModel``)
``licence``         SPDX identifier of the weights' licence
==================  =====================================================================

``training_data``, ``errors`` and ``licence`` are for people; they and the two after ``errors`` may be missing, and
further keys are kept as they are.  The same keys
are understood beside ``'model'`` in a training checkpoint, where ``backbone`` and ``input_size``
stand for ``architecture`` and ``crop``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeGuard

from extractor.backbone_sizes import STRIDE
from extractor.types import CropSpec, NetworkSpec
from extractor.values import is_number

FORMAT = "motionscope"
FORMAT_VERSION = 1
MAX_INPUT_SIZE = 2048


class MetadataError(ValueError):
    """Metadata that contradict the schema; the message is the end of a sentence: "its metadata ..."."""


def is_project_file(strings: Mapping[str, object]) -> bool:
    """Whether safetensors metadata are the project's own."""
    return strings.get("format") == json.dumps(FORMAT)


def to_strings(spec: NetworkSpec, further: Mapping[str, object]) -> dict[str, str]:
    """The metadata of a new file: the schema's keys from ``spec``, the rest from ``further``."""
    values: dict[str, object] = {
        **further,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "architecture": f"convnextv2_{spec.backbone}",
        "num_kp": spec.num_kp,
        "num_bins": spec.num_bins,
        "keypoint_names": spec.keypoint_names,
        "crop": {"side": spec.crop.side, "up": spec.crop.up, "input_size": spec.crop.input_size},
    }
    return {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}


def from_strings(strings: Mapping[str, object]) -> dict[str, object]:
    """The values of a project file's metadata; raises ``MetadataError``."""
    try:
        values: dict[str, object] = {key: json.loads(str(text)) for key, text in strings.items()}
    except (json.JSONDecodeError, RecursionError) as error:
        raise MetadataError("its metadata are not JSON") from error
    version = values.get("format_version")
    if not _is_int(version) or version < 1:
        raise MetadataError("its metadata have no format_version")
    if version > FORMAT_VERSION:
        raise MetadataError(f"its format has version {version}, and this program reads up to {FORMAT_VERSION}")
    return values


def crop(values: Mapping[str, object], default: CropSpec) -> CropSpec:
    """The crop that the metadata name, the rest from ``default``; raises ``MetadataError``."""
    given = values.get("crop")
    if given is None:
        given = {"input_size": values["input_size"]} if "input_size" in values else {}
    if not isinstance(given, Mapping):
        raise MetadataError("its metadata hold no proper crop")
    side = given.get("side", default.side)
    up = given.get("up", default.up)
    size = given.get("input_size", default.input_size)
    if not is_number(side) or not 0.1 <= side <= 100 or not is_number(up) or not abs(up) <= 100:
        raise MetadataError(f"its metadata ask for an impossible crop of side {side} and shift {up}")
    if not _is_int(size) or size % STRIDE or not STRIDE <= size <= MAX_INPUT_SIZE:
        raise MetadataError(
            f"its metadata ask for an input of {size} pixels, which is no multiple of {STRIDE} up to {MAX_INPUT_SIZE}"
        )
    return CropSpec(float(side), float(up), size)


def keypoint_names(values: Mapping[str, object], num_kp: int) -> tuple[str, ...] | None:
    """The keypoints' names where the metadata have any; raises ``MetadataError``."""
    names = values.get("keypoint_names")
    if names is None:
        return None
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise MetadataError("its metadata hold no proper keypoint names")
    if len(names) != num_kp or len(set(names)) != num_kp:
        raise MetadataError(f"its metadata name {len(set(names))} keypoints, but it has {num_kp}")
    return tuple(names)


def check_against_shapes(values: Mapping[str, object], found: Mapping[str, int | str]) -> None:
    """Raise ``MetadataError`` where the metadata say something else than the parameters' shapes."""
    for key, shape_says in found.items():
        said = values.get(key)
        if isinstance(said, str):
            said = said.removeprefix("convnextv2_")
        if said is not None and said != shape_says:
            raise MetadataError(f"its metadata say {key} {said}, its parameters' shapes {shape_says}")


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
