"""One clock for every timestamp, and how it relates to the wall clock."""

from __future__ import annotations

import time
from dataclasses import dataclass

now_s = time.monotonic
"""Seconds on the monotonic clock: never set back, the same in all threads of this machine."""


@dataclass(frozen=True, slots=True)
class ClockPair:
    """The same instant on the monotonic and on the wall clock (UTC, seconds since 1970)."""

    monotonic_s: float
    unix_s: float


def clock_pair() -> ClockPair:
    """Read both clocks as close together as Python can: the wall clock between two monotonic reads."""
    before = time.monotonic()
    unix = time.time()
    after = time.monotonic()
    return ClockPair((before + after) / 2, unix)
