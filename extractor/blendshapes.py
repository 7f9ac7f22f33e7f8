"""ARKit's blendshapes, 0 at rest and 1 at their end, of what 24 named keypoints show of a face.

As in ``extractor.face_shape``: ``kp`` is the neutral shape and ``d`` the displacements, both in the head frame (x to
the subject's left, y down), and ``D`` the distance of the neutral outer eye corners, about 9 cm.  With ``CM = 0.11 D``
and lids, brows and mouth each relative to what they hang on:

- eyeBlink = closure of the lids' gap
- jawOpen = mouth opening, 1 at 0.5 D
- mouthSmile = a corner's motion out and up, 1 at CM
- mouthPucker = by how much the corners are closer together, 1 at 2 CM
- browInnerUp, browOuterUp, browDown = motion of the inner ends, of a brow's outer two points, and of its inner two,
  1 at CM

The other of ARKit's 52 need points that the weights don't have, or follow MediaPipe's mesh by less than 0.3 on films
of people: eyeWide, jawLeft, jawRight, mouthLeft, mouthRight, mouthFrown were tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extractor.face_shape import Array, face_shape

CARRIED = (
    "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthPucker", "mouthSmileLeft", "mouthSmileRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
)  # fmt: skip
"""Those that ``blendshapes`` gives, spelt and ordered as ARKit does."""

CM = 0.11
OPEN_MOUTH = 0.5


def blendshapes(kp: Array, moved: Array, names: Sequence[str] | None) -> dict[str, float]:
    """Values from 0 to 1 by the names of ``CARRIED``.

    Args:
        kp: (K, 3) neutral shape, head frame.
        moved: (K, 3) displacements, head frame (``extractor.face_shape.displacements``).
        names: Of the keypoints.

    Returns:
        Those that are known: none without names or without a finite shape, and none of an eye whose neutral gap is
        too narrow.
    """
    shape = face_shape(kp, moved, names)
    if names is None or not math.isfinite(shape.mouth_opening):
        return {}
    place = {name: i for i, name in enumerate(names)}
    neutral, d = np.asarray(kp, np.float64), np.asarray(moved, np.float64)
    unit = CM * float(np.linalg.norm(neutral[place["eye_outer_l"]] - neutral[place["eye_outer_r"]]))

    def motion(*points: str) -> NDArray[np.float64]:
        return np.asarray(d[[place[name] for name in points]].mean(axis=0))

    nose, eyes = motion("subnasale"), motion("eye_outer_l", "eye_outer_r", "eye_inner_l", "eye_inner_r")
    corners = [place["mouth_l"], place["mouth_r"]]
    closer = np.linalg.norm(np.subtract(*neutral[corners])) - np.linalg.norm(np.subtract(*(neutral + d)[corners]))
    values = {
        "jawOpen": shape.mouth_opening / OPEN_MOUTH,
        "mouthPucker": closer / (2 * unit),
        "browInnerUp": (eyes - motion("brow_inner_l", "brow_inner_r"))[1] / unit,
    }
    for side, letter, out, closure in (("Left", "l", 1, shape.eye_closure_l), ("Right", "r", -1, shape.eye_closure_r)):
        corner = motion(f"mouth_{letter}") - nose
        values |= {
            f"eyeBlink{side}": closure,
            f"mouthSmile{side}": (corner[0] * out - corner[1]) / math.sqrt(2) / unit,
            f"browDown{side}": (motion(f"brow_inner_{letter}", f"brow_mid_{letter}") - eyes)[1] / unit,
            f"browOuterUp{side}": (eyes - motion(f"brow_mid_{letter}", f"brow_outer_{letter}"))[1] / unit,
        }
    return {name: min(max(float(values[name]), 0.0), 1.0) for name in CARRIED if math.isfinite(values[name])}
