import csv
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.rotation import rotation_of
from app.session.exporters import export_session
from app.session.exporters.openface import OpenFaceCsv, openface_angles
from app.session.session import Session
from extractor.types import Angles
from tests.session.exporters.conftest import FRAMES, SKIPPED, TWO_FACES, UNMEASURED

# As OpenFace itself writes it with "-pose" alone.
HEADER = "frame,face_id,timestamp,confidence,success,pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz,missing,face_name"

angle = st.floats(-89, 89)


def turn(axis, radians):
    """A rotation about one axis of the camera's frame, by the right hand."""
    c, s = np.cos(radians), np.sin(radians)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


@given(angle, angle, angle)
def test_the_angles_give_the_same_rotation_composed_as_openface_composes_it(pitch, yaw, roll):
    rx, ry, rz = openface_angles(np.array([[pitch, yaw, roll]]))[0]
    openface = turn(0, rx) @ turn(1, ry) @ turn(2, rz)
    assert np.allclose(openface, rotation_of(Angles(pitch, yaw, roll)), atol=1e-5)


@pytest.mark.parametrize(
    ("degrees", "column", "nose"),
    [
        ((30, 0, 0), 0, (0, 0.5, -0.866)),  # looks down: pose_Rx is positive
        ((0, 30, 0), 1, (-0.5, 0, -0.866)),  # to the image's left: pose_Ry is positive
        ((0, 0, 30), 2, (0, 0, -1)),  # clockwise in the image: pose_Rz is positive
    ],
)
def test_each_axis_has_openfaces_sign(degrees, column, nose):
    radians = openface_angles(np.array([degrees], float))[0]
    assert radians[column] == pytest.approx(np.deg2rad(30))
    assert np.delete(radians, column) == pytest.approx([0, 0], abs=1e-12)
    assert turn(column, radians[column]) @ (0, 0, -1) == pytest.approx(nose, abs=1e-3)


def test_every_frame_has_its_rows(session, tmp_path):
    (path,) = export_session(session, OpenFaceCsv(), tmp_path / "out")
    assert path.read_text(encoding="utf-8").split("\n")[0] == HEADER
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frames = {int(frame): list(group) for frame, group in groupby(rows, key=lambda row: row["frame"])}
    assert list(frames) == list(range(1, FRAMES + 1))
    assert {number - 1 for number, group in frames.items() if len(group) == 2} == set(TWO_FACES)
    for number, group in frames.items():
        k = number - 1
        assert float(group[0]["timestamp"]) == pytest.approx(session.table.timestamp_s[k], abs=1e-6)
        if k in UNMEASURED or k in SKIPPED:
            assert [group[0][name] for name in ("face_id", "confidence", "success")] == ["0", "0", "0"]
            assert group[0]["missing"] == ("no_face" if k in UNMEASURED else "skipped")
            assert {group[0][name] for name in group[0] if name.startswith("pose_")} == {""}
            continue
        assert [row["face_id"] for row in group] == ["0", "9"][: len(group)]
        assert {row["confidence"] for row in group} == {"0.8750"}
        place = [float(group[0][f"pose_T{axis}"]) for axis in "xyz"]
        assert place == pytest.approx((10 * session.table.whole.position[k, :3]).tolist(), abs=0.06)  # millimetres
        radians = [float(group[0][f"pose_R{axis}"]) for axis in "xyz"]
        assert radians == pytest.approx(openface_angles(session.table.angles_deg[k : k + 1])[0], abs=1e-6)
    second = frames[TWO_FACES[0] + 1][1]
    assert float(second["pose_Rx"]) == pytest.approx(openface_angles(session.faces.angles_deg[:1])[0][0], abs=1e-6)


def test_the_quality_is_the_confidence_and_decides_on_success(record, tmp_path):
    """What is below the threshold has no success, and its numbers nevertheless."""
    session = Session.open(record(quality=lambda number: 0.25 if number % 2 else 0.75, quality_threshold=0.5))
    (path,) = export_session(session, OpenFaceCsv(), tmp_path / "out")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["pose_Rx"] and row["face_id"] == "0"]
    assert len(rows) == FRAMES - len(UNMEASURED) - len(SKIPPED)
    for row in rows:
        low = (int(row["frame"]) - 1) % 2
        assert (row["confidence"], row["success"], row["missing"]) == (
            ("0.2500", "0", "") if low else ("0.7500", "1", "")
        )
