"""What the engines that run an exported network have in common: everything but running it."""

from __future__ import annotations

import abc
import math
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from extractor.backends.base import BackendInfo
from extractor.backends.cache import cached_model, forget, note_checked, was_checked
from extractor.backends.crops import require_crops, require_decodable
from extractor.backends.engines import EngineError, first_line, installed_engines
from extractor.backends.runtimes import Heads
from extractor.decode import decode
from extractor.export import Difference, check_crops, difference, to_onnx
from extractor.model import MotionExtractor, head_widths
from extractor.types import HEADS, Motion, NetworkSpec
from extractor.weights import LoadReport, read_weights

LARGEST = {"float32": Difference(degrees=0.02, crop=2e-3, relative=2e-3)}
"""How far an engine may be from torch on the crops of the check."""

# On noise the network is unsure of its angles, so they say little.  Measured in bfloat16: 0.09 relative and
# 0.015 of a crop; logits that are shifted by one bin have 0.29.
LARGEST_HALF = Difference(degrees=math.inf, crop=0.05, relative=0.2)


class ExportedBackend(abc.ABC):
    """``extractor.backends.base.Backend`` around a model that ``extractor.export`` made."""

    _info: BackendInfo

    def __init__(self, weights: str | PathLike[str]) -> None:
        """Raises ``WeightsError``, ``DeviceError`` and ``EngineError``.

        The first time for given weights the network is exported, and the engine's numbers are compared
        with torch's, which takes seconds.
        """
        self._report = read_weights(weights).report
        require_decodable(self._report)
        self._closed = False
        try:
            self._load(self._model(Path(weights)))
        except EngineError:
            # What lay in the cache may be damaged; what is made now is not.
            forget(self._report)
            self._load(self._model(Path(weights)))
        self._check(Path(weights))
        self.run(np.zeros((1, self.side, self.side, 3), np.uint8))  # what fails, fails now; the first frame is quick

    def _model(self, weights: Path) -> bytes:
        def make() -> bytes:
            return to_onnx(MotionExtractor.from_checkpoint(weights))

        return cached_model(self._report, make)

    def _check(self, weights: Path) -> None:
        """Once for each engine, its version and device: are its numbers torch's?  Raises ``EngineError``."""
        info = self._info
        facts = (info.engine, installed_engines()[info.engine], info.device, info.device_name, info.dtype)
        if was_checked(self._report, facts):
            return
        crops = np.ascontiguousarray(check_crops(self.side)[[0, -1]])
        try:
            worst = difference(MotionExtractor.from_checkpoint(weights), crops, self._heads(crops))
        except RuntimeError as error:
            raise EngineError(f"The engine {info.engine} can't run this network: {first_line(error)}.") from error
        most = LARGEST.get(info.dtype, LARGEST_HALF)
        if not all(found <= allowed for found, allowed in zip(worst, most, strict=True)):  # NaN is refused too
            self.close()
            raise EngineError(
                f"The engine {info.engine} gives other numbers than torch on {info.device_name} in {info.dtype}: "
                f"the outputs are off by {worst.relative:.1%}."
            )
        note_checked(self._report, facts)

    @abc.abstractmethod
    def _load(self, model: bytes) -> None:
        """Make the engine ready and set ``_info``.  Raises ``EngineError`` and ``DeviceError``."""

    @abc.abstractmethod
    def _heads(self, crops: NDArray[np.uint8]) -> Heads:
        """The raw heads of at least one crop, float32."""

    @abc.abstractmethod
    def _free(self) -> None:
        """Drop the engine."""

    @property
    def info(self) -> BackendInfo:
        return self._info

    @property
    def spec(self) -> NetworkSpec:
        return self._report.spec

    @property
    def report(self) -> LoadReport:
        return self._report

    @property
    def side(self) -> int:
        return self.spec.crop.input_size

    @torch.inference_mode()
    def run(self, crops: NDArray[np.uint8]) -> Motion:
        """See ``Backend.run``."""
        if self._closed:
            raise RuntimeError("This backend is closed.")
        require_crops(crops, self.side)
        if len(crops):
            heads = self._heads(np.ascontiguousarray(crops))
        else:  # the engines differ in what they make of nothing
            widths = head_widths(self.spec.num_kp, self.spec.num_bins)
            heads = {name: np.zeros((0, widths[name]), np.float32) for name in HEADS}
        return decode({name: torch.from_numpy(values) for name, values in heads.items()}, self.spec.keypoint_names)

    def close(self) -> None:
        """See ``Backend.close``; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._free()
