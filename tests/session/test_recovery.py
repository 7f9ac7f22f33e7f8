import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.core.sound import RATE
from app.session.annotations import CUT_OFF_NOTE
from app.session.disk import Usage
from app.session.folders import claim_folder, part
from app.session.manifest import COMPLETE, RECORDING, RECOVERED, Manifest, MediaFile
from app.session.motion import open_motion
from app.session.ownership import Owner
from app.session.recovery import DAMAGED, find_unfinished, recover
from app.session.session import Session
from app.session.sound import SoundReader
from app.session.video import ticks
from app.session.writer import SessionWriter
from tests.factories import read_table

ROOT = Path(__file__).resolve().parents[2]
FPS = 30


def killed_after(folder, frames):
    """Record in a process of its own, kill it as hard as the system can; how many frames it had handed over."""
    command = [sys.executable, str(Path(__file__).with_name("record_forever.py")), str(folder), str(FPS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        seen = 0
        for line in process.stdout:
            seen = int(line) + 1
            if seen >= frames:
                process.kill()
                break
        rest = [line for line in process.stdout.read().split("\n")[:-1] if line]
    return seen + len(rest)


def assert_whole(session, frames):
    """Frames, rows and times agree, and every picture can be decoded by something that isn't ours."""
    with av.open(str(session.video)) as container:
        times = [frame.pts for frame in container.decode(video=0)]
    assert len(times) == len(session.table) == session.manifest.frames == frames
    # Rounded; of frames that came within a millisecond, as after a stall, each a millisecond after the last.
    assert times == ticks(session.table.timestamp_s).tolist()
    assert (np.diff(session.table.timestamp_s) > 0).all()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
@pytest.mark.parametrize("frames", [2, 40, 100])
def test_a_killed_recording_is_at_most_two_seconds_short(tmp_path, frames):
    kill_and_recover(tmp_path, frames)


def kill_and_recover(parent, frames):
    """One kill after so many frames; how many frames were handed over and how many recovered."""
    folder = claim_folder(parent / "killed")
    recorded = killed_after(folder, frames)
    found = find_unfinished(parent)
    assert [item.folder for item in found] == [folder]
    assert found[0].bytes > 0
    report = recover(folder)
    assert recorded - report.frames <= 2 * FPS
    session = Session.open(folder)
    assert session.manifest.state == RECOVERED
    if frames > FPS:
        assert report.frames > 0
    if recorded > 2 * FPS:
        assert session.sound is not None
        with SoundReader(session.sound) as reader:
            assert sum(len(samples) for _, samples in reader.blocks()) / RATE >= recorded / FPS - 2
    if report.frames:
        assert_whole(session, report.frames)
        assert session.manifest.video.width == 320
        assert session.manifest.inferred == session.table.inferred.sum()
        assert set(np.flatnonzero(session.table.inferred) % 2) <= {0}
    ticks = [annotation for annotation in session.annotations if annotation.label == "tick"]
    assert [annotation.note for annotation in ticks] == [str(10 * i) for i in range(len(ticks))]
    assert len(ticks) >= (recorded - 1) // 10
    phases = [annotation for annotation in session.annotations if annotation.label == "phase"]
    begun = (recorded - 1) // 25 + 1
    assert len(phases) >= begun // 2  # the last one may have begun after the last sign of life, or not yet
    times = session.table.timestamp_s
    for k, annotation in enumerate(phases):  # each from one frame to the 25th after it, whenever they came
        if not annotation.note and 50 * k + 25 < len(times):
            assert annotation.duration_s == pytest.approx(times[50 * k + 25] - times[50 * k], abs=2e-6)
    if begun % 2 and recorded % 25 > 1:
        last = phases[-1]
        assert last.note == CUT_OFF_NOTE
        assert last.onset_s + last.duration_s == pytest.approx(max(session.manifest.duration_s, last.onset_s))
    assert find_unfinished(parent) == ()
    known = {"frames.csv", "session.json", "video.mkv", "audio.mka", "events.csv", "motion.bin"}
    assert {item.name for item in folder.iterdir()} <= known
    if frames > FPS:
        records = open_motion(folder / "motion.bin").records
        # Records are written before their rows.
        assert set(np.flatnonzero(session.table.success)) - set(records["frame"].tolist()) == set()
        assert (records["kp"] == records["frame"][:, None, None]).all()
        assert len(records) >= (report.frames - 2 * FPS) / 4
    assert (folder / "video.mkv").exists() is (report.frames > 0)
    return recorded, report.frames


@pytest.fixture(scope="module")
def whole_session(tmp_path_factory):
    """Two seconds recorded to their end, to be damaged in copies."""
    folder = claim_folder(tmp_path_factory.mktemp("whole") / "session")
    from app.capture.source import SourceInfo
    from app.core.frames import Frame, FrameResult
    from app.session.manifest import SessionHeader

    rng = np.random.default_rng(1)
    with SessionWriter(folder, SessionHeader(SourceInfo("camera", "c", 65, 48, 30.0), num_kp=2)) as writer:
        for i in range(60):
            frame = Frame(i, rng.integers(0, 255, (48, 65, 3), np.uint8), 10 + i / 30)
            writer.add_frame(frame)
            writer.add_result(FrameResult(frame, (), frame.captured_s + 0.01))
        writer.add_annotation("one")
        writer.add_annotation("two")
    return folder


def cut_off(whole, folder, video_bytes, table_bytes, events_bytes=None, tail=b""):
    """The session as if the power had failed when so many bytes were on the disk."""
    folder.mkdir()
    part(folder / "video.mkv").write_bytes((whole / "video.mkv").read_bytes()[:video_bytes] + tail)
    part(folder / "frames.csv").write_bytes((whole / "frames.csv").read_bytes()[:table_bytes] + tail)
    (folder / "events.csv").write_bytes((whole / "events.csv").read_bytes()[:events_bytes] + tail)
    manifest = Manifest.read(whole)
    replace(manifest, state=RECORDING, video=None, frames=0, owner=Owner(2**22 + 1, 0.0)).write(folder)
    return folder


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(video=st.floats(0, 1), table=st.floats(0, 1), annotations=st.floats(0, 1), zeros=st.integers(0, 600))
def test_wherever_the_files_end_frames_and_rows_agree(
    whole_session, tmp_path_factory, video, table, annotations, zeros
):
    sizes = [int(share * (whole_session / name).stat().st_size) for share, name in
             ((video, "video.mkv"), (table, "frames.csv"), (annotations, "events.csv"))]  # fmt: skip
    folder = cut_off(whole_session, tmp_path_factory.mktemp("cut") / "session", *sizes, tail=b"\0" * zeros)
    report = recover(folder)
    session = Session.open(folder)
    assert session.manifest.frames == len(session.table) == report.frames
    if session.video is None:  # not even the video's head was on the disk
        assert video < 0.2
        assert report.frames == 0 or zeros > 0
    else:
        if report.frames:
            assert_whole(session, report.frames)
            with session.frames() as frames:
                assert frames.image_at(report.frames - 1).shape == (48, 65, 3)
        whole = read_table(whole_session / "frames.csv").timestamp_s[: report.frames]
        assert session.table.timestamp_s == pytest.approx(whole, abs=5.1e-4)
    assert len(session.annotations) <= 2
    assert find_unfinished(folder.parent) == ()


def test_rows_without_a_frame_go_and_frames_without_a_row_get_one(whole_session, tmp_path):
    size = (whole_session / "frames.csv").stat().st_size
    longer = recover(cut_off(whole_session, tmp_path / "long video", None, size // 2))
    assert longer.frames == 60
    assert 25 <= longer.rows_added <= 35
    assert longer.rows_dropped == 0
    shorter = recover(cut_off(whole_session, tmp_path / "short video", 60_000, None))
    assert 0 < shorter.frames < 60
    assert shorter.rows_dropped == 60 - shorter.frames
    table = read_table(tmp_path / "long video" / "frames.csv")
    assert table.timestamp_s == pytest.approx(np.arange(60) / 30, abs=5.1e-4)


def test_a_recording_cut_off_by_an_older_version_gets_the_new_columns(whole_session, tmp_path):
    folder = cut_off(whole_session, tmp_path / "old", None, None)
    table = part(folder / "frames.csv")
    lines = [line.split(",") for line in table.read_text().splitlines()]
    there = [k for k, name in enumerate(lines[0]) if not name.endswith("_cm")]
    table.write_text("".join(",".join(fields[k] for k in there) + "\n" for fields in lines))
    assert recover(folder).frames == 60
    assert_whole(Session.open(folder), 60)
    assert "x_cm" in (folder / "frames.csv").read_text().split("\n")[0].split(",")


def test_cut_off_while_the_files_got_their_names(whole_session, tmp_path):
    for renamed in (("video.mkv",), ("video.mkv", "frames.csv"), ("frames.csv",)):
        folder = cut_off(whole_session, tmp_path / "-".join(renamed), None, None)
        for name in renamed:
            part(folder / name).rename(folder / name)
        assert recover(folder).frames == 60
        assert_whole(Session.open(folder), 60)


def test_recovery_cut_off_itself_can_be_run_again(whole_session, tmp_path, monkeypatch):
    folder = cut_off(whole_session, tmp_path / "session", None, None)
    before = {item.name: item.read_bytes() for item in folder.iterdir()}
    monkeypatch.setattr(Manifest, "write", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(SessionError, match="can't be recovered: input/output error"):
        recover(folder)
    monkeypatch.undo()
    assert all((folder / name).read_bytes() == data for name, data in before.items() if ".part." in name)
    assert recover(folder).frames == 60
    with pytest.raises(SessionError, match="needs no recovery"):
        recover(folder)


def test_without_room_for_a_copy_the_video_keeps_its_bytes(whole_session, tmp_path, monkeypatch):
    folder = cut_off(whole_session, tmp_path / "session", 60_000, None)
    data = part(folder / "video.mkv").read_bytes()
    monkeypatch.setattr("app.session.recovery.shutil.disk_usage", lambda _: Usage(10**9, 1000))
    report = recover(folder)
    assert (folder / "video.mkv").read_bytes() == data
    assert_whole(Session.open(folder), report.frames)


def test_a_video_that_cannot_be_read_is_kept_aside_and_the_numbers_live(whole_session, tmp_path):
    folder = cut_off(whole_session, tmp_path / "session", 0, None, tail=b"")
    part(folder / "video.mkv").write_bytes(b"no video at all" * 500)
    assert recover(folder).frames == 60
    session = Session.open(folder)
    assert (session.video, len(session.table)) == (None, 60)
    assert (folder / DAMAGED).read_bytes() == b"no video at all" * 500


def test_sessions_being_written_are_left_alone(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        writer.add_frame(make_frame(0))
        assert find_unfinished(tmp_path) == ()
        with pytest.raises(SessionError, match="still being recorded"):
            Session.open(folder)
        with pytest.raises(SessionError, match="still being written by process"):
            recover(folder)
    assert Session.open(folder).manifest.state == COMPLETE
    assert find_unfinished(tmp_path / "none") == ()


def test_another_process_of_the_same_number_is_not_the_owner():
    assert Owner.this_process().alive
    assert not replace(Owner.this_process(), started_unix_s=1.0).alive


def test_a_measured_file_is_measured_again_rather_than_recovered(tmp_path, header):
    folder = claim_folder(tmp_path / "clip")
    media = replace(header, media=MediaFile("clip.mp4", 1, 2.0))
    Manifest(media, owner=Owner(2**22 + 1, 0.0)).write(folder)
    assert find_unfinished(tmp_path) == ()
    with pytest.raises(SessionError, match="not measured to the end"):
        Session.open(folder)


def test_cutting_at_any_single_byte_of_the_last_cluster(whole_session, tmp_path):
    """The end of the video is where a crash tears it: a few places, drawn at random."""
    size = (whole_session / "video.mkv").stat().st_size
    draw = random.Random(5)
    for i in range(15):
        report = recover(cut_off(whole_session, tmp_path / str(i), size - draw.randrange(1, 20_000), None))
        assert_whole(Session.open(tmp_path / str(i)), report.frames)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX keeps the dead until they are asked for")
def test_a_killed_process_that_nobody_has_waited_for_is_no_owner():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        owner = Owner(process.pid, psutil.Process(process.pid).create_time())
        assert owner.alive
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert not owner.alive
