"""Pictures, faces and sessions to record."""

from __future__ import annotations

import numpy as np
import pytest

from app.capture.source import SourceInfo
from app.core.frames import Box, Frame, FrameResult
from app.session.manifest import SessionHeader
from extractor.types import KEYPOINT_NAMES, Angles
from tests.factories import make_face

NUM_KP = 24


@pytest.fixture
def header():
    return SessionHeader(
        source=SourceInfo("camera", "Test camera", 64, 48, 30.0, "MJPG"),
        num_kp=NUM_KP,
        weights_name="weights.safetensors",
        weights_sha256="ab" * 32,
        keypoint_names=KEYPOINT_NAMES,
    )


@pytest.fixture
def nth_face():
    def make(number=0, face_id=0, num_kp=NUM_KP, **changes):
        """A face whose numbers tell which frame it belongs to."""
        values = {
            "angles": Angles(number + 0.25, -number - 0.5, number / 8),
            "box": Box(number, 2.5, 30.0, 40.125),
            "scale": 0.75,
            "t": np.array([0.125, -0.25, 0.0], np.float32),
            "keypoints": np.arange(2 * num_kp, dtype=np.float32).reshape(num_kp, 2) + number,
            "magnitudes": float("nan"),
            "exp_magnitude": 0.03125,
        }
        return make_face(num_kp=num_kp, face_id=face_id, **{**values, **changes})

    return make


@pytest.fixture
def make_frame():
    def make(index, captured_s=None, width=64, height=48, value=None):
        """A grey ramp whose brightness tells its number."""
        captured_s = 100.0 + index / 30 if captured_s is None else captured_s
        ramp = np.linspace(0, 60, width, dtype=np.float32)[None, :, None]
        image = np.broadcast_to(ramp + (index * 3 % 180 if value is None else value), (height, width, 3))
        return Frame(index, image.astype(np.uint8), captured_s)

    return make


@pytest.fixture
def result_of(nth_face):
    def make(frame, faces=None):
        faces = (nth_face(frame.index),) if faces is None else faces
        return FrameResult(frame, tuple(faces), frame.captured_s + 0.02)

    return make
