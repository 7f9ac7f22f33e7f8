"""A recorded session measured again: beside the old table, whole or not at all."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from pyarrow import parquet

from app.batch.reanalyse import CancelledError
from app.batch.reanalyse import reanalyse as measure_again
from app.capture.video import VideoSource
from app.commands.cli import main
from app.core.errors import SessionError
from app.core.frames import Frame
from app.core.position import FaceSize, FieldOfView
from app.session.analyses import ANALYSES, analysis_named, begin, find_analyses
from app.session.comparison import compare
from app.session.exporters import EXPORTERS
from app.session.folders import FACES, FRAMES, VIDEO, claim_folder
from app.session.lazy_table import LazyTable
from app.session.manifest import Manifest
from app.session.ownership import Owner
from app.session.session import Session
from app.session.table import Missing, columns, row
from app.session.text_table import encode_rows
from app.session.writer import SessionWriter
from tests.factories import read_table

FRAMES_RECORDED = 20
reanalyse = partial(measure_again, weights="lite")  # any network does


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Path:
    """A session of the demo of odd size, at uneven times, for which the network never had the time."""
    from app.capture.source import SourceInfo
    from app.core.frames import Frame
    from app.session.manifest import SessionHeader

    folder = tmp_path_factory.mktemp("recorded") / "a session"
    folder.mkdir()
    source = VideoSource(assets / "demo.mp4", paced=False)
    source.open()
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.05, FRAMES_RECORDED))
    header = SessionHeader(SourceInfo("video", "demo.mp4", 0, 0, 30.0), num_kp=24)
    with SessionWriter(folder, header) as writer:
        for i, time in enumerate(times):
            image = np.ascontiguousarray(source.read(1.0).image[:-1, :-1])
            assert writer.add_frame(Frame(i, image, float(time)))
    source.close()
    return folder


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "session"))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_frame_is_measured_at_its_time_and_the_old_table_stays(session):
    before = everything(session)
    told: list[tuple[int, int]] = []
    analysis = reanalyse(session, device="cpu", progress=lambda done, total: told.append((done, total)))
    assert told == [(k, FRAMES_RECORDED) for k in range(FRAMES_RECORDED + 1)]
    after = everything(session)
    assert {name: after[name] for name in before} == before

    table, old = LazyTable(analysis.table_path).whole, read_table(session / FRAMES)
    assert table.success.all()
    assert not old.success.any()
    assert np.array_equal(table.timestamp_s, old.timestamp_s)
    manifest = Manifest.read(session)
    right, bottom = (table.box[:, :2] + table.box[:, 2:]).max(0)
    assert (right, bottom) < (manifest.video.width, manifest.video.height)
    assert compare(old, table).only_second.tolist() == list(range(FRAMES_RECORDED))

    assert len(analysis.header.weights_sha256) == 64
    assert analysis.header.engine == "torch"
    assert find_analyses(session) == (analysis,)
    assert Session.open(session).manifest == manifest


def test_frames_that_were_damaged_in_the_film_are_not_measured_in_its_recording(session):
    path = session / FRAMES
    lines = path.read_text().splitlines()
    place = lines[0].split(",").index("missing")
    for k in (4, 5):
        fields = lines[1 + k].split(",")
        fields[place] = "damaged"
        lines[1 + k] = ",".join(fields)
    path.write_text("\n".join(lines) + "\n")
    table = LazyTable(reanalyse(session, device="cpu").table_path)
    assert np.flatnonzero(table.missing == Missing.DAMAGED).tolist() == [4, 5]
    assert np.flatnonzero(~table.success.astype(bool)).tolist() == [4, 5]


def test_another_estimator_measures_beside_the_network(session, capsys):
    assert main(["reanalyse", str(session), "--estimator", "facemesh", "--device", "cpu", "--quiet"]) == 0
    (analysis,) = find_analyses(session)
    assert analysis.name == "facemesh"
    assert analysis.header.weights_summary.startswith("MediaPipe FaceMesh")
    assert analysis.header.quality_threshold is None
    table = LazyTable(analysis.table_path).whole
    assert table.success.all()
    assert np.isfinite(table.angles_deg).all()
    assert np.isfinite(table.keypoints).all()
    for name in ("pitch_std_deg", "scale", "exp_magnitude", "quality"):
        assert np.isnan(table.column(name)).all()
    assert not (analysis.folder / "motion.bin").exists()  # there are no raw outputs
    assert "only now: 20" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--estimator", "oracle"], ["--estimator", "facemesh", "--weights", "lite"]])
def test_an_estimator_that_nobody_knows_and_two_at_once_are_refused(session, capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(["reanalyse", str(session), *words])
    assert caught.value.code == 2
    assert not find_analyses(session)
    error = capsys.readouterr().err
    assert "there are facemesh" in error or "not allowed with" in error


def test_a_second_analysis_gets_a_name_of_its_own_and_gives_the_same_numbers(session):
    first, second = (reanalyse(session, device="cpu") for _ in range(2))
    assert second.name == f"{first.name}-2"
    found = compare(LazyTable(first.table_path), LazyTable(second.table_path))
    assert found.yaw.rms_deg < 1e-3
    assert found.yaw.correlation > 0.999
    assert {analysis.name for analysis in find_analyses(session)} == {first.name, second.name}


def test_the_field_of_view_and_the_face_size_are_the_sessions(session):
    manifest = Manifest.read(session)
    known = replace(manifest.header, field_of_view=FieldOfView(45.0), face_size=FaceSize(58.0))
    replace(manifest, header=known).write(session)
    as_recorded = reanalyse(session, device="cpu")
    assert (as_recorded.header.field_of_view, as_recorded.header.face_size) == (FieldOfView(45.0), FaceSize(58.0))
    words = ["reanalyse", str(session), "--weights", "lite", "--device", "cpu", "--quiet", "--pupil-distance", "63.8"]
    assert main([*words, "--name", "typed"]) == 0
    typed = analysis_named(session, "typed")
    assert (typed.header.field_of_view, typed.header.face_size) == (FieldOfView(45.0), FaceSize(63.8))
    places = [LazyTable(analysis.table_path).whole.position[:, :3] for analysis in (as_recorded, typed)]
    np.testing.assert_allclose(places[1], places[0] * 1.1, rtol=2e-3, atol=0.02)


def test_a_name_that_is_taken_is_refused_before_anything_is_measured(session):
    reanalyse(session, device="cpu", name="better: weights?")
    before = everything(session)
    with pytest.raises(SessionError, match="never replaced"):
        reanalyse(session, device="cpu", name="better: weights?", progress=lambda *_: pytest.fail("it began"))
    assert everything(session) == before


@pytest.mark.parametrize("after", [0, 1, 7])
def test_cancelled_it_leaves_nothing(after, session):
    before = everything(session)
    asked = itertools.count()
    with pytest.raises(CancelledError):
        reanalyse(session, device="cpu", cancelled=lambda: next(asked) >= after)
    assert everything(session) == before
    assert not (session / ANALYSES).exists()


def test_what_a_killed_run_left_is_not_an_analysis_and_goes_with_the_next_one(session, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Owner, "this_process", lambda: Owner(2**22 + 1, 1.0))
        left = begin(session)
    (left / "frames.part.csv").write_text("frame,timestamp_s\n")
    running = begin(session)  # of this process, so it is at work
    assert find_analyses(session) == ()
    reanalyse(session, device="cpu")
    assert not left.exists()
    assert running.exists()


@pytest.mark.parametrize("harm", ["no video", "shorter table", "longer table", "no table", "no session", "damaged"])
def test_what_can_not_be_measured_is_one_sentence_and_leaves_nothing(harm, session, capsys):
    table = session / FRAMES
    lines = table.read_bytes().splitlines(keepends=True)
    if harm == "no video":
        (session / VIDEO).unlink()
    elif harm == "shorter table":
        table.write_bytes(b"".join(lines[:-1]))
    elif harm == "longer table":
        table.write_bytes(b"".join(lines) + lines[-1].replace(b"19,", b"20,", 1))
    elif harm == "no table":
        table.unlink()
    elif harm == "no session":
        (session / "session.json").unlink()
    else:
        (session / VIDEO).write_bytes(b"no video at all")
    assert main(["reanalyse", str(session), "--device", "cpu", "--quiet"]) == 1
    err = capsys.readouterr().err.strip()
    assert err.startswith("motionscope: ")
    assert len(err.splitlines()) == 1
    assert not (session / ANALYSES).exists()


def test_as_many_faces_are_measured_as_the_session_has(recorded, tmp_path):
    """Two of the demo's heads side by side; in the recording both were found in frame 1."""
    with av.open(str(recorded / VIDEO)) as container:
        images = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)][:4]
    folder = claim_folder(tmp_path / "two")
    with SessionWriter(folder, Manifest.read(recorded).header) as writer:
        for i, image in enumerate(images):
            assert writer.add_frame(Frame(i, np.hstack([image, image]), i / 30))
    assert not (reanalyse(folder, device="cpu", name="as it is").folder / FACES).exists()
    table = encode_rows([columns("frame", 24), *(row(i, i / 30, None, 0.0, 24) for i in (1, 2))])
    (folder / FACES).write_bytes(table)
    further = read_table(reanalyse(folder, device="cpu", name="both").folder / FACES)
    assert further.frame.tolist() == [0, 1, 2, 3]
    assert further.success.all()
    assert not (reanalyse(folder, device="cpu", name="one", faces=1).folder / FACES).exists()


