"""When the detector or the engine fails on frame after frame: how often, when it is replaced, and by what."""

from __future__ import annotations

import enum

from extractor.backends.base import BackendInfo

REPLACE_AT = 5  # failures in a row: the part is made again, or another one takes over; then at 10, 20, 40 ...
FALLBACKS = ("torch", "openvino", "onnxruntime")  # on the CPU, which is always there


class Part(enum.Enum):
    DETECTOR = "The face detector"
    ENGINE = "The network"


class Failures:
    """How often in a row a part failed, each time on another frame; one thread counts, any thread reads."""

    def __init__(self) -> None:
        self.in_row = 0
        self.problem = ""  # one sentence; empty after a good frame
        self._replace_at = REPLACE_AT
        self._part = Part.DETECTOR  # that failed last
        self._tried: set[tuple[str, str]] = set()  # engines and devices that failed since the last good frame

    def good(self, *parts: Part) -> None:
        """These worked: the detector does not look at every frame, the network only at those with a face."""
        if self.in_row and self._part in parts:
            self.in_row, self.problem, self._replace_at = 0, "", REPLACE_AT
            self._tried.clear()

    def count(self, part: Part) -> bool:
        """One more; True when it is time for another detector or engine."""
        self.in_row += 1
        self._part = part
        often = "on a frame" if self.in_row == 1 else f"on {self.in_row} frames in a row"
        self.problem = f"{part.value} failed {often}: such frames have no numbers; the details are on stderr."
        if self.in_row < self._replace_at:
            return False
        self._replace_at *= 2
        return True

    def next_engine(self, failed: BackendInfo, installed: dict[str, str]) -> str:
        """Another engine, for the CPU; the first of them again where all have failed."""
        self._tried.add((failed.engine, failed.device))
        names = [name for name in FALLBACKS if name in installed]
        return next((name for name in names if (name, "cpu") not in self._tried), names[0])
