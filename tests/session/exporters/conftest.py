"""Small real sessions, recorded by the session writer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from app.core.frames import Box, Detection
from app.core.position import Position
from app.session.folders import claim_folder
from app.session.session import Session
from app.session.writer import SessionWriter
from extractor.types import KEYPOINT_NAMES, Angles

FRAMES = 24
UNMEASURED = (3, 4, 11)  # inferred, without a face
SKIPPED = (7, 15, 16)  # never inferred
TWO_FACES = (5, 6, 20)


@pytest.fixture
def record(tmp_path, header, make_frame, nth_face, result_of):
    """Record a session of an odd size at a varying rate, with gaps, further faces and annotations."""

    def make(
        name="session",
        width=161,
        height=121,
        frames=FRAMES,
        annotations=(),
        video=True,
        measure=True,
        quality=lambda number: math.nan,
        **header_changes,
    ):
        rng = np.random.default_rng(7)
        times = 50.0 + np.cumsum(rng.uniform(0.004, 0.09, frames))
        folder = claim_folder(tmp_path / name)
        about = replace(header, **{"keypoint_names": KEYPOINT_NAMES, **header_changes})
        with SessionWriter(folder, about, video=video) as writer:
            for i, time in enumerate(times):
                frame = make_frame(i, captured_s=float(time), width=width, height=height, value=4 * i)
                assert writer.add_frame(frame)
                if i in SKIPPED or not measure:
                    continue
                faces = [replace(_face(nth_face, i), quality=quality(i))] if i not in UNMEASURED else []
                if i in TWO_FACES:
                    faces.append(_face(nth_face, i + 40, face_id=9))
                writer.add_result(result_of(frame, faces))
            for annotation in annotations:
                writer.add_annotation(*annotation[:2], *annotation[2:3], at_s=float(times[0]) + annotation[3])
        return folder

    return make


def _face(nth_face, number, face_id=0):
    angles = Angles(number - 10.25, 25.5 - 2 * number, number / 8 - 1)
    rng = np.random.default_rng(number)
    return nth_face(
        number,
        face_id,
        angles=angles,
        detection=Detection(Box(40.5 + number / 4, 30.25, 60.0, 70.125), 0.875),
        keypoints=rng.uniform((45, 35), (95, 95), (24, 2)).astype(np.float32),
        kp=rng.normal(size=(24, 3)).astype(np.float32),
        exp=rng.normal(0, 0.02, (24, 3)).astype(np.float32),
        logits=rng.normal(0, 4, (3, 66)).astype(np.float32),
        scale=1.25 + number / 64,
        crop_to_frame=np.array([[40, 0, 70], [0, 40, 65 + number]], np.float32),
        position=Position(number / 4, -2.5, 60.0 + number, 0.5, 0.25, 4.0),
    )


@pytest.fixture
def session(record):
    """The usual one, opened."""
    annotations = (
        ("blink", "", 0.0, 0.11),
        ("speech", "hello & <goodbye>", 0.3, 0.2),
        ("speech", "overlaps", 0.4, 0.35),
        ("blink", "", 0.0, 0.8),
    )
    return Session.open(
        record(annotations=annotations, participant="P 01", task="free talk", consent="form 12", comment="lamp\non")
    )
