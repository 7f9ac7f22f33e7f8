"""The head frame of a face: the one in which its neutral keypoints lie best on a mean face's.

Ears and the back of a head vary from person to person, are mostly under hair, and say nothing about which way a
face looks; frames laid through them differ by 3 degrees of pitch (standard deviation over people) from the
frame of the face's own surface, which no picture can tell.  With these 24 points it is 1.1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extractor.training.geometry import Array, align, rotation
from extractor.training.shards import Heads
from extractor.types import KEYPOINT_NAMES

_MIDDLE = {
    "nose_tip": (0.1032, -0.6104), "nasion": (-0.2380, -0.4299), "subnasale": (0.2271, -0.5174),
    "lip_up": (0.3628, -0.5499), "lip_low": (0.4929, -0.5124), "chin": (0.7638, -0.4178),
}  # fmt: skip
_LEFT = {
    "eye_inner": (0.1903, -0.2067, -0.3217), "eye_outer": (0.4152, -0.2191, -0.2852),
    "lid_up": (0.2932, -0.2610, -0.3568), "lid_low": (0.2941, -0.1838, -0.3443),
    "brow_inner": (0.1402, -0.3277, -0.4223), "brow_mid": (0.3295, -0.3334, -0.3935),
    "brow_outer": (0.5226, -0.3008, -0.2296), "mouth": (0.2207, 0.4481, -0.4016), "alar": (0.1745, 0.1441, -0.4205),
}  # fmt: skip


def _mean_point(name: str) -> tuple[float, float, float]:
    if name in _MIDDLE:
        return (0.0, *_MIDDLE[name])
    x, y, z = _LEFT[name[:-2]]
    return (x if name.endswith("l") else -x, y, z)


ZERO_PITCH_DEG = 1.8
"""Pitch of the heads' own frame seen from the project's: ``R = R_own @ Rx(1.8)``.

Every data set and estimator has its own straight ahead.  The project uses the one of photographs labelled with 3D
morphable models (AFLW2000-3D).  Three estimators (opentrack, 3DDFA_V2, MediaPipe FaceMesh) say a pitch that is 1.2 to
1.8 degrees larger on such photographs (``face_mesh.ESTIMATOR_PITCH_DEG``), and 3.3 degrees larger on rendered heads.
"""


MEAN_FACE: Array = np.array([_mean_point(name) for name in KEYPOINT_NAMES]) @ rotation(ZERO_PITCH_DEG, 0.0, 0.0)
"""(24, 3) the keypoints of MakeHuman's mean young adult in the conventions' head frame, decimetres from the
point that the head turns about; symmetric, so that a mirrored face has the mirrored pose."""


def in_face_frame(heads: Heads) -> Heads:
    """The same heads with poses and shapes in the faces' own frames; done twice it changes nothing more.

    Shards of earlier versions have frames laid through ears.  Pictures, projections and boxes stay.
    """
    turn, size = align(MEAN_FACE, heads.neutral.astype(np.float64))
    centre = heads.neutral.mean(1, keepdims=True)

    def framed(shape: Array) -> Array:
        return np.asarray((shape - centre) @ turn / size[:, None, None] + MEAN_FACE.mean(0), np.float32)

    return replace(
        heads,
        rotation=(heads.rotation @ turn).astype(np.float32),
        neutral=framed(heads.neutral),
        deformed=framed(heads.deformed),
    )
