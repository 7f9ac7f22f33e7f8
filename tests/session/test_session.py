"""Sessions opened for review: whole, cut off, without video, damaged; their faces as they were measured."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import SessionError
from app.session.folders import claim_folder
from app.session.manifest import Manifest, MediaFile
from app.session.offline import ExtractWriter
from app.session.ownership import Owner
from app.session.session import CutOffError, Session
from app.session.writer import SessionWriter
from extractor.types import KEYPOINT_NAMES, Angles
from tests.session.long_session import make_session, write_table


@pytest.fixture
def recorded(tmp_path, header, make_frame, nth_face, result_of):
    """Frame 3 without a face, frame 4 with two; expression that says which frame it is of."""
    folder = claim_folder(tmp_path / "session")
    faces = {}
    with SessionWriter(folder, replace(header, keypoint_names=KEYPOINT_NAMES)) as writer:
        for number in range(8):
            frame = make_frame(number)
            writer.add_frame(frame)
            exp = np.full((24, 3), number / 100, np.float32)
            face = nth_face(number, exp=exp, logits=np.full((3, 66), number, np.float32))
            faces[number] = {3: (), 4: (face, nth_face(44, 1))}.get(number, (face,))
            writer.add_result(result_of(frame, faces[number]))
        writer.add_annotation("blink", "left", 0.2, at_s=100.1)
    return folder, faces


def test_faces_are_as_they_were_measured(recorded):
    folder, faces = recorded
    session = Session.open(folder, lenient=True)
    assert len(session) == 8
    assert [annotation.label for annotation in session.annotations] == ["blink"]
    for number, wanted in faces.items():
        found = session.faces_of(number)
        assert [face.face_id for face in found] == [face.face_id for face in wanted]
        for face, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(face.angles, other.angles, atol=1e-4)
            np.testing.assert_allclose(face.std, other.std, atol=1e-4)
            np.testing.assert_allclose(face.keypoints, other.keypoints, atol=1e-3)
            assert face.detection.box == pytest.approx(other.detection.box) or face.detection.box.x == pytest.approx(
                other.detection.box.x, abs=1e-3
            )
        if found:  # the primary one's raw outputs too
            np.testing.assert_array_equal(found[0].exp, wanted[0].exp)
            np.testing.assert_array_equal(found[0].logits, wanted[0].logits)
            np.testing.assert_array_equal(found[0].rotation, wanted[0].rotation)
            assert found[0].mouth_magnitude == pytest.approx(np.sqrt(3) * number / 100, abs=1e-6)
    session.close()


def test_without_raw_outputs_the_table_is_enough(recorded):
    folder, _ = recorded
    (folder / "motion.bin").unlink()
    session = Session.open(folder, lenient=True)
    (face,) = session.faces_of(2)
    assert np.isnan(face.mouth_magnitude)
    assert face.exp_magnitude == pytest.approx(0.03125)
    # The rotation belongs to the angles.
    assert face.rotation[2, 0] == pytest.approx(-np.sin(np.deg2rad(face.angles.yaw_deg)), abs=1e-6)
    session.close()


def test_the_frame_on_the_screen_at_a_time(tmp_path):
    session = Session.open(make_session(tmp_path / "session", 60, video=False), lenient=True)
    assert [session.frame_at(t) for t in (-1.0, 0.0, 0.01, 1 / 30, 0.99, 1.0, 50.0)] == [0, 0, 0, 1, 29, 30, 59]
    assert session.video is None
    assert "numbers alone were recorded" in session.video_problem
    with pytest.raises(SessionError, match="has no video"):
        session.open_pictures()
    session.close()


def test_a_session_that_lost_its_video(tmp_path):
    folder = make_session(tmp_path / "session", 10)
    (folder / "video.mkv").unlink()
    session = Session.open(folder, lenient=True)
    assert session.video is None
    assert "is missing" in session.video_problem
    session.close()


def test_an_extracted_session_finds_its_video_where_it_was_moved_with_it(tmp_path, header, make_frame, result_of):
    source = make_session(tmp_path / "source", 10) / "video.mkv"
    clip = tmp_path / "here" / "clip.mkv"
    clip.parent.mkdir()
    shutil.copyfile(source, clip)
    folder = claim_folder(clip.parent / "clip")
    with ExtractWriter(folder, replace(header, media=MediaFile.of(clip))) as table:
        for number in range(10):
            table.write(result_of(make_frame(number)), number / 30)
    session = Session.open(folder, lenient=True)
    assert session.video == clip
    reader = session.open_pictures()
    assert reader.frame_at(7).number == 7
    reader.close()
    session.close()
    moved = tmp_path / "there"
    clip.parent.rename(moved)
    session = Session.open(moved / "clip", lenient=True)
    assert session.video == moved / "clip.mkv"
    session.close()
    with (moved / "clip.mkv").open("ab") as file:
        file.write(b"more")
    session = Session.open(moved / "clip", lenient=True)
    assert session.video is None
    assert "is not there any more" in session.video_problem
    session.close()


def test_another_table_must_have_the_same_rows(tmp_path):
    session = Session.open(make_session(tmp_path / "session", 20, video=False), lenient=True)
    write_table(tmp_path / "other.csv", np.arange(20) / 30, offset=2.0)
    other = session.open_table(tmp_path / "other.csv")
    assert np.nanmean(other.angles_deg - session.table.angles_deg) == pytest.approx(2.0, abs=1e-3)
    other.close()
    write_table(tmp_path / "short.csv", np.arange(19) / 30)
    with pytest.raises(SessionError, match="19 rows for 20 frames"):
        session.open_table(tmp_path / "short.csv")
    session.close()


def test_a_recording_that_was_cut_off_can_be_recovered(tmp_path):
    folder = make_session(tmp_path / "session", 10)
    manifest = Manifest.read(folder)
    replace(manifest, state="recording", owner=Owner(2**22 + 1, 1.0)).write(folder)
    for name in ("video.mkv", "frames.csv"):
        (folder / name).rename(folder / name.replace(".", ".part."))
    with pytest.raises(CutOffError, match="was cut off"):
        Session.open(folder, lenient=True)
    assert (folder / "video.part.mkv").exists()  # looking changes nothing


def test_one_that_is_still_recorded_is_refused(tmp_path):
    folder = make_session(tmp_path / "session", 10, video=False)
    replace(Manifest.read(folder), state="recording", owner=Owner.this_process()).write(folder)
    with pytest.raises(SessionError, match="still being recorded"):
        Session.open(folder, lenient=True)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda folder: (folder / "session.json").unlink(), "not a recorded session"),
        (lambda folder: (folder / "session.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "frames.csv").unlink(), "can't be read"),
        (lambda folder: (folder / "frames.csv").write_text("x\n1\n"), "not a table"),
    ],
)
def test_bad_sessions_are_one_sentence(tmp_path, break_it, says):
    folder = make_session(tmp_path / "session", 10, video=False)
    break_it(folder)
    with pytest.raises(SessionError, match=says) as caught:
        Session.open(folder, lenient=True)
    assert "\n" not in str(caught.value)


def test_a_file_and_nothing_are_no_sessions(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionError, match="is a file"):
        Session.open(tmp_path / "file", lenient=True)
    with pytest.raises(SessionError, match="does not exist"):
        Session.open(tmp_path / "nothing", lenient=True)


def test_truth_of_the_demo(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "demo")
    with SessionWriter(folder, header) as writer:
        for number in range(4):
            truth = Angles(1.0 * number, 2.0, 3.0) if number != 2 else None
            writer.add_frame(replace(make_frame(number), truth=truth))
    session = Session.open(folder, lenient=True)
    assert session.truth is not None
    np.testing.assert_array_equal(session.truth[3], [3, 2, 3])
    assert np.isnan(session.truth[2]).all()
    session.close()
