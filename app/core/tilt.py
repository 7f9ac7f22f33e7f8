"""How a camera stands: its tilt, and what angles a level camera in its place would have measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import UserError
from app.core.records import Between
from app.core.rotation import rotation_of
from extractor.decode_arrays import angles_from_matrix, rotation_matrix
from extractor.types import Angles

TYPED, MEASURED = "typed", "measured"
STEEPEST_DEG = 80.0  # beyond it pitch and roll of a camera are ill defined
_NUMBER = r"\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*"


@dataclass(frozen=True, slots=True)
class CameraTilt:
    """A level camera is turned by ``Rz(-roll) @ Rx(pitch)`` from level axes to its own."""

    pitch_deg: Annotated[float, Between(-90, 90)]  # + looks down
    roll_deg: Annotated[float, Between(-180, 180)]  # + is turned clockwise, seen from behind the camera
    found: str = TYPED  # or MEASURED, by a shake of the head and a nod
    std_deg: Annotated[float, Between(0, 180)] | None = None  # where it was measured: of the vertical's direction

    @property
    def to_level(self) -> NDArray[np.float64]:
        """(3, 3): from the camera's axes to the axes of a level camera with the same heading."""
        turn, lift = rotation_of(Angles(0, 0, self.roll_deg)), rotation_of(Angles(-self.pitch_deg, 0, 0))
        return np.asarray(lift.astype(np.float64) @ turn.astype(np.float64))

    @classmethod
    def of_vertical(cls, up: NDArray[np.floating[Any]], found: str = TYPED, std_deg: float | None = None) -> CameraTilt:
        """The tilt at which this direction is up, a unit vector (3,) in the camera's axes."""
        x, y, z = (float(v) for v in up)
        pitch, roll = np.arcsin(np.clip(-z, -1, 1)), np.arctan2(-x, -y)
        return cls(round(float(np.rad2deg(pitch)), 3), round(float(np.rad2deg(roll)), 3), found, std_deg)


def parse_camera_tilt(text: str) -> CameraTilt:
    """``PITCH`` or ``PITCH,ROLL`` in degrees.  Raises UserError."""
    match = re.fullmatch(f"{_NUMBER}(?:,{_NUMBER})?", text)
    if match is None:
        raise UserError(f"{text!r} is no tilt of a camera: PITCH or PITCH,ROLL in degrees, as -20 or 15,2.5.")
    pitch, roll = float(match[1]), float(match[2] or 0.0)
    if abs(pitch) > STEEPEST_DEG or abs(roll) > 180:
        raise UserError(f"{text!r} is no tilt of a camera: pitch is at most {STEEPEST_DEG:g} degrees, roll 180.")
    return CameraTilt(pitch, roll)


def levelled_cm(position_cm: NDArray[np.floating[Any]], tilt: CameraTilt | None) -> NDArray[np.float32]:
    """(N, 3) x, y, z in the axes of a level camera at the same place."""
    return np.asarray(position_cm if tilt is None else position_cm @ tilt.to_level.T, np.float32)


def levelled_deg(angles_deg: NDArray[np.floating[Any]], tilt: CameraTilt | None) -> NDArray[np.float32]:
    """(N, 3) pitch, yaw, roll as a level camera would have measured them; ``angles_deg`` (N, 3) as this one did.

    NaN stays NaN.  Of the two ways to write a pose the one nearer to the measured angles is taken.
    """
    measured: NDArray[Any] = np.asarray(angles_deg, np.float64)
    if tilt is None:
        return np.asarray(measured, np.float32)
    near = angles_from_matrix(tilt.to_level @ rotation_matrix(measured).astype(np.float64))
    half = np.copysign(180.0, near)
    beyond = np.stack([near[:, 0] - half[:, 0], half[:, 1] - near[:, 1], near[:, 2] - half[:, 2]], axis=1)
    distances = [np.abs(one - measured).sum(axis=1, keepdims=True) for one in (near, beyond)]
    return np.where(distances[1] < distances[0], beyond, near).astype(np.float32)
