"""How a camera stands: its tilt, and what angles a level camera in its place would have measured."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import UserError
from app.core.records import Between
from app.core.rotation import recentred, rotation_of
from extractor.decode_arrays import angles_from_matrix, rotation_matrix
from extractor.types import Angles

TYPED, MEASURED = "typed", "measured"
STEEPEST_DEG = 80.0  # beyond it pitch and roll of a camera are ill defined
MOST_BEND_DEG = 40.0
_NUMBER = r"\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*"


@dataclass(frozen=True, slots=True)
class CameraTilt:
    """A level camera is turned by ``Rz(-roll) @ Rx(pitch)`` from level axes to its own."""

    pitch_deg: Annotated[float, Between(-90, 90)]  # + looks down
    roll_deg: Annotated[float, Between(-180, 180)]  # + is turned clockwise, seen from behind the camera
    found: str = TYPED  # or MEASURED, by a shake of the head and a nod
    std_deg: Annotated[float, Between(0, 180)] | None = None  # where it was measured: of the vertical's direction
    bend_deg: Annotated[float, Between(-MOST_BEND_DEG, MOST_BEND_DEG)] = 0.0
    """By how much more than is true the network says this person's pitch in a turn: so much times 1 - cos(yaw)."""

    @property
    def to_level(self) -> NDArray[np.float64]:
        """(3, 3): from the camera's axes to the axes of a level camera with the same heading."""
        return _to_level(self.pitch_deg, self.roll_deg)

    @property
    def without_bend(self) -> CameraTilt:
        """For the true pose, which no network has measured."""
        return replace(self, bend_deg=0.0)

    def levelled(self, rotation: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(..., 3, 3) as a level camera would have measured them, less the bend; ``rotation`` as this one did."""
        level = self.to_level @ rotation
        return np.asarray(level @ np.swapaxes(self._bent(level), -1, -2), np.float64)

    def as_seen(self, level: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The inverse of ``levelled``."""
        return np.asarray(self.to_level.T @ level @ self._bent(level))

    def _bent(self, level: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(..., 3, 3): the nod that the network adds to a head in level axes, which leaves its yaw as it is."""
        cos_yaw = np.hypot(level[..., 2, 1], level[..., 2, 2])
        bend = np.deg2rad(self.bend_deg) * (1 - cos_yaw)
        nod = np.zeros(np.shape(level))
        nod[..., 0, 0], nod[..., 1, 1], nod[..., 2, 2] = 1, np.cos(bend), np.cos(bend)
        nod[..., 2, 1], nod[..., 1, 2] = np.sin(bend), -np.sin(bend)
        return nod

    @classmethod
    def of_vertical(cls, up: NDArray[np.floating[Any]], found: str = TYPED, std_deg: float | None = None) -> CameraTilt:
        """The tilt at which this direction is up, a unit vector (3,) in the camera's axes."""
        x, y, z = (float(v) for v in up)
        pitch, roll = np.arcsin(np.clip(-z, -1, 1)), np.arctan2(-x, -y)
        return cls(round(float(np.rad2deg(pitch)), 3), round(float(np.rad2deg(roll)), 3), found, std_deg)


@functools.lru_cache(maxsize=8)  # it is asked for several times a frame
def _to_level(pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    turn, lift = rotation_of(Angles(0, 0, roll_deg)), rotation_of(Angles(-pitch_deg, 0, 0))
    level = lift.astype(np.float64) @ turn.astype(np.float64)
    level.flags.writeable = False
    return np.asarray(level)


def as_shown(
    rotation: NDArray[np.floating[Any]],
    reference: NDArray[np.floating[Any]] | None,
    tilt: CameraTilt | None,
) -> NDArray[np.float64]:
    """A measured ``rotation`` in level axes, and there relative to ``reference``; both (3, 3).

    ``tilt``: None where the camera is level; ``reference`` is the measured pose that counts as straight
    ahead, None where nobody has said.
    """
    r = np.asarray(rotation, np.float64) if tilt is None else tilt.levelled(rotation)
    if reference is None:
        return r
    return recentred(r, reference if tilt is None else tilt.levelled(reference))


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
    near = angles_from_matrix(tilt.levelled(rotation_matrix(measured)))
    half = np.copysign(180.0, near)
    beyond = np.stack([near[:, 0] - half[:, 0], half[:, 1] - near[:, 1], near[:, 2] - half[:, 2]], axis=1)
    distances = [np.abs(one - measured).sum(axis=1, keepdims=True) for one in (near, beyond)]
    return np.where(distances[1] < distances[0], beyond, near).astype(np.float32)
