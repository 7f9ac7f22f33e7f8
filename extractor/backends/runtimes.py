"""Imports ONNX Runtime and OpenVINO without the reports on their use that both send by default.

ONNX Runtime's official builds report to Microsoft from the moment they start (its Privacy.md);
OpenVINO's Python package reports each import to Google.  Nothing may leave this machine, so
neither is imported anywhere but here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.backends.base import EngineError
from extractor.installing import install_hint, package_command
from extractor.types import HEADS

Heads = Mapping[str, NDArray[np.float32]]


def import_onnxruntime() -> Any:
    """The module ``onnxruntime``, silenced."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when it loads; overrides whatever was set
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # Windows' own way, which the variable does not reach
    return onnxruntime


def import_openvino() -> Any:
    """The module ``openvino``, silenced."""
    if "openvino" not in sys.modules:
        # Without this package OpenVINO falls back to a stub of its own that sends nothing.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


class OnnxRunner:
    """An ONNX model on the CPU in float32, by whichever engine is installed, for checks and measurements."""

    def __init__(self, model: bytes, outputs: Sequence[str]) -> None:
        """Raises ``EngineError`` where no engine is installed."""
        self._outputs = tuple(outputs)
        self._openvino: Any = None
        self._session: Any = None
        if find_spec("openvino") is not None:
            core = import_openvino().Core()
            self._openvino = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        elif find_spec("onnxruntime") is not None:
            self._session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
        else:
            hint = install_hint(package_command("openvino"))
            raise EngineError(f"Running an exported model needs OpenVINO or ONNX Runtime. {hint}")

    def run(self, crops: NDArray[np.uint8]) -> Heads:
        """The outputs of (B, S, S, 3) crops, by name."""
        if self._session is not None:
            return dict(zip(self._outputs, self._session.run(list(self._outputs), {"crops": crops}), strict=True))
        results = self._openvino({"crops": crops})
        return {name: np.array(results[name]) for name in self._outputs}


def run_onnx(model: bytes, crops: NDArray[np.uint8]) -> Heads:
    """The heads of an exported model in float32, by whichever engine is installed.  Raises ``EngineError``."""
    return OnnxRunner(model, HEADS).run(crops)
