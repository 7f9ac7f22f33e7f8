"""One clock for every timestamp, and how it relates to the wall clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from app.core.records import Between

now_s = time.perf_counter
"""Seconds on the monotonic clock: never set back, the same in all threads of this machine.

On Linux and macOS this is ``time.monotonic``; on Windows that one ticks only every 15.6 ms
before Python 3.13, which would give two frames of a fast camera the same time.
"""


@dataclass(frozen=True, slots=True)
class ClockPair:
    """The same instant on the monotonic and on the wall clock (UTC, seconds since 1970)."""

    monotonic_s: Annotated[float, Between(-1e10, 1e10)]
    unix_s: Annotated[float, Between(0, 1e11)]  # until the year 5138


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the monotonic clock, and where it lies in the recording that runs, if one does."""

    at_s: float
    session_s: float | None = None  # since the recording's first frame, as ``timestamp_s`` counts
    frame: int | None = None  # the recording's frame captured last by then


class OtherClock:
    """Another clock, told by the monotonic one; not thread-safe.

    The two are compared again every ``COMPARED_S``: the wall clock is set now and then, and while a computer sleeps
    one goes on and the other may not.
    """

    COMPARED_S = 5.0

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        self._read = read
        self._compared_s = -math.inf
        self._offset_s = 0.0

    def at(self, at_s: float) -> float:
        """The other clock's time at ``at_s`` on the monotonic clock."""
        if (now := now_s()) - self._compared_s >= self.COMPARED_S:
            self._compared_s, self._offset_s = now, _offset_to(self._read)
        return at_s + self._offset_s


def clock_pair() -> ClockPair:
    """Read both clocks, as close together as Python can."""
    monotonic_s = now_s()
    return ClockPair(monotonic_s, monotonic_s + _offset_to(time.time))


def _offset_to(read: Callable[[], float]) -> float:
    """The offset to add to ``now_s()`` for another clock's time: the least disturbed of a few readings."""
    readings = []
    for _ in range(5):
        before = now_s()
        there = read()
        after = now_s()
        readings.append((after - before, there - (before + after) / 2))
    return min(readings)[1]
