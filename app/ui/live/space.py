"""Where points in space lie on the screen, and from where they are looked at: pure functions of frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from extractor.decode_arrays import rotation_matrix

DISTANCE = 5.0
"""The eye's distance from the centre in units of the shape's radius: foreshortening to be seen, yet no distortion."""

LARGEST_TILT_DEG = 89.0
ZOOMS = (0.5, 4.0)


@dataclass(frozen=True, slots=True)
class Eye:
    """The place from which one looks: 0, 0 is the camera's own place; angles in degrees.

    ``turn_deg`` + goes round to the image's right, ``tilt_deg`` + goes up.
    """

    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    zoom: float = 1.0

    def turned(self, turn_deg: float, tilt_deg: float) -> Eye:
        turn = (self.turn_deg + turn_deg + 180.0) % 360.0 - 180.0
        tilt = min(max(self.tilt_deg + tilt_deg, -LARGEST_TILT_DEG), LARGEST_TILT_DEG)
        return replace(self, turn_deg=turn, tilt_deg=tilt)

    def zoomed(self, factor: float) -> Eye:
        return replace(self, zoom=min(max(self.zoom * factor, ZOOMS[0]), ZOOMS[1]))

    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) from the camera frame (x right, y down, z away) to the eye's frame, which has the same axes."""
        tilt, turn = rotation_matrix(np.array([[self.tilt_deg, 0.0, 0.0], [0.0, self.turn_deg, 0.0]]))
        return np.asarray(tilt @ turn)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Points (n, 3) of the camera frame, in units of the shape's radius, to the screen."""

    rotation: NDArray[np.float64]  # (3, 3)
    centre: tuple[float, float]  # on the screen
    radius: float  # screen points a unit
    mirrored: bool

    def __call__(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places on the screen (n, 2), and the magnification of each (n,): above 1 in front of the centre."""
        seen = np.asarray(points, np.float64) @ self.rotation.T
        magnification = DISTANCE / np.maximum(DISTANCE + seen[:, 2], 0.1)
        flat = seen[:, :2] * magnification[:, None] * self.radius
        if self.mirrored:
            flat = flat * (-1.0, 1.0)
        return flat + self.centre, magnification
