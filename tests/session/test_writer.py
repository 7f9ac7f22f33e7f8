import os
import queue
import threading
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from app.core.errors import SessionError
from app.session import files as files_module
from app.session import writer as writer_module
from app.session.folders import claim_folder, new_session_folder
from app.session.manifest import Manifest, MissingRows
from app.session.recovery import recover
from app.session.session import Session
from app.session.table import Missing
from app.session.video import VideoEncoder, next_tick, ticks
from app.session.writer import SessionWriter
from tests.factories import read_table
from tests.waiting import wait_until


def decode(path):
    """(times in ms, frames) by PyAV, independent of our reader."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [int(frame.pts) for frame in frames], [frame.to_ndarray(format="bgr24") for frame in frames]


@pytest.fixture
def record(tmp_path, header, result_of):
    """Records frames, with a result for every ``every``-th, and returns folder and final stats."""

    def run(frames, every=1, folder=None, **options):
        folder = claim_folder(folder or tmp_path / "session")
        with SessionWriter(folder, header, **options) as writer:
            for i, frame in enumerate(frames):
                assert writer.add_frame(frame)
                if every and i % every == 0:
                    writer.add_result(result_of(frame))
        return folder, writer.stats

    return run


def test_frame_k_is_row_k_with_its_own_time_and_numbers(record, make_frame):
    rng = np.random.default_rng(3)
    times = 50 + np.cumsum(rng.uniform(0.0002, 0.2, 80))  # down to several frames within a millisecond
    frames = [make_frame(i, captured_s=float(t)) for i, t in enumerate(times)]
    folder, stats = record(frames, every=3)
    assert (stats.frames, stats.rows, stats.dropped, stats.error, stats.finished) == (80, 80, 0, "", True)

    table = read_table(folder / "frames.csv")
    assert table.frame.tolist() == list(range(80))
    assert table.timestamp_s == pytest.approx(times - times[0], abs=6e-7)
    assert table.success.tolist() == table.inferred.tolist() == [i % 3 == 0 for i in range(80)]
    assert table.angles_deg[::3, 0] == pytest.approx(np.arange(0, 80, 3) + 0.25)

    shown, pictures = decode(folder / "video.mkv")
    assert np.abs(np.array(shown) - table.timestamp_s * 1000).max() <= 1.5
    assert shown == ticks(table.timestamp_s).tolist()
    for frame, picture in zip(frames, pictures, strict=True):
        assert cv2.PSNR(frame.image, picture) > 35


def test_times_in_the_video_increase_whatever_the_clock_gives():
    times = np.array([0, 0.0001, 0.0002, 0.0035, 0.0036, 1.0, 1.0004])
    assert ticks(times).tolist() == [0, 1, 2, 4, 5, 1000, 1001]
    one_by_one = [-1]
    for time in times:
        one_by_one.append(next_tick(time, one_by_one[-1]))
    assert one_by_one[1:] == ticks(times).tolist()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 2), (591, 333), (17, 64), (640, 481)])
def test_no_pixel_of_an_odd_size_is_lost(record, make_frame, width, height):
    frames = [make_frame(i, width=width, height=height) for i in range(5)]
    folder, stats = record(frames)
    assert stats.frames == stats.rows == 5
    with Session.open(folder).frames() as video:
        for frame in frames:
            picture = video.image_at(frame.index)
            assert picture.shape == frame.image.shape
            assert np.abs(picture.astype(int) - frame.image).mean() < 2


def test_a_frame_larger_than_the_queue_is_recorded(record, make_frame, monkeypatch):
    """As one of 8K is."""
    frame = make_frame(0, width=1920, height=1080)
    monkeypatch.setattr(writer_module, "QUEUE_BYTES", frame.image.nbytes - 1)
    folder, stats = record([frame])
    assert (stats.frames, stats.rows, stats.error) == (1, 1, "")
    assert decode(folder / "video.mkv")[1][0].shape == (1080, 1920, 3)


def test_colours_are_kept_and_tagged(record, make_frame):
    colours = np.zeros((48, 64, 3), np.uint8)
    colours[:, :16], colours[:, 16:32], colours[:, 32:48], colours[:, 48:] = (
        (250, 20, 20),
        (20, 250, 20),
        (20, 20, 250),
        (128, 128, 128),
    )
    frame = make_frame(0)
    folder, _ = record([type(frame)(0, colours, 1.0)])
    with av.open(str(folder / "video.mkv")) as container:
        picture = next(container.decode(video=0))
        assert (picture.colorspace, picture.color_range) == (6, 1)
    capture = cv2.VideoCapture(str(folder / "video.mkv"))
    ok, by_opencv = capture.read()
    capture.release()
    assert ok
    for decoded in (picture.to_ndarray(format="bgr24"), by_opencv):
        assert np.abs(decoded[:, 8::16].astype(int) - colours[:, 8::16]).max() <= 8


def test_frames_nobody_measured_and_results_of_foreign_frames(tmp_path, header, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    frames = [make_frame(i) for i in range(6)]
    with SessionWriter(folder, header) as writer:
        writer.add_result(result_of(make_frame(99, captured_s=1.0)))  # captured before the recording began
        for frame in frames:
            writer.add_frame(frame)
        writer.add_result(result_of(frames[1], faces=()))
        writer.add_result(result_of(frames[4]))
    table = read_table(folder / "frames.csv")
    assert table.success.tolist() == [False, False, False, False, True, False]
    assert table.inferred.tolist() == [False, True, False, False, True, False]
    assert Manifest.read(folder).inferred == 2


def test_a_frame_is_encoded_when_it_was_measured_or_the_next_one_came(
    tmp_path, header, make_frame, result_of, monkeypatch
):
    monkeypatch.setattr(writer_module, "GIVE_WAY_S", 3600.0)
    encoded, encode = queue.Queue(), VideoEncoder.encode

    def watched(self, image, timestamp_s):
        encode(self, image, timestamp_s)
        encoded.put(timestamp_s)

    monkeypatch.setattr(VideoEncoder, "encode", watched)
    frames = [make_frame(i, captured_s=10 + i / 8) for i in range(4)]
    with SessionWriter(claim_folder(tmp_path / "session"), header) as writer:
        for frame in frames[:2]:
            writer.add_frame(frame)
            with pytest.raises(queue.Empty):
                encoded.get(timeout=0.05)
            writer.add_result(result_of(frame))
            assert encoded.get(timeout=20) == pytest.approx(frame.captured_s - 10)
        writer.add_frame(frames[2])  # nobody measures it
        writer.add_frame(frames[3])
        assert encoded.get(timeout=20) == pytest.approx(2 / 8)
        assert encoded.empty()
    assert encoded.get_nowait() == pytest.approx(3 / 8)
    assert writer.stats.frames == 4


def test_a_result_that_comes_after_close_began_still_counts(tmp_path, header, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    writer = SessionWriter(folder, header)
    frame = make_frame(0)
    writer.add_frame(frame)
    closer = threading.Thread(target=writer.close)
    closer.start()
    while writer.add_frame(make_frame(1)):  # refused from the moment close has begun
        pass
    writer.add_result(result_of(frame))
    closer.join()
    assert read_table(folder / "frames.csv").success[0]


def test_a_second_face_goes_to_a_table_of_its_own(tmp_path, header, make_frame, nth_face, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(4):
            frame = make_frame(i)
            writer.add_frame(frame)
            faces = [nth_face(i, face_id=7), nth_face(i + 10, face_id=8)] if i % 2 else [nth_face(i, face_id=7)]
            writer.add_result(result_of(frame, faces))
    session = Session.open(folder)
    assert session.table.face_id.tolist() == [7, 7, 7, 7]
    assert session.faces.frame.tolist() == [1, 3]
    assert session.faces.face_id.tolist() == [8, 8]
    assert session.faces.angles_deg[:, 0] == pytest.approx([11.25, 13.25])


def test_while_the_primary_face_is_hidden_nobody_takes_its_row(tmp_path, header, make_frame, nth_face, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(3):
            frame = make_frame(i)
            writer.add_frame(frame)
            if i == 1:
                writer.add_result(replace(result_of(frame, [nth_face(i, face_id=8)]), lacks_primary=True))
            else:
                writer.add_result(result_of(frame, [nth_face(i, face_id=7), nth_face(i, face_id=8)]))
    session = Session.open(folder)
    assert session.table.success.tolist() == [True, False, True]
    assert session.table.face_id.tolist() == [7, -1, 7]
    assert session.faces.frame.tolist() == [0, 1, 2]
    assert set(session.faces.face_id.tolist()) == {8}


def test_frames_are_dropped_and_counted_while_the_encoder_is_behind(
    tmp_path, header, make_frame, result_of, monkeypatch
):
    gate, encode = threading.Event(), VideoEncoder.encode

    def slow(self, image, timestamp_s):
        assert gate.wait(30)
        encode(self, image, timestamp_s)

    monkeypatch.setattr(VideoEncoder, "encode", slow)
    monkeypatch.setattr(writer_module, "QUEUE_FRAMES", 10)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        taken = []
        for i in range(25):
            frame = make_frame(i)
            taken.append(writer.add_frame(frame))
            writer.add_result(result_of(frame))
            missing = max(0, i - 9)
            assert ("pictures are missing" in writer.stats.warning) == (missing >= 10)
        assert writer.stats.warning.startswith("60 % of the pictures are missing in this recording")
        gate.set()  # nothing of the above waited for it
    assert taken == [True] * 10 + [False] * 15
    session = Session.open(folder)
    assert session.table.angles_deg[:, 0] == pytest.approx(np.arange(10) + 0.25)
    drops = session.manifest.drops
    assert (drops.writer, [(d.frame, d.count, d.why) for d in drops.places]) == (15, [(10, 15, "writer")])
    assert (writer.stats.frames, writer.stats.rows, writer.stats.dropped) == (10, 10, 15)


def test_the_queue_is_bounded_by_bytes(tmp_path, header, make_frame, monkeypatch):
    gate, encode = threading.Event(), VideoEncoder.encode
    monkeypatch.setattr(VideoEncoder, "encode", lambda *a: gate.wait(30) and encode(*a))
    monkeypatch.setattr(writer_module, "QUEUE_BYTES", 3 * make_frame(0).image.nbytes)
    with SessionWriter(claim_folder(tmp_path / "session"), header) as writer:
        taken = [(writer.filling, writer.add_frame(make_frame(i))) for i in range(5)]
        gate.set()
    # Whoever can bring the frames later is told before any is dropped.
    assert taken == [(False, True), (False, True), (True, True), (True, False), (True, False)]


def test_gaps_of_the_source_and_a_clock_that_stands_still_are_noted(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        assert writer.add_frame(make_frame(0, captured_s=5.0))
        assert not writer.add_frame(make_frame(1, captured_s=5.0))
        assert not writer.add_frame(make_frame(2, captured_s=4.0))
        assert writer.add_frame(make_frame(6, captured_s=5.1))
    manifest = Manifest.read(folder)
    assert (manifest.drops.clock, manifest.drops.source, manifest.drops.writer, manifest.frames) == (2, 3, 0, 2)
    assert [(d.frame, d.count, d.why) for d in manifest.drops.places] == [(1, 2, "clock"), (1, 3, "source")]


def test_a_camera_that_comes_back_with_another_size_is_fitted_into_the_video(
    tmp_path, header, make_frame, nth_face, result_of
):
    folder = claim_folder(tmp_path / "session")
    sizes = [(64, 48), (128, 48), (64, 48), (32, 24)]
    with SessionWriter(folder, header) as writer:
        for i, (width, height) in enumerate(sizes):
            frame = make_frame(i, width=width, height=height, value=100)
            writer.add_frame(frame)
            writer.add_result(result_of(frame, [nth_face(0)]))
    session = Session.open(folder)
    # 128 x 48 into 64 x 48: half the size, 12 black rows above; 32 x 24: twice the size.
    assert session.table.whole.box[:, 3] == pytest.approx([40.125, 20.0625, 40.125, 80.25], abs=1e-3)
    assert session.table.whole.keypoints[:, 1].tolist() == [[2, 3], [1, 13.5], [2, 3], [4, 6]]
    assert [(f.frame, f.scale, f.offset_y) for f in session.manifest.fitted] == [(1, 0.5, 12), (2, 1.0, 0), (3, 2.0, 0)]
    with session.frames() as video:
        assert video.image_at(1)[:10].max() < 20
        assert video.image_at(3)[:10].min() > 80


def test_without_video_only_numbers_are_kept(record, make_frame):
    folder, stats = record([make_frame(i) for i in range(4)], video=False)
    assert sorted(item.name for item in folder.iterdir()) == ["frames.csv", "motion.bin", "session.json"]
    session = Session.open(folder)
    assert (len(session.table), session.manifest.frames, stats.rows) == (4, 4, 4)
    with pytest.raises(SessionError, match="has no video"):
        session.frames()


def test_numbers_alone_survive_a_kill(record, make_frame):
    folder, _ = record([make_frame(i) for i in range(4)], video=False)
    replace(Manifest.read(folder), state="recording", owner=None).write(folder)
    (folder / "frames.csv").rename(folder / "frames.part.csv")
    recovered = recover(folder)
    assert (recovered.frames, recovered.rows_dropped) == (4, 0)
    manifest = Manifest.read(folder)
    assert (manifest.state, manifest.video, manifest.header.pictures) == ("recovered", None, False)
    assert not [path for path in folder.iterdir() if path.suffix == ".mkv"]


def test_a_recording_without_a_frame_is_whole_too(record):
    folder, stats = record([])
    assert (stats.frames, stats.rows, stats.error) == (0, 0, "")
    assert len(Session.open(folder).table) == 0
    assert sorted(item.name for item in folder.iterdir()) == ["frames.csv", "session.json"]


@pytest.mark.parametrize("size", [(64, 48), (48, 64)])
def test_the_encoder_is_open_before_the_first_frame(tmp_path, header, make_frame, monkeypatch, size):
    """On a busy machine that takes seconds, which the first frames would wait; of another size they are kept, too."""
    opened, sizes = threading.Event(), []

    class Watched(VideoEncoder):
        def __init__(self, file, width, height, encoder):
            super().__init__(file, width, height, encoder)
            sizes.append((width, height))
            opened.set()

    monkeypatch.setattr(files_module, "VideoEncoder", Watched)
    source = replace(header.source, width=64, height=48)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, replace(header, source=source)) as writer:
        assert opened.wait(30)
        for i in range(3):
            writer.add_frame(make_frame(i, width=size[0], height=size[1]))
    assert sizes == ([size] if size == (64, 48) else [(64, 48), size])
    assert len(decode(folder / "video.mkv")[0]) == 3


def test_closing_twice_and_adding_afterwards_is_harmless(record, make_frame, result_of, tmp_path, header):
    writer = SessionWriter(claim_folder(tmp_path / "other"), header)
    writer.add_frame(make_frame(0))
    assert writer.close() == writer.close()
    assert not writer.add_frame(make_frame(1))
    writer.add_result(result_of(make_frame(1)))
    with pytest.raises(SessionError, match="has ended"):
        writer.add_annotation("late")
    assert len(read_table(tmp_path / "other" / "frames.csv")) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("session")]


def test_an_encoder_that_fails_ends_the_recording_with_all_before_it(
    tmp_path, header, make_frame, result_of, monkeypatch
):
    encode = VideoEncoder.encode

    def failing(self, image, timestamp_s):
        if timestamp_s > 0.1:
            raise av.FFmpegError(1, "the encoder broke")
        encode(self, image, timestamp_s)

    monkeypatch.setattr(VideoEncoder, "encode", failing)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(10):
            writer.add_frame(make_frame(i))
    assert "ended early" in writer.stats.error
    session = Session.open(folder)
    assert session.manifest.state == "stopped"
    assert (len(session.table), len(decode(folder / "video.mkv")[0])) == (4, 4)


def test_annotations_are_written_at_once(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        writer.add_annotation("before the first frame", at_s=99.0)
        for i in range(3):
            writer.add_frame(make_frame(i))
        writer.add_annotation("task", 'two\nlines, "quoted"', duration_s=1.5, at_s=100.5)
        assert (folder / "events.csv").read_text(encoding="utf-8").count("\n") == 3
    first, second = Session.open(folder).annotations
    assert (first.onset_s, first.frame) == (0.0, 0)
    assert (second.onset_s, second.duration_s, second.frame) == (0.5, 1.5, 2)
    assert (second.label, second.note) == ("task", 'two lines, "quoted"')


def test_names_with_spaces_unicode_and_200_characters(record, make_frame, tmp_path):
    folder = tmp_path / "Übung 1 头部姿态 'x' & co" / ("long name " * 20)[:200].strip()
    recorded, stats = record([make_frame(0), make_frame(1)], folder=folder)
    assert (recorded, stats.error) == (folder, "")
    assert len(decode(recorded / "video.mkv")[0]) == 2


def test_a_folder_is_never_used_twice(tmp_path, record, make_frame, header):
    first, _ = record([make_frame(0)], folder=tmp_path / "x")
    second, _ = record([make_frame(0)], folder=tmp_path / "x")
    assert (first.name, second.name) == ("x", "x-2")
    (tmp_path / "empty").mkdir()
    assert claim_folder(tmp_path / "empty") == tmp_path / "empty"
    made = {new_session_folder(tmp_path / "recordings") for _ in range(3)}
    assert len(made) <= 2  # still empty, so taken again, unless the clock ticks in between
    writer = SessionWriter(made.pop(), header)
    assert new_session_folder(tmp_path / "recordings") != writer.stats.folder
    writer.close()
    for folder in (first, second):
        before = {item.name: item.read_bytes() for item in folder.iterdir()}
        with pytest.raises(SessionError, match="No recording can be made"):
            SessionWriter(folder, header)
        assert {item.name: item.read_bytes() for item in folder.iterdir()} == before


def test_of_two_writers_in_one_folder_one_fails_and_the_other_is_unharmed(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        with pytest.raises(SessionError, match="No recording can be made"):
            SessionWriter(folder, header)
        writer.add_frame(make_frame(0))
    assert len(Session.open(folder).table) == 1


@pytest.mark.parametrize("name", ["file/session", "n" * 300, "nul\0byte"])
def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionError, match="No recording can be made") as caught:
        claim_folder(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SessionError, match="permission denied"):
        claim_folder(tmp_path / "x")


def test_frames_that_failed_are_no_frames_without_a_face(tmp_path, header, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(6):
            frame = make_frame(i)
            writer.add_frame(frame)
            if i < 5:
                result = result_of(frame, faces=None if i == 0 else ())
                writer.add_result(replace(result, failed=i in (2, 3)))
    table, manifest = read_table(folder / "frames.csv"), Manifest.read(folder)
    words = [Missing(why).word for why in table.missing]
    assert words == ["", "no_face", "failed", "failed", "no_face", "skipped"]
    assert manifest.missing == MissingRows(no_face=2, failed=2, skipped=1)
    assert (manifest.inferred, table.inferred.tolist()) == (3, [True, True, False, False, True, False])


def test_the_queue_is_bounded_by_time(tmp_path, header, make_frame, monkeypatch):
    """What waits is what a crash costs, also where frames are small and the encoder starves."""
    gate, encode, ahead = threading.Event(), VideoEncoder.encode, [100.0]
    monkeypatch.setattr(writer_module, "QUEUE_S", 1.0)
    monkeypatch.setattr(writer_module, "now_s", lambda: ahead[0])
    monkeypatch.setattr(VideoEncoder, "encode", lambda *a: gate.wait(30) and encode(*a))
    with SessionWriter(claim_folder(tmp_path / "session"), header) as writer:
        taken = [writer.add_frame(make_frame(i)) for i in range(3)]
        assert not writer.filling
        ahead[0] += 0.51 * writer_module.QUEUE_S
        assert writer.filling
        ahead[0] += 0.5 * writer_module.QUEUE_S
        taken += [writer.add_frame(make_frame(i)) for i in (3, 4)]
        gate.set()
    assert taken == [True, True, True, False, False]
    assert writer.stats.frames == 3


def test_the_queue_takes_what_a_slow_encoder_can_do_in_time(tmp_path, header, make_frame, monkeypatch):
    gate, encode, ahead = threading.Semaphore(0), VideoEncoder.encode, [100.0]
    monkeypatch.setattr(writer_module, "QUEUE_S", 1.0)
    monkeypatch.setattr(writer_module, "now_s", lambda: ahead[0])

    def slow(*arguments):
        assert gate.acquire(timeout=30)
        ahead[0] += writer_module.QUEUE_S * 0.3  # that long a frame takes
        encode(*arguments)

    monkeypatch.setattr(VideoEncoder, "encode", slow)
    with SessionWriter(claim_folder(tmp_path / "session"), header) as writer:
        assert writer.add_frame(make_frame(0))
        assert writer.add_frame(make_frame(1))
        gate.release(2)
        wait_until(lambda: writer.stats.frames >= 2)
        taken = []
        for i in range(2, 7):
            taken.append(writer.add_frame(make_frame(i)))
            ahead[0] += 0.12
        gate.release(10)
    assert taken == [True, True, True, True, False]  # the fifth would wait for four, at a third of a second each
    assert writer.stats.frames == sum(taken) + 2


def test_the_first_second_is_on_the_disk_at_once(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(6):
            assert writer.add_frame(make_frame(i))
        wait_until(lambda: writer.stats.frames >= 6)
        copy = tmp_path / "as a kill leaves it.mkv"
        copy.write_bytes((folder / "video.part.mkv").read_bytes())
    with av.open(str(copy)) as container:
        assert sum(packet.pts is not None for packet in container.demux(video=0)) == 5
