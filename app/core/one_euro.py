"""The One-Euro filter: steady at rest, quick in motion (Casiez, Roussel and Vogel, CHI 2012)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.rotation import rotation_from_vector, rotation_vector

PAUSE_S = 0.5  # after a longer gap the values before it are not used
INSTANT_S = 1e-4  # a shorter step gives no speed


@dataclass(frozen=True, slots=True)
class OneEuro:
    """The filter's three numbers: a low-pass whose cutoff grows with the speed.

    cutoff = ``min_cutoff_hz + cutoff_hz_per_speed * |speed|``, the speed itself low-passed at
    ``speed_cutoff_hz``.  The first sets the jitter at rest, the second the lag in motion.
    """

    min_cutoff_hz: float
    cutoff_hz_per_speed: float  # speeds are in the filter's unit: degrees, face sides or magnitudes a second
    speed_cutoff_hz: float = 1.0

    def cutoff_hz(self, speed: NDArray[np.float64]) -> NDArray[np.float64]:
        """The cutoff at ``speed``, of any shape, in the filter's unit a second."""
        return np.asarray(self.min_cutoff_hz + self.cutoff_hz_per_speed * speed)


class VectorFilter:
    """Vectors (..., D), each with a cutoff of its own that follows the length of its velocity."""

    def __init__(self, settings: OneEuro) -> None:
        self.settings = settings
        self._value: NDArray[np.float64] | None = None
        self._velocity: NDArray[np.float64] | float = 0.0
        self._time_s = 0.0

    def update(
        self, value: NDArray[np.floating[Any]], time_s: float, unit: float | NDArray[np.float64] = 1.0
    ) -> NDArray[np.float64]:
        """The filtered ``value`` at ``time_s`` (seconds); its velocity counts in ``unit`` a second.

        The value itself comes back first, after a pause, where time runs backwards, where the shape
        changes, and where a number is not finite; then the filter starts anew.
        """
        raw = np.asarray(value, np.float64)
        step_s = time_s - self._time_s
        self._time_s = time_s
        if not np.isfinite(raw).all():
            self._value = None
            return raw
        if self._value is None or self._value.shape != raw.shape or not INSTANT_S < step_s < PAUSE_S:
            self._value, self._velocity = raw, 0.0
            return raw
        change = self._difference(raw, self._value)
        taken = alpha(self.settings.speed_cutoff_hz, step_s)
        self._velocity = self._velocity + taken * (change / (step_s * unit) - self._velocity)
        speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True)
        self._value = self._moved(self._value, alpha(self.settings.cutoff_hz(speed), step_s) * change)
        return self._value

    def _difference(self, value: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
        return value - before

    def _moved(self, value: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
        return value + by


class RotationFilter(VectorFilter):
    """Rotations (3, 3): the filter's steps are turns about one axis, so no angle ever wraps or locks.

    The difference of two rotations is the rotation vector of ``measured @ filtered.T``, in degrees, as in
    the tangent space of SO(3).
    """

    def _difference(self, value: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.rad2deg(rotation_vector(value @ before.T))

    def _moved(self, value: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
        # Thousands of products drift off the rotations by rounding: back to the nearest one.
        u, _, vt = np.linalg.svd(rotation_from_vector(np.deg2rad(by)) @ value)
        return np.asarray(u @ vt)


def alpha(cutoff_hz: float | NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """The smoothing factor: how much of a new value a first-order low-pass takes over in a step of ``step_s``."""
    turn = 2 * math.pi * np.asarray(cutoff_hz) * step_s
    return np.asarray(turn / (1 + turn))
