"""Steadies a face box without letting it lag."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from app.core.frames import Box

__all__ = ["BoxFilter"]

# A detector's box trembles by about 0.2 % of its side, and a crop that trembles makes the pose tremble.
# Measured on 300 frames each of three talking heads with the bootstrap network (96 pixels): noise of
# pitch, yaw and roll in degrees, as the standard deviation of the second difference over sqrt(6).
#   raw boxes     .42 .41 .27   .66 .34 .28   .45 .32 .30
#   steadied      .33 .32 .21   .29 .16 .16   .29 .20 .15   and at most 1.9 % of the box behind
# On the first, stronger constants gain nothing (1 Hz, 5: .32 .35 .20, 2.7 % behind), nor would a
# crop that never moves (.36 .41 .21).
CUTOFF_HZ = 2.0  # at rest
CUTOFF_HZ_PER_SPEED = 20.0  # for each box side a second
SPEED_CUTOFF_HZ = 1.0
PAUSE_S = 0.5  # after a gap the past says nothing
INSTANT_S = 1e-4  # nor does a step so short that no speed can be told
LEAST = 1e-3  # pixels; a box without extent has no logarithm


class BoxFilter:
    """One-Euro filter (Casiez, Roussel and Vogel, CHI 2012) on centre and logarithm of the size.

    Speeds are in box sides a second, so that near and far faces are treated alike.
    """

    def __init__(self) -> None:
        self._value: NDArray[np.float64] | None = None
        self._speed = np.zeros(4)
        self._time_s = 0.0

    def update(self, box: Box, time_s: float) -> Box:
        """The steadied box at ``time_s`` (seconds)."""
        w, h = max(box.w, LEAST), max(box.h, LEAST)
        raw = np.array([box.x + box.w / 2, box.y + box.h / 2, math.log(w), math.log(h)])
        step_s = time_s - self._time_s
        self._time_s = time_s
        if self._value is None or not INSTANT_S < step_s < PAUSE_S:
            self._value = raw
            self._speed = np.zeros(4)
        else:
            side = max(w, h)
            unit = np.array([side, side, 1.0, 1.0])
            change = (raw - self._value) / unit
            self._speed += _share(SPEED_CUTOFF_HZ, step_s) * (change / step_s - self._speed)
            cutoffs = CUTOFF_HZ + CUTOFF_HZ_PER_SPEED * np.abs(self._speed)
            self._value = self._value + _share(cutoffs, step_s) * change * unit
        x, y, log_w, log_h = self._value
        w, h = math.exp(log_w), math.exp(log_h)
        return Box(x - w / 2, y - h / 2, w, h)


def _share(cutoff_hz: float | NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """How much of a new value a first-order low-pass takes over in one step."""
    turn = 2 * math.pi * cutoff_hz * step_s
    return np.asarray(turn / (1 + turn))
