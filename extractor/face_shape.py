"""The shape of a face from its named keypoints in the head frame: the head's pose is taken out first.

``driven = scale * (kp @ R.T + exp) + t``, so in the head frame (x to the image's right for a face
that looks into the camera, y down) and in the units of ``kp``, the neutral shape is ``kp`` and the
displacements are ``d = exp @ R``.  With ``D`` the distance of the neutral outer eye corners:

- mouth opening = ``(|lip_low - lip_up| of kp + d, minus |lip_low - lip_up| of kp) / D``
- smile = ``mean over both corners of (d(corner) - d(subnasale)) . u / D`` with ``u = (+-1, -1, 0) / sqrt 2``,
  out and up
- brow raise = ``(mean of -d_y over the six brow points, minus the mean over the four eye corners) / D``
- eye closure = ``1 - gap(kp + d) / gap(kp)``, ``gap`` being the height of the lower lid's point below the
  upper lid's; at most 1, as lids that press on each other are closed
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

CLOSED = 0.6
"""Mean closure of both eyes from which they count as closed,"""

OPEN = 0.35
"""and below which as open again: what trembles in between is one closure."""

_LEAST_GAP = 0.02  # of D: a neutral eye less open than that is none whose closing could be told

_NEEDED = (
    "eye_outer_l", "eye_outer_r", "eye_inner_l", "eye_inner_r", "lid_up_l", "lid_up_r", "lid_low_l", "lid_low_r",
    "brow_inner_l", "brow_inner_r", "brow_mid_l", "brow_mid_r", "brow_outer_l", "brow_outer_r",
    "mouth_l", "mouth_r", "lip_up", "lip_low", "subnasale",
)  # fmt: skip
_OUT_AND_UP = np.array([[1.0, -1.0, 0.0], [-1.0, -1.0, 0.0]]) / math.sqrt(2)  # the subject's left, then right


class FaceShape(NamedTuple):
    """Units as in ``app.core.derived.DERIVED``; NaN where the keypoints have no names or no size."""

    mouth_opening: float = math.nan
    smile: float = math.nan
    brow_raise: float = math.nan
    eye_closure_l: float = math.nan
    eye_closure_r: float = math.nan


NO_SHAPE = FaceShape()


def displacements(exp: Array, rotation: Array) -> NDArray[np.float64]:
    """The expression's displacements (K, 3) in the head frame, of those in the camera-aligned one, (K, 3)."""
    return np.asarray(np.asarray(exp, np.float64) @ np.asarray(rotation, np.float64))


def face_shape(kp: Array, moved: Array, names: Sequence[str] | None) -> FaceShape:
    """The neutral shape ``kp`` and displacements ``moved``, (K, 3) in the head frame, as what the face does.

    ``names`` are the keypoints'; without them, or without one that is needed, every number is NaN.
    """
    index = _indices(tuple(names)) if names is not None else None
    if names is None or index is None or not len(kp) == len(moved) == len(names):
        return NO_SHAPE
    neutral, d = np.asarray(kp, np.float64), np.asarray(moved, np.float64)
    apart = float(np.linalg.norm(neutral[index.corners[0]] - neutral[index.corners[1]]))
    if not (math.isfinite(apart) and apart > 1e-6 and np.isfinite(d).all()):
        return NO_SHAPE
    lips, lips_then = _between(neutral + d, index.lips), _between(neutral, index.lips)
    corners = d[list(index.mouth)] - d[index.subnasale]
    lifted = d[list(index.corners), 1].mean() - d[list(index.brows), 1].mean()
    closures = [_closure(neutral, d, lids, apart) for lids in index.lids]
    return FaceShape(
        float(np.linalg.norm(lips) - np.linalg.norm(lips_then)) / apart,
        float((corners * _OUT_AND_UP).sum(axis=1).mean()) / apart,
        float(lifted) / apart,
        closures[0],
        closures[1],
    )


class _Indices(NamedTuple):
    corners: tuple[int, ...]  # outer left, outer right, inner left, inner right
    lids: tuple[tuple[int, int], tuple[int, int]]  # left, right: upper, lower
    brows: tuple[int, ...]
    mouth: tuple[int, int]  # left, right corner
    lips: tuple[int, int]  # upper, lower
    subnasale: int


@lru_cache(maxsize=8)
def _indices(names: tuple[str, ...]) -> _Indices | None:
    place = {name: i for i, name in enumerate(names)}
    if not all(name in place for name in _NEEDED):
        return None
    at = tuple(place[name] for name in _NEEDED)
    return _Indices(at[:4], ((at[4], at[6]), (at[5], at[7])), at[8:14], (at[14], at[15]), (at[16], at[17]), at[18])


def _between(points: NDArray[np.float64], pair: tuple[int, int]) -> NDArray[np.float64]:
    return np.asarray(points[pair[1]] - points[pair[0]])


def _closure(neutral: NDArray[np.float64], d: NDArray[np.float64], lids: tuple[int, int], apart: float) -> float:
    open_by = float(_between(neutral, lids)[1])
    if open_by < _LEAST_GAP * apart:
        return math.nan
    return min(1.0, 1.0 - float(_between(neutral + d, lids)[1]) / open_by)