def test_the_new_table_can_be_exported_instead_of_the_recorded_one(session, capsys):
    """Every format, read by others: the recorded table has no face at all, the new one has one in each frame."""
    reanalyse(session, device="cpu", name="again")
    before = everything(session)
    formats = ",".join(exporter.name for exporter in EXPORTERS)
    assert main(["export", str(session), "--format", formats, "--table", "again", "--quiet"]) == 0
    assert {name: data for name, data in everything(session).items() if "export/" not in name} == before
    out = session / "analyses" / "again" / "export"
    assert [Path(line).parent for line in set(capsys.readouterr().out.splitlines())] == [out] * len(EXPORTERS)

    measured = parquet.read_table(out / "frames.parquet")
    assert measured["success"].to_pylist() == [True] * FRAMES_RECORDED
    about = json.loads(measured.schema.metadata[b"motionscope.analysis"])
    assert about["name"] == "again"
    with (out / "openface.csv").open(newline="", encoding="utf-8") as file:
        assert [row["success"] for row in csv.DictReader(file)] == ["1"] * FRAMES_RECORDED
    with np.load(out / "motion.npz") as motion:
        assert motion["frame"].tolist() == list(range(FRAMES_RECORDED))
    (sidecar,) = (out / "bids").rglob("*_motion.json")
    assert json.loads(sidecar.read_text())["DeviceSerialNumber"] == about["weights_sha256"]
    assert main(["export", str(session), "--format", "mp4", "--quiet"]) == 0
    drawn, plain = (picture(folder / "annotated.mp4") for folder in (out, session / "export"))
    changed = np.abs(drawn.astype(int) - plain).max(-1) > 60
    assert 200 < changed.sum() < changed.size / 4  # axes, points and box

    assert main(["export", str(session), "--format", "mp4", "--table", "../again", "--quiet"]) == 1
    assert "has no table ../again: there are again." in capsys.readouterr().err


def picture(video):
    with av.open(str(video)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def test_the_command_compares_and_goes_on_after_a_failure(session, tmp_path, capsys):
    assert main(["reanalyse", str(tmp_path / "none"), str(session), "--device", "cpu", "--quiet"]) == 1
    captured = capsys.readouterr()
    assert f"measured in both tables: 0 rows; only as recorded: 0; only now: {FRAMES_RECORDED}" in captured.out
    assert len(captured.err.strip().splitlines()) == 1
    assert main(["reanalyse", str(session), "--device", "cpu", "--quiet", "--weights", "none.pth"]) == 1
    assert "none.pth" in capsys.readouterr().err
