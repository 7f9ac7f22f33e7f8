"""Frame rates and latencies over the last moments."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from app.core.clock import now_s

WINDOW_S = 2.0


class RateMeter:
    """Events a second over the last ``WINDOW_S``; ``tick`` and ``rate`` may come from different threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def tick(self, at_s: float | None = None) -> None:
        """Count one event, at ``at_s`` on the monotonic clock or now."""
        at = now_s() if at_s is None else at_s
        with self._lock:
            self._times.append(at)
            self._forget(at)

    def rate(self, at_s: float | None = None) -> float:
        """Events a second, falling to 0 when events stop coming."""
        at = now_s() if at_s is None else at_s
        with self._lock:
            self._forget(at)
            if len(self._times) < 2:
                return 0.0
            # From the first event to now once the next one is overdue, so that a stall shows at once.
            span = self._times[-1] - self._times[0]
            usual = span / (len(self._times) - 1)
            overdue = max(0.0, at - self._times[-1] - usual)
            return (len(self._times) - 1) / (span + overdue) if span + overdue > 0 else 0.0

    def clear(self) -> None:
        """Forget all events."""
        with self._lock:
            self._times.clear()

    def _forget(self, at: float) -> None:
        while self._times and at - self._times[0] > WINDOW_S:
            self._times.popleft()


class Percentiles:
    """Median and 95th percentile of the last ``size`` values."""

    def __init__(self, size: int = 120) -> None:
        self._lock = threading.Lock()
        self._values: deque[float] = deque(maxlen=size)

    def add(self, value: float) -> None:
        """Add a value."""
        with self._lock:
            self._values.append(value)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()

    def median_and_p95(self) -> tuple[float, float]:
        """(nan, nan) before the first value."""
        with self._lock:
            values = np.array(self._values)
        if not len(values):
            return float("nan"), float("nan")
        median, p95 = np.percentile(values, (50, 95))
        return float(median), float(p95)
