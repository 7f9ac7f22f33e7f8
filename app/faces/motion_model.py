"""Predicts the place of a face: constant velocity, which fades while the face is not detected."""

from __future__ import annotations

import math

from app.core.frames import Box
from app.core.one_euro import INSTANT_S

CUTOFF_HZ = 3.0  # of the velocity: a detector's box trembles by 0.2 % of its side from frame to frame
FADES_S = 0.6  # after so long without a look a face has covered 63 % of all that it will be expected to
UNKNOWN_S = 1.0  # a detection after so long gives a place, but no velocity


def centre(box: Box) -> tuple[float, float]:
    """The middle of a box, x and y."""
    return box.x + box.w / 2, box.y + box.h / 2


def side(box: Box) -> float:
    """The longer side of a box."""
    return max(box.w, box.h)


class MotionModel:
    """Place, size and velocity of one face in frame pixels."""

    def __init__(self, box: Box, time_s: float) -> None:
        self._box = box
        self._time_s = time_s
        self.velocity = (0.0, 0.0)  # pixels a second

    @property
    def speed(self) -> float:
        """Box sides a second."""
        return math.hypot(*self.velocity) / max(side(self._box), 1e-9)

    def predict(self, time_s: float) -> Box:
        """The box expected at ``time_s``."""
        ahead_s = max(time_s - self._time_s, 0.0)
        reach_s = FADES_S * -math.expm1(-ahead_s / FADES_S)
        return _moved(self._box, self.velocity[0] * reach_s, self.velocity[1] * reach_s)

    def observe(self, box: Box, time_s: float) -> None:
        """The face is here now."""
        step_s = time_s - self._time_s
        if step_s > UNKNOWN_S:
            self.velocity = 0.0, 0.0
        elif step_s > INSTANT_S:
            (x, y), (old_x, old_y) = centre(box), centre(self._box)
            alpha = -math.expm1(-2 * math.pi * CUTOFF_HZ * step_s)
            vx, vy = self.velocity
            self.velocity = (
                vx + alpha * ((x - old_x) / step_s - vx),
                vy + alpha * ((y - old_y) / step_s - vy),
            )
        self._box, self._time_s = box, time_s


def _moved(box: Box, dx: float, dy: float) -> Box:
    return Box(box.x + dx, box.y + dy, box.w, box.h)
