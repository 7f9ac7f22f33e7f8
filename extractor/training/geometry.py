"""Rotations, projections and alignments in numpy; angles in degrees."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from extractor.decode_arrays import rotation_matrix

Array = NDArray[Any]

FLIP_YZ: Array = np.diag([1.0, -1.0, -1.0])
"""Between the conventions' axes (y down, z away) and OpenGL's (y up, z towards the viewer)."""


def rotation(pitch: float, yaw: float, roll: float) -> Array:
    """``Rz(roll) @ Ry(yaw) @ Rx(pitch)`` in the conventions' frame, (3, 3)."""
    return cast("Array", rotation_matrix(np.array([[pitch, yaw, roll]]))[0])


def to_gl(matrix: Array) -> Array:
    """A conventions' rotation as the renderer's, and the other way round."""
    return cast("Array", FLIP_YZ @ matrix @ FLIP_YZ)


def between(a: Array, b: Array, share: float) -> Array:
    """The rotation ``share`` of the way from ``a`` to ``b`` on the shortest path."""
    way = Rotation.from_matrix(a.T @ b).as_rotvec()
    return cast("Array", a @ Rotation.from_rotvec(share * way).as_matrix())


def geodesic_between(a: Array, b: Array) -> float:
    """Degrees of the rotation between two (3, 3)."""
    return float(np.degrees(np.linalg.norm(Rotation.from_matrix(a.T @ b).as_rotvec())))


def rigid(turn: Array, shift: Array) -> Array:
    """(4, 4) of ``x -> turn @ x + shift``."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, shift
    return matrix


def perspective(tangent: float, near: float = 1.0, far: float = 200.0) -> Array:
    """OpenGL's projection of a square image whose half angle has this tangent."""
    k = 1 / tangent
    a, b = (far + near) / (near - far), 2 * far * near / (near - far)
    return np.array([[k, 0, 0, 0], [0, k, 0, 0], [0, 0, a, b], [0, 0, -1, 0]])


def align(source: Array, target: Array) -> tuple[Array, Array]:
    """Rotations (..., 3, 3) and scales (...) that best take the centred points (K, 3) ``source`` to ``target``.

    ``target`` is (..., K, 3); Umeyama 1991.
    """
    a, b = source - source.mean(0), target - target.mean(-2, keepdims=True)
    u, _, vt = np.linalg.svd(a.T @ b)
    u[..., 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return np.asarray(np.swapaxes(u @ vt, -1, -2)), np.sqrt((b**2).sum((-2, -1)) / (a**2).sum())
