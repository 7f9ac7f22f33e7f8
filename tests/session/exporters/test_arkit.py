"""The table of ARKit's blendshapes: a row a frame, its numbers from ``extractor.blendshapes`` about the median."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from app.core.errors import SessionError
from app.session.exporters import export_session
from app.session.exporters.arkit import ArkitCsv
from app.session.motion import open_motion
from app.session.session import Session
from extractor.blendshapes import CARRIED, blendshapes
from extractor.face_shape import displacements
from extractor.types import KEYPOINT_NAMES
from tests.session.exporters.conftest import FRAMES, SKIPPED, UNMEASURED


def test_every_frame_has_a_row_and_its_face_is_measured_from_its_own_rest(session, tmp_path):
    (path,) = export_session(session, ArkitCsv(), tmp_path / "out")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    assert tuple(rows[0]) == ("frame", "timestamp_s", "face_id", *CARRIED, "missing", "face_name")
    assert {k for k, row in enumerate(rows) if row["missing"]} == {*SKIPPED, *UNMEASURED}
    assert all(row[name] == "" for k, row in enumerate(rows) if row["missing"] for name in (*CARRIED, "face_id"))
    records = open_motion(session.motion_path).records
    shapes = np.array([record["kp"] + displacements(record["exp"], record["rotation"]) for record in records])
    rest = np.median(shapes, axis=0)
    for record, shape in zip(records, shapes, strict=True):
        row = rows[record["frame"]]
        expected = blendshapes(rest, shape - rest, KEYPOINT_NAMES)
        assert {name: float(row[name]) for name in CARRIED if row[name]} == pytest.approx(expected, abs=1e-4)


def test_keypoints_without_names_are_refused_in_a_sentence(record, tmp_path):
    session = Session.open(record(keypoint_names=None))
    with pytest.raises(SessionError, match="has keypoints without names"):
        export_session(session, ArkitCsv(), tmp_path / "out")
