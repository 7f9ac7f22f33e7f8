import errno
import io
import os
import shutil
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from app.core.errors import SessionError
from app.core.frames import Frame
from app.session import disk, files
from app.session.disk import MIB, DiskWatch, GuardedFile, Reserve, Usage
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.recovery import find_unfinished, recover
from app.session.session import Session
from app.session.writer import SessionWriter
from tests.waiting import wait_until

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("total", "free", "rate", "full", "words"),
    [
        (500 * GIB, 100 * GIB, 1 * MIB, False, ""),
        (500 * GIB, 900 * MIB, 1 * MIB, False, "900 MB are left"),
        (500 * GIB, 300 * MIB, 1 * MIB, False, "end in about 100 s"),
        (500 * GIB, 199 * MIB, 1 * MIB, True, "Only 199 MB are free"),
        (20 * MIB, 19 * MIB, 0.1 * MIB, False, ""),
        (20 * MIB, 10 * MIB, 0.3 * MIB, False, "end in about 27 s"),
        (20 * MIB, 1 * MIB, 0.3 * MIB, True, "Only 1 MB"),
    ],
)
def test_it_warns_two_minutes_ahead_and_stops_before_the_end(tmp_path, total, free, rate, full, words):
    watch = DiskWatch(tmp_path, lambda _: Usage(total, free))
    for second in range(5):
        state = watch.check(int(second * rate), float(second))
    assert state.full is full
    assert words in state.warning
    assert bool(words) is bool(state.warning)


def test_a_disk_that_cannot_be_asked_is_not_full(tmp_path):
    def fails(_):
        raise OSError(errno.EIO, "gone")

    assert not DiskWatch(tmp_path, fails).check(0, 0.0).full


def test_a_full_disk_is_refused_at_the_start(tmp_path, header):
    folder = claim_folder(tmp_path / "session")
    with pytest.raises(SessionError, match="No recording was started: only 5 MB are free"):
        SessionWriter(folder, header, usage=lambda _: Usage(GIB, 5 * MIB))
    assert list(folder.iterdir()) == []


def test_the_recording_ends_by_itself_before_the_disk_is_full(tmp_path, header, make_frame, monkeypatch):
    monkeypatch.setattr("app.session.writer.SYNC_S", 0.02)
    free = [10 * GIB]
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header, usage=lambda _: Usage(100 * GIB, free[0])) as writer:
        for i in range(5):
            assert writer.add_frame(make_frame(i))
        free[0] = 900 * MIB
        wait_until(lambda: writer.stats.warning)
        free[0] = 100 * MIB
        wait_until(lambda: writer.stats.finished)
        assert not writer.add_frame(make_frame(5))
        assert "before the disk was full" in writer.stats.error
    session = Session.open(folder)
    assert (session.manifest.state, session.manifest.frames, len(session.table)) == ("stopped", 5, 5)
    assert "before the disk was full" in session.manifest.ended_by


class FakeDisk:
    """Stands in for the disk below ``GuardedFile``: so many bytes fit, a freed reserve adds its own."""

    def __init__(self, free):
        self.free = free

    def open(self, path):
        disk_of = self

        class File(io.FileIO):
            def write(self, data):
                room = min(len(data), max(0, disk_of.free))
                if room == 0 and len(data):
                    raise OSError(errno.ENOSPC, "No space left on device")
                disk_of.free -= room  # a write that fits in part is cut short, as POSIX has it
                return super().write(data[:room])

        return File(path, "x+b")


@pytest.fixture
def fake_disk(monkeypatch):
    """Every session file is on a disk with so many bytes left."""

    def make(free, reserve):
        fake = FakeDisk(free)
        init, release = GuardedFile.__init__, Reserve.release

        def guarded(self, path, given=None):
            init(self, path, given)
            self._file.close()
            path.unlink()
            self._file = fake.open(path)

        released = []

        def freed(self):
            if not released:
                released.append(True)
                fake.free += reserve
            release(self)

        monkeypatch.setattr(disk.GuardedFile, "__init__", guarded)
        monkeypatch.setattr(files.Reserve, "release", freed)
        return fake

    return make


def noisy(count):
    rng = np.random.default_rng(2)
    return [Frame(i, rng.integers(0, 255, (48, 64, 3), np.uint8), 1 + i / 30) for i in range(count)]


def test_no_space_left_ends_the_recording_whole(tmp_path, header, fake_disk):
    fake_disk(100_000, reserve=MIB)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for frame in noisy(100):
            writer.add_frame(frame)
    assert "the disk is full" in writer.stats.error
    session = Session.open(folder)
    frames = session.manifest.frames
    assert session.manifest.state == "stopped"
    assert 5 < frames < 100
    with av.open(str(folder / "video.mkv")) as container:
        assert len(list(container.decode(video=0))) == frames == len(session.table)


def test_when_even_the_reserve_is_gone_it_can_be_recovered(tmp_path, header, fake_disk, monkeypatch):
    fake_disk(100_000, reserve=0)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for frame in noisy(100):
            writer.add_frame(frame)
    stats = writer.stats
    assert stats.finished
    assert "the disk is full" in stats.error
    assert [item.folder for item in find_unfinished(tmp_path)] == [folder]
    monkeypatch.undo()  # somebody made room
    report = recover(folder)
    assert report.frames > 5
    assert len(Session.open(folder).table) == report.frames


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 8 MB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a tmpfs takes root on Linux")
    mounted = tmp_path / "small"
    mounted.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(mounted)], capture_output=True)
    if done.returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


@pytest.mark.parametrize("watched", [True, False])
def test_a_real_disk_that_fills_up(small_disk, header, make_frame, monkeypatch, watched):
    """Once stopped in time, once with the watch asleep, so that the system itself says no."""
    monkeypatch.setattr("app.session.writer.SYNC_S", 0.05)
    usage = disk.disk_usage if watched else lambda _: Usage(100 * GIB, 50 * GIB)
    folder = claim_folder(small_disk / "session")
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (480, 640, 3), np.uint8) for _ in range(8)]  # noise fills a disk fast
    with SessionWriter(folder, header, usage=usage) as writer:
        for i in range(100_000):
            writer.add_frame(Frame(i, pictures[i % 8], 1 + i / 30))
            if writer.stats.finished:
                break
            time.sleep(0.004)  # so that the watch comes to look
    assert writer.stats.error
    assert ("before the disk was full" in writer.stats.error) is watched
    assert disk.disk_usage(small_disk).free > 0
    session = Session.open(folder)
    assert (session.manifest.state, session.manifest.ended_by) == ("stopped", writer.stats.error)
    with av.open(str(folder / "video.mkv")) as container:
        assert len(list(container.decode(video=0))) == session.manifest.frames == len(session.table) > 10
    room = disk.disk_usage(small_disk).free - 3 * MIB // 2
    (small_disk / "filler").write_bytes(bytes(max(0, room)))
    with pytest.raises(SessionError, match=r"No recording was started: only [01] MB"):
        SessionWriter(claim_folder(small_disk / "next"), header)
    assert Manifest.read(folder) == session.manifest
