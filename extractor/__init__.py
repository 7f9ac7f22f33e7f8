"""Head pose, keypoints and facial motion from a face crop: tensors in, motion out.

    from extractor import MotionExtractor
    from extractor.decode import decode

    network = MotionExtractor.from_checkpoint("motion_extractor.safetensors")
    motion = decode(network(images))

Importing the package is quick; torch is loaded with the first name that needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from extractor.types import HEADS, KEYPOINT_NAMES, Angles, CropSpec, Motion, NetworkSpec

if TYPE_CHECKING:
    from extractor.backends import available_devices, create_backend
    from extractor.model import MotionExtractor
    from extractor.report import LoadReport, WeightsError
    from extractor.shipped import find_weights

__all__ = [
    "HEADS",
    "KEYPOINT_NAMES",
    "Angles",
    "CropSpec",
    "LoadReport",
    "Motion",
    "MotionExtractor",
    "NetworkSpec",
    "WeightsError",
    "available_devices",
    "create_backend",
    "find_weights",
]

_HOMES = {
    "LoadReport": "extractor.report",
    "MotionExtractor": "extractor.model",
    "WeightsError": "extractor.report",
    "available_devices": "extractor.backends",
    "create_backend": "extractor.backends",
    "find_weights": "extractor.shipped",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
