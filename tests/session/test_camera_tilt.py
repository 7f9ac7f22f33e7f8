"""A recording of a camera that is not level: kept as measured, told and exported as a level camera's."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from app.core.tilt import MEASURED, CameraTilt, levelled_deg
from app.session.analyses import Analysis, AnalysisHeader
from app.session.exporters import export_session
from app.session.exporters.annotated import draw_faces
from app.session.exporters.base import faces_of_frames
from app.session.exporters.bids import BidsMotion
from app.session.exporters.openface import OpenFaceCsv, openface_angles
from app.session.manifest import Manifest
from app.session.session import Session
from app.session.writer import SessionWriter

TILT = CameraTilt(-20.0, 3.5, MEASURED, 0.6, 12.5)


@pytest.fixture
def tilted(tmp_path, header, make_frame, result_of):
    """A recording whose tilt was found while it ran."""
    folder = tmp_path / "tilted"
    folder.mkdir()
    with SessionWriter(folder, header, video=False) as writer:
        for i in range(8):
            frame = make_frame(i)
            assert writer.add_frame(frame)
            writer.add_result(result_of(frame))
        writer.set_camera(camera_tilt=TILT)
    return Session.open(folder)


def test_the_tilt_stands_in_the_manifest_and_the_table_stays_as_measured(tilted, nth_face):
    assert tilted.manifest.header.camera_tilt == TILT == Manifest.read(tilted.folder).header.camera_tilt
    stored = json.loads((tilted.folder / "session.json").read_text(encoding="utf-8"))["header"]["camera_tilt"]
    assert stored == {"pitch_deg": -20.0, "roll_deg": 3.5, "found": "measured", "std_deg": 0.6, "bend_deg": 12.5}
    np.testing.assert_allclose(tilted.table.angles_deg[4], nth_face(4).angles, atol=1e-3)
    np.testing.assert_array_equal(tilted.levelled_deg(tilted.table), levelled_deg(tilted.table.angles_deg, TILT))
    assert np.abs(tilted.levelled_deg(tilted.table) - tilted.table.angles_deg).max() > 15


def test_a_recording_made_before_there_were_bends_has_none(tilted):
    path = tilted.folder / "session.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    del stored["header"]["camera_tilt"]["bend_deg"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert Manifest.read(tilted.folder).header.camera_tilt == TILT.without_bend


def test_a_table_of_another_network_has_not_this_ones_bend(tilted):
    def described(sha256):
        analysis = AnalysisHeader("again", 8, 24, "w", sha256, "", True, "torch", "cpu")
        return Analysis(tilted.folder, analysis).describe(tilted.manifest).header.camera_tilt

    assert described(tilted.manifest.header.weights_sha256) == TILT
    assert described("another") == TILT.without_bend


@pytest.mark.parametrize("value", ['{"pitch_deg": 200, "roll_deg": 0}', '{"roll_deg": 0}', '"level"'])
def test_a_tilt_that_makes_no_sense_is_damage_that_is_said(tilted, value):
    from app.core.errors import SessionError

    path = tilted.folder / "session.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["header"]["camera_tilt"] = json.loads(value)
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(SessionError, match="camera_tilt"):
        Manifest.read(tilted.folder)


def test_exports_hold_the_angles_of_a_level_camera_and_say_so(tilted, tmp_path):
    levelled = tilted.levelled_deg(tilted.table)
    (path,) = export_session(tilted, OpenFaceCsv(), tmp_path / "openface")
    with path.open(newline="", encoding="utf-8") as file:
        told = [[float(row[f"pose_R{axis}"]) for axis in "xyz"] for row in csv.DictReader(file)]
    np.testing.assert_allclose(told, openface_angles(levelled), atol=1e-5)
    (root,) = export_session(tilted, BidsMotion(), tmp_path / "bids")
    rows = np.genfromtxt(next(root.rglob("*_motion.tsv")), delimiter="\t")
    np.testing.assert_allclose(np.rad2deg(rows[:, 1:4]), levelled, atol=1e-3)
    told = (root / "README").read_text(encoding="utf-8")
    assert "Camera tilt (measured): pitch -20, roll 3.5 degrees" in told
    assert "less 12.5 degrees times 1 - cos(yaw) of pitch" in told


def test_annotated_pictures_have_the_axes_as_seen_and_the_angles_of_a_level_camera(tilted):
    names = tilted.manifest.header.keypoint_names
    (faces, *_) = faces_of_frames(tilted)
    plain, levelled = (np.zeros((480, 640, 3), np.uint8) for _ in range(2))
    draw_faces(plain, faces, names, None)
    draw_faces(levelled, faces, names, TILT)
    changed = np.argwhere((plain != levelled).any(axis=2))
    assert len(changed)
    assert np.ptp(changed[:, 0]) < 24  # only the line of text differs
