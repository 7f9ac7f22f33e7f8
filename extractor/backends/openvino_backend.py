"""OpenVINO: in bfloat16 on processors that compute in it, else in float32; on request partly in 8-bit integers.

Weights whose numbers bfloat16 moves too far (``extractor.agreement``) are computed in float32, too.

Beside integers everything else is float32 in small networks: measured, it is as fast, and nothing is lost.
In those from tiny on it is bfloat16 too: medians of runs in turns, tiny at 256 pixels, fell by 5 to 10 %, since
half as much goes through the memory, and 374 held-out heads (femto) were off by 0.005 degrees more.

Crops go through one at a time: a network compiled for a fixed shape is faster on a CPU, and more
crops at a time bring nothing there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor import files
from extractor.backbone_sizes import size_by_name
from extractor.backends.base import BackendInfo, EngineError
from extractor.backends.cache import seal
from extractor.backends.devices import cpu_name, device_refused
from extractor.backends.exported import ExportedBackend
from extractor.backends.runtimes import Heads, import_openvino
from extractor.types import HEADS

log = logging.getLogger(__name__)

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_WIDE = 96  # channels of the first stage from which bfloat16 beside integers pays
_TYPES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}


class OpenVinoBackend(ExportedBackend):
    """``extractor.backends.base.Backend`` by OpenVINO."""

    def __init__(
        self, weights: str | PathLike[str], device: str = "auto", threads: int | None = None, precision: str = ""
    ) -> None:
        """See ``ExportedBackend``.  ``device``: ``auto`` (the CPU), ``cpu``, or OpenVINO's name such as ``gpu``."""
        self._openvino = import_openvino()
        self._core = self._openvino.Core()
        self._threads = threads
        self._precision = precision
        self._device = self._find(device)
        super().__init__(weights, precision)

    def _find(self, wanted: str) -> str:
        if wanted in ("auto", "cpu"):
            return "CPU"  # unasked: asking loads the drivers of everything else
        there: list[str] = self._core.available_devices
        name = wanted.replace(":", ".").upper()
        if name not in there:
            raise device_refused("OpenVINO", wanted, [device.lower().replace(".", ":") for device in there])
        return name

    def _load(self, model: bytes) -> None:
        if not self._precision and self._cache.is_noted(self._too_coarse()):
            self._precision = "float32"
        compiled_before = self._cache.folder / self._own_folder()
        self._cache.open_sealed(compiled_before)
        settings: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY"}
        with contextlib.suppress(OSError):  # without a folder it compiles each time; told to use it, it would fail
            files.make_folder(compiled_before)
            settings["CACHE_DIR"] = str(compiled_before)
        hint = _HINTS.get(self._precision)
        if self._precision == "int8" and size_by_name(self.report.spec.backbone).dims[0] < _WIDE:
            hint = _HINTS["float32"]
        if hint is not None:  # else bfloat16 where the processor computes in it
            settings["INFERENCE_PRECISION_HINT"] = hint
        if self._device == "CPU":
            settings["ENABLE_CPU_PINNING"] = False  # the cores are shared with capture, encoding and painting
            if self._threads is not None:
                settings["INFERENCE_NUM_THREADS"] = self._threads
        try:
            network = self._core.read_model(model)
            network.reshape([1, self.side, self.side, 3])
            compiled = self._core.compile_model(network, self._device, settings)
            computes_in = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
            self._request: Any = compiled.create_infer_request()
            # Bound once: handing arrays over and asking for results by name took a twentieth of each run.
            self._crop = np.zeros((1, self.side, self.side, 3), np.uint8)
            self._request.set_input_tensor(self._openvino.Tensor(self._crop, shared_memory=True))
            self._outputs = {name: self._request.get_tensor(name).data for name in HEADS}
            seal(compiled_before)
        except RuntimeError as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise EngineError(f"OpenVINO can't run this network: {lines[-1].strip().rstrip('.')}.") from error
        self.info = BackendInfo(
            "openvino",
            self._device.lower().replace(".", ":"),
            str(self._core.get_property(self._device, "FULL_DEVICE_NAME")).strip(),
            "int8" if self.recipe else _TYPES.get(computes_in, computes_in),
        )

    def _check(self) -> None:
        try:
            super()._check()
        except EngineError as error:
            if self.info.dtype != "bfloat16" or self._precision:
                raise
            log.warning("%s; it computes in float32 instead.", str(error).rstrip("."))
            self._precision = "float32"
            self._load(self._model())
            super()._check()
            self._cache.note(self._too_coarse())

    def _too_coarse(self) -> tuple[str, ...]:
        """The name of the note that bfloat16 moves these weights' numbers too far here."""
        return ("openvino", self._openvino.__version__, self._device, cpu_name(), "bfloat16 is too coarse")

    def _own_folder(self) -> str:
        """The cache folder of compiled networks for this version, processor and precision.

        Precisions are apart, so that one process does not read a file that another one is writing.
        """
        version = hashlib.sha256(f"{self._openvino.__version__} {cpu_name()}".encode()).hexdigest()[:12]
        return f"openvino-{version}-{self._precision or 'auto'}"

    def _heads(self, crops: NDArray[np.uint8]) -> Heads:
        # Copies, because the request's outputs are overwritten by its next run.
        runs = [self._one(crops[i : i + 1]) for i in range(len(crops))]
        return {name: np.concatenate([run[name] for run in runs]) for name in HEADS}

    def _one(self, crop: NDArray[np.uint8]) -> Heads:
        self._crop[...] = crop
        self._request.infer()
        return {name: np.array(output, np.float32) for name, output in self._outputs.items()}

    def _free(self) -> None:
        self._outputs = {}
        self._request = None
        self._core = None
