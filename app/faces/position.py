"""From the size and place of a face in the picture to centimetres: a pinhole camera and a face of an adult's size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.core.frames import FaceResult
from app.core.position import NOWHERE, FieldOfView, Position
from extractor.types import KEYPOINT_NAMES

UNIT_CM = 11.0
"""A unit of the keypoints in an adult's face.

In rendered heads, brought to the size of one unit, the centres of the eyes are 0.575 units apart (251 people, deviation
0.028).  Adults' are 6.32 cm (Zhuang & Bradtmiller 2005: men 6.45, women 6.19).  The cheekbones are then 14.4 cm apart.
"""

FACE_SPREAD = 0.057
"""How much adults' faces differ in size, by their width: men 14.35 (deviation 0.69), women 13.51 (0.65) cm (ibid.)."""

SCALE_SPREAD = 0.038
"""How far the network's scale is off on rendered heads (``tests/faces/measure_position.py``)."""

PLACE_STD_CM = 0.5  # across, from the same


def position_of(face: FaceResult, view: FieldOfView, width: int, height: int, names: Sequence[str] | None) -> Position:
    """Where the head is before a camera that sees ``view`` in pictures of ``width`` x ``height`` pixels.

    ``names``: of the keypoints; only the project's own have a known size.

    The scale is that of a parallel projection, so it tells how far the middle of the keypoints is; from there it
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
    if not size_px > 0:
        return NOWHERE
    away = focal / size_px * (1 + across**2 + down**2) ** 0.25
    cm = [float(UNIT_CM * v) for v in (across * away - middle[0], down * away - middle[1], away - middle[2])]
    spread = math.hypot(FACE_SPREAD, SCALE_SPREAD)
    std = [math.hypot(spread * v, PLACE_STD_CM) for v in cm[:2]]
    return Position.of(cm, (*std, math.hypot(spread, view.focal_spread) * abs(cm[2])))
