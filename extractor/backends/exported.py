"""The common part of the engines that run an exported network: everything but running it.

None of this imports torch for the project's own weights: that takes two seconds and 190 MB.
"""

from __future__ import annotations

import abc
import dataclasses
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor import onnx_graph, plain
from extractor.agreement import MOST, check_faces, difference
from extractor.backends.base import EngineError, LoadedBackend, require_crops, require_decodable
from extractor.backends.cache import NETWORK, NETWORK_INT8, NetworkCache
from extractor.backends.devices import adds_bytes_exactly
from extractor.backends.runtimes import Heads
from extractor.decode_arrays import decode_arrays
from extractor.installing import package_version
from extractor.quantisation import Recipe, recipe_of
from extractor.report import LoadReport, WeightsError, sha256_of
from extractor.types import HEADS, Floats, HostMotion, head_widths
from extractor.values import first_line

CHECK_CROPS = 3
"""The faces that an export is checked with: from the front, from the left and from the right."""


class ExportedBackend(LoadedBackend, abc.ABC):
    """``extractor.backends.base.Backend`` around a model that ``extractor.onnx_graph`` made."""

    def __init__(self, weights: str | PathLike[str], precision: str = "") -> None:
        """Raises ``WeightsError``, ``DeviceError`` and ``EngineError``.

        The first time for given weights its graph is written, and the engine's numbers are compared with
        NumPy's, which takes a second.  ``precision``: ``int8``, as the recipe in the weights' metadata says;
        the rest is the engine's business.
        """
        int8 = precision == "int8"
        self._weights = Path(weights)
        self._parameters: dict[str, Floats] = {}
        self._cache, self.report = self._open()
        require_decodable(self.report)
        self._recipe = recipe_of(self.report.metadata) if int8 else None
        if int8 and self._recipe is None:
            raise EngineError(
                f"The weights {weights} have no recipe for 8-bit integers: "
                "in a checkout, python -m extractor.training.quantise makes one."
            )
        if int8 and not adds_bytes_exactly():
            raise EngineError("This processor does not add 8-bit products exactly: choose an engine without int8.")
        self._closed = False
        try:
            self._load(self._model())
        except EngineError:
            # What lay in the cache may be damaged; what is made now is not.
            self._cache.forget()
            self._cache.keep_report(self.report)
            self._load(self._model())
        try:
            self._check()
        except EngineError:
            self.close()
            raise
        self._parameters = {}
        self.info = dataclasses.replace(self.info, made_again=tuple(self._cache.damaged))
        self.run(np.zeros((1, self.side, self.side, 3), np.uint8))  # what fails, fails now; the first frame is quick

    def _model(self) -> bytes:
        def make() -> bytes:
            return onnx_graph.build(self._read_parameters(), self.report, self._recipe)

        return self._cache.model(NETWORK if self._recipe is None else NETWORK_INT8, make)

    def _open(self) -> tuple[NetworkCache, LoadReport]:
        """The report is the cache's where these very bytes were read before, else the file's.

        Raises ``WeightsError``.
        """
        try:  # what is no file is refused below, in words of its own
            cache = NetworkCache(sha256_of(self._weights) if self._weights.is_file() else "")
        except OSError as error:
            raise WeightsError.of(self._weights, f"it can't be opened ({error.strerror or error})") from error
        report = cache.report(self._weights)
        if report is None:
            report, self._parameters = plain.read(self._weights)
            cache.keep_report(report)
        return cache, report

    def _read_parameters(self) -> dict[str, Floats]:
        """The detector's, read once and kept until the engine is ready."""
        if not self._parameters:
            _, self._parameters = plain.read(self._weights)
        return self._parameters

    def _check(self) -> None:
        """Once for each engine, its version and device: are its numbers the network's?  Raises ``EngineError``."""
        info = self.info
        facts = (info.engine, package_version(info.engine), info.device, info.device_name, info.dtype)
        if self._cache.is_noted(facts):
            return
        crops = check_faces(self.side)[:CHECK_CROPS]
        try:
            expected = decode_arrays(plain.forward(self._read_parameters(), self.spec.backbone, crops))
            found = difference(self.run(crops), expected)
        except RuntimeError as error:
            raise EngineError(f"The engine {info.engine} can't run this network: {first_line(error)}.") from error
        if not found.within(MOST.get(info.dtype, MOST["bfloat16"])):
            raise EngineError(
                f"The engine {info.engine} gives other numbers than it should on {info.device_name} in {info.dtype}: "
                f"off by {found.summary}."
            )
        self._cache.note(facts)

    @abc.abstractmethod
    def _load(self, model: bytes) -> None:
        """Make the engine ready and set ``info``.  Raises ``EngineError`` and ``DeviceError``."""

    @abc.abstractmethod
    def _heads(self, crops: NDArray[np.uint8]) -> Heads:
        """The raw heads of at least one crop, float32."""

    @abc.abstractmethod
    def _free(self) -> None:
        """Drop the engine."""

    @property
    def recipe(self) -> Recipe | None:
        """The recipe by which layers compute in 8-bit integers; None where they don't."""
        return self._recipe

    @property
    def side(self) -> int:
        """The side of the input in pixels."""
        return self.spec.crop.input_size

    def run(self, crops: NDArray[np.uint8]) -> HostMotion:
        """See ``Backend.run``."""
        if self._closed:
            raise RuntimeError("This backend is closed.")
        require_crops(crops, self.side)
        if len(crops):
            heads = self._heads(np.ascontiguousarray(crops))
        else:  # the engines differ in what they make of nothing
            widths = head_widths(self.spec.num_kp, self.spec.num_bins)
            heads = {name: np.zeros((0, widths[name]), np.float32) for name in HEADS}
        return decode_arrays(heads, self.spec.keypoint_names)

    def close(self) -> None:
        """See ``Backend.close``; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._free()
