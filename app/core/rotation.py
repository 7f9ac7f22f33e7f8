"""Rotations in numpy, for those who must not wait for torch: the display, the demo's truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.decode_arrays import rotation_matrix
from extractor.types import Angles


def rotation_of(angles: Angles) -> NDArray[np.float32]:
    """``Rz(roll) @ Ry(yaw) @ Rx(pitch)``, (3, 3), head to camera; the same as ``extractor.decode``'s."""
    return np.asarray(rotation_matrix(np.array([angles], np.float64))[0], np.float32)


def angles_of(rotation: NDArray[np.floating[Any]], near: Angles | None = None) -> Angles:
    """Pitch, yaw and roll of (3, 3), yaw within 90 degrees: ``angles_from_matrix`` of one, in a quarter of its time.

    The same pose can also be written with yaw beyond 90 degrees and pitch and roll turned by 180.
    With ``near`` the way of writing that lies nearer to it is returned: a profile that passes
    90 degrees goes on counting.
    """
    r = np.asarray(rotation, np.float64)
    cos_yaw = math.hypot(r[2, 1], r[2, 2])
    yaw = math.atan2(-r[2, 0], cos_yaw)
    if cos_yaw < 1e-6:  # only roll - pitch or roll + pitch is defined: pitch is 0
        pitch, roll = 0.0, math.atan2(-r[0, 1], r[1, 1])
    else:
        pitch, roll = math.atan2(r[2, 1], r[2, 2]), math.atan2(r[1, 0], r[0, 0])
    angles = Angles(math.degrees(pitch), math.degrees(yaw), math.degrees(roll))
    if near is None:
        return angles
    other = Angles(
        angles.pitch_deg - math.copysign(180.0, angles.pitch_deg),
        math.copysign(180.0, angles.yaw_deg) - angles.yaw_deg,
        angles.roll_deg - math.copysign(180.0, angles.roll_deg),
    )
    return min((angles, other), key=lambda a: sum(abs(x - y) for x, y in zip(a, near, strict=True)))


LEAN = 0.05
"""How strongly ``angles_near`` keeps to its hint: 0.25 % of the way far from 90 degrees of yaw, all of it there."""


def angles_near(rotation: NDArray[np.floating[Any]], near: Angles) -> Angles:
    """Pitch, yaw and roll of (3, 3), a few degrees from ``near`` at most, also where they are ill defined.

    At 90 degrees of yaw pitch and roll turn the head about one axis, and the plain formulas make of
    half a degree of rotation any number of degrees of both.  Damped least squares (Wampler 1986,
    IEEE Trans. SMC 16) instead: what the rotation leaves open stays as in ``near``.
    """
    hint = np.deg2rad(np.asarray(near, np.float64))
    angles = hint
    for _ in range(3):
        current = rotation_of(Angles(*np.rad2deg(angles))).astype(np.float64)
        missing = rotation_vector(np.asarray(rotation, np.float64) @ current.T)
        sine, cosine = math.sin(angles[2]), math.cos(angles[2])
        # The axes that pitch, yaw and roll turn about, in the camera frame: R e_x, Rz e_y, e_z.
        axes = np.column_stack([current[:, 0], (-sine, cosine, 0.0), (0.0, 0.0, 1.0)])
        pull = axes.T @ missing - LEAN**2 * (angles - hint)
        angles = angles + np.linalg.solve(axes.T @ axes + LEAN**2 * np.eye(3), pull)
    return Angles(*np.rad2deg(angles).tolist())


def recentred(rotation: NDArray[np.floating[Any]], reference: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """``rotation`` relative to ``reference``, the measured pose of a head that looks straight ahead; all (3, 3).

    Both as a level camera measures them: its vertical axis is the person's.

    Let H be the turn about the camera's vertical axis that brings the camera's line of sight to the
    reference's heading (where its nose points, seen from above).  Then the result is
    ``(H.T @ rotation) @ (H.T @ reference).T``: the heading is taken off on the left, as if the
    camera stood before the face, the rest of the tilt on the right.  So

    - the reference itself gives 0, 0, 0;
    - a turn about the camera's vertical axis from there, ``Ry(a) @ reference``, is yaw ``a`` and
      nothing else, however the reference is tilted.  ``reference.T @ rotation`` would call part of it roll;
    - a nod about the person's own ears is pitch and nothing else, also where the camera stands to
      the side.  ``rotation @ reference.T`` would call half of it roll at 30 degrees.
    """
    r, r0 = np.asarray(rotation, np.float64), np.asarray(reference, np.float64)
    heading = math.atan2(r0[0, 2], r0[2, 2])
    level = rotation_from_vector(np.array([0.0, -heading, 0.0]))
    return np.asarray((level @ r) @ (level @ r0).T)


def rotation_vector(rotation: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The logarithm of (3, 3): axis times angle in radians, (3,); the angle is at most pi."""
    r = np.asarray(rotation, np.float64)
    twice_sine = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    sine, cosine = float(np.linalg.norm(twice_sine)) / 2, (float(np.trace(r)) - 1) / 2
    angle = math.atan2(sine, cosine)
    if sine > 1e-6:
        return np.asarray(twice_sine * (angle / (2 * sine)))
    if cosine > 0:  # so small that sine and angle are the same
        return np.asarray(twice_sine / 2)
    # Half a turn: the axis is the direction that (R + 1) / 2 = axis axis^T keeps; its sign doesn't matter.
    columns = (r + np.eye(3)) / 2
    axis = columns[:, int(np.argmax(np.diag(columns)))]
    return np.asarray(axis / np.linalg.norm(axis) * angle)


def rotation_from_vector(vector: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The exponential of axis times angle in radians, (3,), as (3, 3): Rodrigues' formula."""
    x, y, z = (float(v) for v in vector)
    angle = math.sqrt(x * x + y * y + z * z)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    a = math.sin(angle) / angle if angle > 1e-8 else 1.0
    b = 2 * (math.sin(angle / 2) / angle) ** 2 if angle > 1e-8 else 0.5
    return np.asarray(np.eye(3) + a * cross + b * (cross @ cross))


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
    return math.degrees(np.linalg.norm(rotation_vector(np.asarray(a, np.float64).T @ np.asarray(b, np.float64))))
