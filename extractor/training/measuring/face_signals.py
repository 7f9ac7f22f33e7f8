"""What a face does, in three numbers that a network's keypoints and MediaPipe's mesh are both asked for.

In the plane of x and y, with ``D`` the distance of the outer eye corners there:

- eyes = distance of the upper and lower lid's points, mean of both eyes, by D
- mouth = distance of ``lip_up`` and ``lip_low``, by D
- brows = distance of ``brow_mid`` from the line through the same eye's corners, mean of both sides, by D

The plane is the head's own for points in space that were turned into the head frame (``in_head_frame``), so a nod
changes nothing; or the picture's, where it does, in both alike.  No neutral face is needed, so these are not
``extractor.face_shape``'s numbers: a person's own level stays in them, which a correlation over time does not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from extractor.training.geometry import Array
from extractor.types import KEYPOINT_NAMES

SIGNALS = ("eyes", "mouth", "brows")

STILL = 0.005
"""Standard deviation of a true signal up to which it does not move: the mesh itself trembles by a third of it."""


def in_head_frame(points: Array, rotation: Array) -> Array:
    """Points (n, K, 3) in the camera's axes as the head frame sees them, with head poses (n, 3, 3)."""
    return np.asarray(np.asarray(points, np.float64) @ np.asarray(rotation, np.float64))


def face_signals(points: Array) -> Array:
    """(n, 3) eyes, mouth, brows of points (n, 24, 2 or 3); NaN stays NaN."""
    plane = np.asarray(points, np.float64)[..., :2]

    def apart(a: str, b: str) -> Array:
        first, second = (plane[:, KEYPOINT_NAMES.index(name)] for name in (a, b))
        return np.asarray(np.linalg.norm(first - second, axis=-1))

    def above(side: str) -> Array:
        brow, inner, outer = (
            plane[:, KEYPOINT_NAMES.index(f"{name}_{side}")] for name in ("brow_mid", "eye_inner", "eye_outer")
        )
        (ax, ay), (bx, by) = (outer - inner).T, (brow - inner).T
        return np.asarray(np.abs(ax * by - ay * bx) / np.hypot(ax, ay))

    with np.errstate(invalid="ignore", divide="ignore"):
        eyes = (apart("lid_up_l", "lid_low_l") + apart("lid_up_r", "lid_low_r")) / 2
        signals = np.stack([eyes, apart("lip_up", "lip_low"), (above("l") + above("r")) / 2], axis=1)
        return np.asarray(signals / apart("eye_outer_l", "eye_outer_r")[:, None])


def correlations(
    said: Array, true: Array, names: Sequence[str] = SIGNALS, still: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Pearson's of each column over the rows that both know, (n, len(names)) each.

    One whose true deviation is at most ``still`` (by name; None: ``STILL``) does not move and is left out.
    """
    found = {}
    for column, name in enumerate(names):
        a, b = said[:, column], true[:, column]
        known = np.isfinite(a) & np.isfinite(b)
        if known.sum() > 2 and b[known].std() > (STILL if still is None else still[name]):
            moves = a[known].std() > 0
            found[name] = round(float(np.corrcoef(a[known], b[known])[0, 1]), 3) if moves else 0.0
    return found
