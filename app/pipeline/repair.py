"""Counts failures of the detector and the engine, and decides when one is replaced, and by what."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field

from extractor.backends.base import BackendInfo
from extractor.backends.engines import ENGINES

WINDOW = 20  # frames that a part looked at last
REPLACE_AT = 5  # failures among them: it is made again, or another one takes over; then after 10 more, 20, 40 ...


class Part(enum.Enum):
    """A part of the pipeline that is made anew when it fails; the value begins a sentence."""

    DETECTOR = "The face detector"
    ENGINE = "The network"


@dataclass(slots=True)
class _Record:
    """The outcomes of the last frames of a part."""

    failed: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))  # since it was replaced
    count: int = 0  # failures since then
    replace_at: int = REPLACE_AT


class Failures:
    """How often a part failed, each time on another frame; one thread counts, any thread reads.

    Good frames in between don't hide what fails now and then: the share of the last frames counts.
    """

    def __init__(self) -> None:
        self.in_row = 0
        self.problem = ""  # one sentence; empty after a good frame, unless too many of the last ones failed
        self._part = Part.DETECTOR  # that failed last
        self._records = {part: _Record() for part in Part}
        self._tried: set[tuple[str, str]] = set()  # engines and devices that failed since the last calm

    def good(self, *parts: Part) -> None:
        """These worked: the detector does not look at every frame, the network only at those with a face."""
        for part in parts:
            record = self._records[part]
            record.failed.append(False)
            if len(record.failed) == WINDOW and not any(record.failed):
                record.count, record.replace_at = 0, REPLACE_AT
                if part is Part.ENGINE:
                    self._tried.clear()
        if self.problem and self._part in parts:
            self.in_row = 0
            self.problem = self._sentence()

    def count(self, part: Part) -> bool:
        """One more; True when it is time for another detector or engine."""
        self.in_row = self.in_row + 1 if part is self._part else 1
        self._part = part
        record = self._records[part]
        record.failed.append(True)
        record.count += 1
        self.problem = self._sentence()
        if sum(record.failed) < REPLACE_AT or record.count < record.replace_at:
            return False
        record.failed.clear()
        record.count, record.replace_at = 0, 2 * record.replace_at
        return True

    def _sentence(self) -> str:
        """How often the part failed that failed last; empty where that is over."""
        failed = self._records[self._part].failed
        if self.in_row > 1:
            often = f"on {self.in_row} frames in a row"
        elif sum(failed) >= REPLACE_AT:
            often = f"on {sum(failed)} of the last {len(failed)} frames"
        elif self.in_row:
            often = "on a frame"
        else:
            return ""
        return f"{self._part.value} failed {often}: such frames have no numbers; the details are on stderr."

    def next_engine(self, failed: BackendInfo, installed: dict[str, str]) -> str:
        """Another engine, for the CPU, which is always there; the first of them again where all have failed."""
        self._tried.add((failed.engine, failed.device))
        names = [name for name, engine in ENGINES.items() if name in installed and not engine.precision]
        return next((name for name in names if (name, "cpu") not in self._tried), names[0])
