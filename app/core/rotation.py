"""Rotations in numpy, for those who must not wait for torch: the display, the demo's truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.types import Angles


def rotation_of(angles: Angles) -> NDArray[np.float32]:
    """``Rz(roll) @ Ry(yaw) @ Rx(pitch)``, (3, 3), head to camera; the same as ``extractor.decode``'s."""
    (sp, sy, sr), (cp, cy, cr) = np.sin(np.deg2rad(angles)), np.cos(np.deg2rad(angles))
    rows = (
        (cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp),
        (sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp),
        (-sy, cy * sp, cy * cp),
    )
    return np.array(rows, dtype=np.float32)


PERSPECTIVE_DISTANCE = 4.0
"""The eye's distance from the axes' origin in axis lengths: foreshortening to be seen, yet no distortion."""


def project_axes(rotation: NDArray[np.floating[Any]], length: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The head's axes in perspective, seen from straight before it.

    ``rotation`` (3, 3) head to camera.  Returns the tips of x (to the image's right for a face
    that looks into the camera), y (down) and minus z (out of the face, where the nose points)
    as offsets in the units of ``length``, (3, 2), and each tip's magnification, (3,): above 1
    for a tip nearer than the origin.
    """
    tips = (np.asarray(rotation, np.float64) * (1.0, 1.0, -1.0)).T  # a row for each axis
    magnification = PERSPECTIVE_DISTANCE / (PERSPECTIVE_DISTANCE + tips[:, 2])
    return tips[:, :2] * magnification[:, None] * length, magnification


def geodesic_deg(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> float:
    """The angle of the single rotation that turns ``a`` into ``b``, both (3, 3); 0 to 180 degrees."""
    relative = np.asarray(a, np.float64).T @ np.asarray(b, np.float64)
    # atan2 of sine and cosine: acos of the trace alone is blind below a hundredth of a degree.
    sine = np.linalg.norm(relative - relative.T) / (2 * np.sqrt(2))
    return float(np.rad2deg(np.arctan2(sine, (np.trace(relative) - 1) / 2)))
