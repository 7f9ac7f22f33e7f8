"""Blinks from the closure of both eyes: closing and opening again, with hysteresis."""

from __future__ import annotations

import math
from collections import deque

from app.core.one_euro import PAUSE_S
from extractor.face_shape import CLOSED, OPEN

LONGEST_S = 0.5  # eyes closed for longer rest; blinks take 0.1 to 0.4 s (Schiffman 2000)
WINDOW_S = 60.0
LEAST_S = 10.0  # of eyes seen before there is a rate


class BlinkCounter:
    """Blinks of one face; a blink counts once the eyes are open again within ``LONGEST_S``."""

    def __init__(self) -> None:
        self._time_s = math.nan
        self._closed_s = math.nan  # since when they are closed; NaN: open
        self._steps: deque[tuple[float, float]] = deque()  # when, and how long was seen until then
        self._seen_s = 0.0
        self._blinks: deque[float] = deque()
        self.count = 0

    def update(self, time_s: float, left: float, right: float) -> float:
        """1 while a blink lasts, 0 otherwise, NaN where an eye's closure is not known; ``time_s`` must not go back."""
        closure = (left + right) / 2
        step_s = time_s - self._time_s
        self._time_s = time_s
        if not math.isfinite(closure):
            self._closed_s = math.nan
            return math.nan
        if step_s > PAUSE_S:
            self._closed_s = math.nan
        elif step_s > 0:
            self._steps.append((time_s, step_s))
            self._seen_s += step_s
        if math.isnan(self._closed_s):
            if closure >= CLOSED:
                self._closed_s = time_s
        elif closure <= OPEN:
            if time_s - self._closed_s <= LONGEST_S:
                self._blinks.append(time_s)
                self.count += 1
            self._closed_s = math.nan
        while self._steps and time_s - self._steps[0][0] > WINDOW_S:
            self._seen_s -= self._steps.popleft()[1]
        while self._blinks and time_s - self._blinks[0] > WINDOW_S:
            self._blinks.popleft()
        return float(not math.isnan(self._closed_s) and time_s - self._closed_s <= LONGEST_S)

    @property
    def per_minute(self) -> float:
        """Blinks in the last minute by the time in which both eyes were seen; NaN before ``LEAST_S`` of it."""
        return 60.0 * len(self._blinks) / self._seen_s if self._seen_s >= LEAST_S else math.nan
