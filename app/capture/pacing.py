"""Plays recorded times against the monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.core.clock import now_s

LATE_S = 0.25  # later than this was a pause, not jitter: go on from here instead of racing after it


class Pacer:
    """Says when a frame is due, and waits for it.

    Media time may run on over several plays of a file, but never backwards.
    """

    def __init__(self, clock: Callable[[], float] = now_s, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._anchor_s: float | None = None  # monotonic time at media time 0

    def wait(self, media_s: float, timeout_s: float) -> float | None:
        """Wait until ``media_s`` is due; its monotonic time, or None when it is not due within ``timeout_s``."""
        now = self._clock()
        if self._anchor_s is None or now - (self._anchor_s + media_s) > LATE_S:
            self._anchor_s = now - media_s
        due = self._anchor_s + media_s
        wait = due - now
        if wait > timeout_s:
            self._sleep(max(timeout_s, 0.0))
            return None
        if wait > 0:
            self._sleep(wait)
        return due

    def now(self) -> float:
        return self._clock()
