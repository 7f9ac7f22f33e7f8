"""One clock for every timestamp, and how it relates to the wall clock."""

from __future__ import annotations

import time
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


def clock_pair() -> ClockPair:
    """Read both clocks as close together as Python can: the wall clock between two monotonic reads."""
    before = now_s()
    unix = time.time()
    after = now_s()
    return ClockPair((before + after) / 2, unix)
