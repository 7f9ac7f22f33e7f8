"""Nods and shakes of the head, found in angles over time: live and in a recorded table alike.

A *swing* is the way between two turning points of an angle, that is between two changes of sign of
its angular velocity; turning points nearer than ``MIN_SWING_DEG`` to their neighbours are noise and
don't count.  A gesture is a row of swings to and fro, each of at least that size, each taking
between the two half periods, each following the one before within the longer one, while the other
angle stays quieter.  Pitch makes a nod, yaw a shake.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOD, SHAKE = "nod", "shake"

MIN_SWING_DEG = 3.0
MIN_HALF_PERIOD_S, MAX_HALF_PERIOD_S = 0.08, 0.6
"""Nods in talk have 0.2 to 7 periods a second, most of them 1.8 to 3.7 (Hadar, Steiner, Grant and Rose 1983, Human
Movement Science 2); slower ones can't be told from looking about."""
MIN_SWINGS = 3  # a period and a half: two are also a glance and back
MAX_OTHER = 0.7  # the other angle's range, without its trend, as a share of the mean swing
MAX_GAP_S = 0.3  # a longer pause between two samples ends everything

_EDGE = 0.2  # nearer to its turning points than this share a swing can't be told from rest
_SINE_SHARE = 1 - 2 * math.acos(1 - 2 * _EDGE) / math.pi  # of a sine's half period that lies between these edges


class Gesture(NamedTuple):
    """One nod or shake of the head."""

    kind: str  # "nod" or "shake"
    onset_s: float  # where the first swing begins, on the clock of the times given
    duration_s: float  # to where the last swing ends
    swings: int  # ways up, down or to a side; a plain "yes, yes" has four


class _Swing(NamedTuple):
    start_s: float
    end_s: float
    first: int  # indices of its turning points
    last: int
    change_deg: float
    half_period_s: float  # of the sine that passes its middle as quickly

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


def find_gestures(time_s: ArrayLike, pitch_deg: ArrayLike, yaw_deg: ArrayLike) -> list[Gesture]:
    """The nods and shakes in (N,) times and angles, in the order of their onsets.

    Steps may be uneven; NaN is a frame without a measurement.  About ten samples a second are
    needed, fifteen for quick nods.  Raises ValueError where the shapes differ or time runs backwards.
    """
    time = np.asarray(time_s, np.float64)
    pitch, yaw = np.asarray(pitch_deg, np.float64), np.asarray(yaw_deg, np.float64)
    if time.ndim != 1 or pitch.shape != time.shape or yaw.shape != time.shape:
        raise ValueError(f"times and angles must be (N,) alike, not {time.shape}, {pitch.shape}, {yaw.shape}")
    measured = np.isfinite(time) & np.isfinite(pitch) & np.isfinite(yaw)
    time, pitch, yaw = time[measured], pitch[measured], yaw[measured]
    steps = np.diff(time)
    if (steps < 0).any():
        raise ValueError("times must not run backwards")
    found = []
    for piece in np.split(np.arange(len(time)), np.flatnonzero(steps > MAX_GAP_S) + 1):
        angles = {NOD: np.unwrap(pitch[piece], period=360), SHAKE: np.unwrap(yaw[piece], period=360)}
        for kind, other in ((NOD, SHAKE), (SHAKE, NOD)):
            found += _gestures(kind, time[piece], angles[kind], angles[other])
    return sorted(found, key=lambda gesture: gesture.onset_s)


def _gestures(
    kind: str, time: NDArray[np.float64], angle: NDArray[np.float64], other: NDArray[np.float64]
) -> list[Gesture]:
    rows: list[list[_Swing]] = []
    for swing in _swings(time, angle):
        if not MIN_HALF_PERIOD_S <= swing.half_period_s <= MAX_HALF_PERIOD_S:
            continue
        row = rows[-1] if rows else None
        if row is not None and row[-1].last == swing.first and swing.middle_s - row[-1].middle_s <= MAX_HALF_PERIOD_S:
            row.append(swing)
        else:
            rows.append([swing])
    return [
        Gesture(kind, row[0].start_s, row[-1].end_s - row[0].start_s, len(row))
        for row in rows
        if len(row) >= MIN_SWINGS and _quieter(row, time, other)
    ]


def _quieter(row: Sequence[_Swing], time: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether the other angle, apart from a steady turn, keeps within ``MAX_OTHER``."""
    span = (time >= row[0].start_s) & (time <= row[-1].end_s)
    t, values = time[span], other[span]
    if len(t) > 2 and t[-1] > t[0]:
        values = values - np.polyval(np.polyfit(t - t[0], values, 1), t - t[0])
    mean = float(np.mean([abs(swing.change_deg) for swing in row]))
    return not len(values) or float(np.ptp(values)) <= MAX_OTHER * mean


def _swings(time: NDArray[np.float64], angle: NDArray[np.float64]) -> list[_Swing]:
    turns = _turning_points(angle, MIN_SWING_DEG)
    return [_swing(time, angle, first, last) for first, last in pairwise(turns)]


def _swing(time: NDArray[np.float64], angle: NDArray[np.float64], first: int, last: int) -> _Swing:
    """A swing without the rest before and after it."""
    change = float(angle[last] - angle[first])
    way = (angle[first : last + 1] - angle[first]) / change  # 0 at the beginning, 1 at the end
    t = time[first : last + 1]
    left = int(np.flatnonzero(way <= _EDGE)[-1])  # from here on it is on its way
    reached = left + 1 + int(np.flatnonzero(way[left + 1 :] >= 1 - _EDGE)[0])
    low, high = (  # when it passes the edges, between two samples
        float(np.interp(level, way[i : i + 2], t[i : i + 2])) for i, level in ((left, _EDGE), (reached - 1, 1 - _EDGE))
    )
    half_period = (high - low) / _SINE_SHARE
    middle = (low + high) / 2
    start, end = max(float(t[0]), middle - half_period / 2), min(float(t[-1]), middle + half_period / 2)
    return _Swing(start, end, first, last, change, half_period)


def _turning_points(angle: NDArray[np.floating[Any]], least: float) -> list[int]:
    """Indices of highest and lowest points in turn, neighbours at least ``least`` apart."""
    values = angle.tolist()
    if not values:
        return []
    turns: list[int] = []
    low = high = extreme = 0
    direction = 0
    for i, value in enumerate(values):
        if direction == 0:  # until it has moved at all
            low = i if value <= values[low] else low
            high = i if value >= values[high] else high
            if values[high] - values[low] >= least:
                direction = 1 if high > low else -1
                turns.append(low if direction > 0 else high)
                extreme = i
        elif direction * (value - values[extreme]) >= 0:
            extreme = i
        elif direction * (values[extreme] - value) >= least:
            turns.append(extreme)
            direction, extreme = -direction, i
    if direction:
        turns.append(extreme)
    return turns
