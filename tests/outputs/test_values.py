"""Each name of the one table of channels stands for its own number."""

from __future__ import annotations

import numpy as np

from app.core.frames import Box, ShownFace
from app.core.position import Position
from app.outputs.values import EXPRESSION, PLACE, POSE, read
from extractor.types import Angles
from tests.factories import make_face


def test_every_number_has_its_own_name():
    face = make_face(
        Angles(1, 2, 3),
        box=Box(10, 11, 12, 13),
        score=0.25,
        std=Angles(4, 5, 6),
        t=np.array([7, 8, 99], np.float32),
        scale=9.0,
        quality=0.75,
        position=Position(14, 15, 16, 17, 18, 19),
        exp_magnitude=20.0,
        brow_magnitude=21.0,
        eye_magnitude=22.0,
        mouth_magnitude=23.0,
    )
    channels = (*POSE, *PLACE, *EXPRESSION)
    shown = ShownFace(face, Angles(31, 32, 33), face.rotation)
    assert dict(zip([channel.name for channel in channels], read(channels, shown), strict=True)) == {
        "pitch_deg": 31, "yaw_deg": 32, "roll_deg": 33,
        "pitch_std_deg": 4, "yaw_std_deg": 5, "roll_std_deg": 6,
        "tx": 7, "ty": 8, "scale": 9,
        "box_x": 10, "box_y": 11, "box_w": 12, "box_h": 13,
        "detection_score": 0.25, "quality": 0.75,
        "x_cm": 14, "y_cm": 15, "z_cm": 16, "x_std_cm": 17, "y_std_cm": 18, "z_std_cm": 19,
        "exp_magnitude": 20, "brow_magnitude": 21, "eye_magnitude": 22, "mouth_magnitude": 23,
    }  # fmt: skip
