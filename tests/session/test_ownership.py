"""Nobody takes a live recording for one that was cut off, from wherever he looks, and whatever the clocks say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import SessionError
from app.session import ownership, recovery, staging
from app.session.deletion import plan_deletion
from app.session.folders import LOCK, claim_folder
from app.session.manifest import COMPLETE, RECOVERED, Manifest
from app.session.ownership import Claim, Life, Owner, life_of
from app.session.recovery import find_unfinished, recover
from app.session.session import Session
from app.session.staging import new_staging
from app.session.writer import SessionWriter
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")


@pytest.fixture
def live(tmp_path, header, make_frame):
    """A recording that goes on, its folder, and a way to let it grow."""
    folder = claim_folder(tmp_path / "sessions" / "live")
    frames = iter(range(1000))
    with SessionWriter(folder, header) as writer:

        def grow(count: int = 5) -> None:
            for _ in range(count):
                assert writer.add_frame(make_frame(next(frames)))

        grow()
        yield folder, grow, writer


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def end(folder: Path, writer: SessionWriter, frames: int) -> None:
    """Whatever was tried, it ends as if nobody had."""
    writer.close()
    session = Session.open(folder)
    assert (session.manifest.state, session.manifest.frames, len(session.table)) == (COMPLETE, frames, frames)
    assert LOCK not in listing(folder)


def in_another_namespace(*words: str) -> subprocess.CompletedProcess[str]:
    probe = [*ELSEWHERE, "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody make a namespace of process numbers")
    command = [*ELSEWHERE, sys.executable, "-m", "app", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has them")
def test_another_namespace_of_process_numbers_leaves_it_alone(live):
    folder, grow, writer = live
    there = listing(folder)
    for command in (("recover", str(folder)), ("delete", "--yes", str(folder))):
        done = in_another_namespace(*command)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "still being" in done.stderr
        assert listing(folder) >= there
    done = in_another_namespace("recover", str(folder.parent))
    assert (done.returncode, done.stderr) == (0, "")
    assert "no recording there was cut off" in done.stdout
    grow()
    end(folder, writer, 10)


def of_another_boot(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """As if another computer looked at it over a share, where locks do not reach."""
    monkeypatch.setattr(ownership, "try_lock", lambda _: None)
    monkeypatch.setattr(ownership, "boot_identity", lambda: "another boot")
    assert life_of(folder, Manifest.read(folder).owner) is Life.UNSURE


def test_another_computer_sees_that_it_changes(live, monkeypatch):
    folder, grow, writer = live
    of_another_boot(monkeypatch, folder)
    monkeypatch.setattr(ownership.time, "sleep", lambda _: writer._claim.beat())  # a camera that gives no frame
    assert find_unfinished(folder.parent) == ()
    with pytest.raises(SessionError, match="still being written by process"):
        recover(folder)
    with pytest.raises(SessionError, match="still being recorded"):
        plan_deletion(folder)
    monkeypatch.undo()
    grow()
    end(folder, writer, 10)


def test_a_step_of_the_clock_changes_nothing(live):
    folder, _grow, writer = live
    owner = Manifest.read(folder).owner
    assert owner is not None
    assert owner.locked
    shifted = replace(owner, started_unix_s=owner.started_unix_s - 60)
    assert life_of(folder, shifted) is Life.ALIVE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ownership, "try_lock", lambda _: None)  # on a file system without locks, either
        assert life_of(folder, replace(shifted, locked=False)) is Life.UNSURE
    end(folder, writer, 5)


@pytest.fixture
def dead(tmp_path, header, make_frame):
    """A recording whose process is gone, as a kill leaves it."""
    folder = claim_folder(tmp_path / "sessions" / "dead")
    with SessionWriter(folder, header) as writer:
        for i in range(5):
            assert writer.add_frame(make_frame(i))
        wait_until(lambda: writer.stats.frames >= 5)
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
    owner = Manifest.read(copy).owner
    assert owner is not None
    replace(Manifest.read(copy), owner=replace(owner, pid=2**22 + 1)).write(copy)
    return copy


def test_whose_lock_is_free_has_ended(dead):
    manifest = Manifest.read(dead)
    assert (dead / LOCK).exists()
    assert life_of(dead, manifest.owner) is Life.ENDED
    assert [found.folder for found in find_unfinished(dead.parent)] == [dead]
    assert recover(dead).frames == 4  # but for the one that a kill costs
    assert Manifest.read(dead).state == RECOVERED
    assert LOCK not in listing(dead)


def test_what_was_left_before_the_system_started_anew_is_watched_and_recovered(dead, monkeypatch):
    of_another_boot(monkeypatch, dead)
    watched = []
    monkeypatch.setattr(ownership.time, "sleep", watched.append)
    assert [found.folder for found in find_unfinished(dead.parent)] == [dead]
    assert recover(dead, watch=False).frames == 4
    assert watched == [ownership.WATCH_S]


def test_what_grows_meanwhile_is_never_removed(dead, monkeypatch):
    part = dead / "video.part.mkv"
    copy_packets = recovery.copy_packets

    def grow(*arguments):
        with part.open("ab") as file:
            file.write(b"more")
        return copy_packets(*arguments)

    monkeypatch.setattr(recovery, "copy_packets", grow)
    before = listing(dead)
    with pytest.raises(SessionError, match="still being written"):
        recover(dead)
    assert listing(dead) | {".reserve"} == before | {".reserve"}
    monkeypatch.undo()
    assert recover(dead).frames == 4


def test_two_do_not_recover_at_once(dead, monkeypatch):
    copy_packets = recovery.copy_packets

    def recover_too(*arguments):
        with pytest.raises(SessionError, match="left alone"):
            recover(dead)
        return copy_packets(*arguments)

    monkeypatch.setattr(recovery, "copy_packets", recover_too)
    assert recover(dead).frames == 4


def test_a_folder_is_claimed_once(tmp_path):
    claim = Claim(tmp_path)
    assert claim.locked
    with pytest.raises(FileExistsError):
        Claim(tmp_path)
    claim.release()
    Claim(tmp_path).release()


def test_unfinished_folders_of_another_container_are_left_until_nobody_touches_them(tmp_path, monkeypatch):
    dead = replace(Owner.this_process(), pid=2**22 + 1)
    with monkeypatch.context() as patch:
        patch.setattr(staging, "process_space", lambda: "another container")
        patch.setattr(Owner, "this_process", lambda: dead)
        theirs = new_staging(tmp_path, "clip", tmp_path)
    new_staging(tmp_path, "clip", tmp_path)
    assert theirs.is_dir()
    monkeypatch.setattr(staging, "LEFT_S", -1.0)
    new_staging(tmp_path, "clip", tmp_path)
    assert not theirs.exists()
