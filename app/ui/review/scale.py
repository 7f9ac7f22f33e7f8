"""Seconds to points across the timeline and back: a frozen value, changed by making another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from app.ui.widgets.formatting import clock

_STEPS_S = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800, 3600, 7200, 14400,
)  # fmt: skip
SHORTEST_S = 0.05
"""How little may be seen at once: a frame or two."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """``start_s`` to ``end_s`` of a session of ``total_s`` lie from ``left`` to ``left + width``."""

    start_s: float
    end_s: float
    total_s: float
    left: float = 0.0
    width: float = 1.0

    @classmethod
    def whole(cls, total_s: float, left: float = 0.0, width: float = 1.0) -> TimeScale:
        return cls(0.0, max(total_s, SHORTEST_S), max(total_s, SHORTEST_S), left, width)

    @property
    def span_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def s_per_point(self) -> float:
        return self.span_s / max(self.width, 1.0)

    def x(self, time_s: float) -> float:
        return self.left + (time_s - self.start_s) / self.span_s * self.width

    def time(self, x: float) -> float:
        return self.start_s + (x - self.left) / max(self.width, 1.0) * self.span_s

    def placed(self, left: float, width: float) -> TimeScale:
        """The same stretch elsewhere on the screen."""
        return replace(self, left=left, width=max(width, 1.0))

    def zoomed(self, factor: float, about_s: float) -> TimeScale:
        """``factor`` above 1 shows less; the time ``about_s`` stays where it is."""
        span = min(max(self.span_s / factor, min(SHORTEST_S, self.total_s)), self.total_s)
        share = (about_s - self.start_s) / self.span_s
        return self.showing(about_s - share * span, about_s + (1 - share) * span)

    def showing(self, start_s: float, end_s: float) -> TimeScale:
        """This stretch, moved into the session where it reaches beyond, and not shorter than can be seen."""
        span = min(max(end_s - start_s, min(SHORTEST_S, self.total_s)), self.total_s)
        start = min(max((start_s + end_s - span) / 2, 0.0), self.total_s - span)
        return replace(self, start_s=start, end_s=start + span)

    def moved(self, by_s: float) -> TimeScale:
        return self.showing(self.start_s + by_s, self.end_s + by_s)

    def including(self, time_s: float) -> TimeScale:
        """Moved a page on where the time lies outside; as it is where it can be seen."""
        if self.start_s <= time_s <= self.end_s:
            return self
        share = 0.1 if time_s > self.end_s else 0.9
        return self.showing(time_s - share * self.span_s, time_s + (1 - share) * self.span_s)

    def ticks(self, apart: float) -> list[tuple[float, str]]:
        """Times and their labels, at least ``apart`` points from one another."""
        step = next((s for s in _STEPS_S if s / self.s_per_point >= apart), _STEPS_S[-1])
        decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
        first = math.ceil(self.start_s / step - 1e-9)
        count = math.floor((self.end_s - first * step) / step + 1e-9) + 1
        return [((first + k) * step, clock((first + k) * step, decimals)) for k in range(max(0, count))]
