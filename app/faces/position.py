"""From the size and place of a face in the picture to centimetres: a pinhole camera, a face of told or average size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.frames import FaceResult
from app.core.position import NOWHERE, FaceSize, FieldOfView, Position
from extractor.types import KEYPOINT_NAMES

UNIT_CM = 10.9
"""A unit of the keypoints in an adult's face.

In rendered heads, brought to the size of one unit, the centres of the eyes are 0.58 units apart (236 adults, deviation
0.031).  Adults' are 6.32 cm (Zhuang & Bradtmiller 2005: men 6.45, women 6.19).  The cheekbones are then 14.3 cm apart.
"""

FACE_SPREAD = 0.057
"""How much adults' faces differ in size, by their width: men 14.35 (deviation 0.69), women 13.51 (0.65) cm (ibid.)."""

PUPILS = 0.962
"""The distance of the pupils as a share of that between the middles of the eyes, each halfway between its corners.

In the same rendered heads these are 0.603 units apart, as the network sees them.
"""

TOLD_SPREAD = 0.043
"""How far a face's size is off by its pupils' distance, on the same heads: the network sees the shape only roughly."""

SCALE_SPREAD = 0.032
"""How far the network's scale is off on 299 rendered heads (``tests/faces/measure_position.py``); 0.6 % on average."""

PLACE_STD_CM = 0.5  # across, from the same heads


def position_of(
    face: FaceResult,
    view: FieldOfView,
    width: int,
    height: int,
    names: Sequence[str] | None,
    size: FaceSize | None = None,
) -> Position:
    """The position of the head before a camera that sees ``view`` in pictures of ``width`` x ``height`` pixels.

    ``names``: of the keypoints; only the project's own have a known size.  ``size``: None: an adult's average.

    The scale belongs to a parallel projection, so it tells how far the middle of the keypoints is; from there it
    is a known way to the point that the head turns about.  Beside the axis a picture shows things stretched away
    from its middle, by 1 / cos of the angle: half of that lies in the scale.
    """
    if not face.pose_trained or names is None or tuple(names) != KEYPOINT_NAMES:
        return NOWHERE
    affine, focal = face.crop_to_frame, view.focal_px(width, height)
    middle = (face.kp @ face.rotation.T + face.exp).mean(axis=0)
    place = affine[:, :2] @ (face.t[:2] + face.scale * middle[:2]) + affine[:, 2]
    across, down = (place - (width / 2, height / 2)) / focal
    size_px = face.scale * affine[0, 0]
    unit, unit_spread = (UNIT_CM, FACE_SPREAD) if size is None else (_unit_cm(face.kp, size), TOLD_SPREAD)
    if not (size_px > 0 and math.isfinite(unit)):
        return NOWHERE
    away = focal / size_px * (1 + across**2 + down**2) ** 0.25
    cm = [float(unit * v) for v in (across * away - middle[0], down * away - middle[1], away - middle[2])]
    spread = math.hypot(unit_spread, SCALE_SPREAD)
    std = [math.hypot(spread * v, PLACE_STD_CM) for v in cm[:2]]
    return Position.of(cm, (*std, math.hypot(spread, view.focal_spread) * abs(cm[2])))


def _unit_cm(kp: NDArray[np.floating[Any]], size: FaceSize) -> float:
    """A unit of the neutral keypoints (K, 3) in a face of this size."""
    corners = {name: kp[KEYPOINT_NAMES.index(name)] for name in KEYPOINT_NAMES if name.startswith("eye_")}
    left, right = ((corners[f"eye_inner_{side}"] + corners[f"eye_outer_{side}"]) / 2 for side in "lr")
    apart = float(np.linalg.norm(left - right))
    return size.pupils_mm / 10 / (PUPILS * apart) if apart > 0 else math.nan
