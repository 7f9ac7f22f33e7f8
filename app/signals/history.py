"""The last seconds of every plotted number, written by the inference thread, read by the plots."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.frames import FrameResult

COLUMNS = (
    "time_s",
    "pitch_deg", "yaw_deg", "roll_deg",
    "pitch_std_deg", "yaw_std_deg", "roll_std_deg",
    "exp_magnitude",
    "true_pitch_deg", "true_yaw_deg", "true_roll_deg",
)  # fmt: skip
"""``time_s`` is the frame's capture time on the monotonic clock; truth is NaN outside the demo.

Angles and expression are as shown: filtered and recentred where somebody asked for it.  The truth
is relative to the same reference, so that the curves can be compared.
"""


def row_of(result: FrameResult) -> Sequence[float]:
    """The plotted numbers of the primary face; NaN where there is no face, so that a curve breaks there."""
    truth = result.shown_truth or (np.nan, np.nan, np.nan)
    shown = result.shown[0] if result.shown else None
    if shown is None or not shown.face.pose_trained:
        return (result.frame.captured_s, *(np.nan,) * 7, *truth)
    return (result.frame.captured_s, *shown.angles, *shown.face.std, shown.face.exp_magnitude, *truth)


class History:
    """A ring of the last ``capacity`` rows (60 s at 60 results a second by default)."""

    def __init__(self, capacity: int = 3600) -> None:
        self._lock = threading.Lock()
        self._rows = np.full((capacity, len(COLUMNS)), np.nan)
        self._count = 0

    def append(self, result: FrameResult) -> None:
        with self._lock:
            self._rows[self._count % len(self._rows)] = row_of(result)
            self._count += 1

    def clear(self) -> None:
        with self._lock:
            self._count = 0

    @property
    def count(self) -> int:
        """Rows ever appended since ``clear``; tells a plot whether anything is new."""
        return self._count

    def last(self, seconds: float) -> NDArray[np.float64]:
        """A copy of the rows of the last ``seconds`` before the newest, (n, len(COLUMNS)), oldest first."""
        with self._lock:
            n, size = min(self._count, len(self._rows)), len(self._rows)
            start = self._count % size if self._count > size else 0
            rows = np.roll(self._rows[:n], -start, axis=0) if start else self._rows[:n].copy()
        if not n:
            return rows
        return rows[np.searchsorted(rows[:, 0], rows[-1, 0] - seconds) :]
