"""ONNX Runtime in float32 or 8-bit integers: on the CPU, or through what accelerators its installed build offers."""

from __future__ import annotations

import logging
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.backends.base import BackendInfo, EngineError
from extractor.backends.devices import DeviceError, cpu_name, device_refused
from extractor.backends.exported import ExportedBackend
from extractor.backends.runtimes import Heads, import_onnxruntime
from extractor.types import HEADS
from extractor.values import first_line

log = logging.getLogger(__name__)

PROVIDERS = {
    "cuda": ("CUDAExecutionProvider", "CUDA"),
    "dml": ("DmlExecutionProvider", "DirectML"),
    "mps": ("CoreMLExecutionProvider", "Core ML"),
    "cpu": ("CPUExecutionProvider", ""),
}
"""Devices, the fastest kind first, with ONNX Runtime's name for what runs on them and the usual one."""


class OnnxBackend(ExportedBackend):
    """``extractor.backends.base.Backend`` by ONNX Runtime."""

    def __init__(
        self, weights: str | PathLike[str], device: str = "auto", threads: int | None = None, precision: str = ""
    ) -> None:
        """See ``ExportedBackend``.  ``device``: ``auto`` or a key of ``PROVIDERS``, ``cuda`` also with a number."""
        self._ort = import_onnxruntime()
        self._threads = threads
        self._candidates = self._find(device)
        super().__init__(weights, precision)

    def _find(self, wanted: str) -> list[str]:
        there = [name for name, (provider, _) in PROVIDERS.items() if provider in self._ort.get_available_providers()]
        if wanted == "auto":
            return there
        kind, _, number = wanted.partition(":")
        if kind not in there or (number and not (kind == "cuda" and number.isdecimal())):
            raise device_refused("ONNX Runtime", wanted, there)
        return [wanted]

    def _load(self, model: bytes) -> None:
        options = self._ort.SessionOptions()
        options.log_severity_level = 3  # errors only
        options.intra_op_num_threads = self._threads or 0
        # Threads that spin between two frames take the cores from capture, encoding and painting.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        for device in self._candidates:
            provider, name = PROVIDERS[device.partition(":")[0]]
            number = device.partition(":")[2] or "0"
            choice: Any = (provider, {"device_id": number}) if provider.startswith("CUDA") else provider
            try:
                session = self._ort.InferenceSession(model, options, providers=[choice])
            except Exception as error:  # it raises classes of its own, derived from Exception only
                if device == "cpu":
                    raise EngineError(f"ONNX Runtime can't run this network: {first_line(error)}.") from error
                self._give_up(device, first_line(error))
                continue
            if session.get_providers()[0] == provider:  # where it can't, it takes the CPU without a word
                self._session: Any = session
                full_name = device if device == "cpu" or ":" in device or device != "cuda" else "cuda:0"
                self.info = BackendInfo(
                    "onnxruntime", full_name, name or cpu_name(), "int8" if self.recipe else "float32"
                )
                return
            self._give_up(device, f"{provider} could not be started")

    def _give_up(self, device: str, reason: str) -> None:
        sentence = f"The device {device} can't be used: {reason}."
        if device == self._candidates[-1]:
            raise DeviceError(sentence)
        log.warning(sentence)

    def _heads(self, crops: NDArray[np.uint8]) -> Heads:
        return dict(zip(HEADS, self._session.run(list(HEADS), {"crops": crops}), strict=True))

    def _free(self) -> None:
        self._session = None
