"""The network in runs of one size, so that a crop's numbers don't hang on which ones happened to go along with it.

torch and ONNX Runtime add up in another order when a batch has another size: the last of the printed digits of one
number in some thousands then depends on how the work was split.  OpenVINO takes crops one at a time.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from extractor.backends.base import Backend, WrappedBackend
from extractor.types import HostMotion

ONE_AT_A_TIME = "openvino"


class FixedSizeRuns(WrappedBackend):
    """A ``Backend`` that hands ``size`` crops at a time to another one, the last of them filled up with black."""

    def __init__(self, backend: Backend, size: int) -> None:
        super().__init__(backend)
        self._size = size

    def run(self, crops: NDArray[np.uint8]) -> HostMotion:
        """See ``Backend.run``."""
        if not len(crops) or self.info.engine == ONE_AT_A_TIME:
            return self._backend.run(crops)
        missing = -len(crops) % self._size
        filled = np.concatenate([crops, np.zeros((missing, *crops.shape[1:]), np.uint8)]) if missing else crops
        parts = [self._backend.run(filled[i : i + self._size]) for i in range(0, len(filled), self._size)]
        return _joined(parts, len(crops))


def _joined(parts: list[HostMotion], count: int) -> HostMotion:
    """The first ``count`` rows of all parts."""
    arrays = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])[:count]
        for field in dataclasses.fields(parts[0])
    }
    return dataclasses.replace(parts[0], **arrays)
