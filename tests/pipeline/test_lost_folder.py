"""A recording whose folder is taken away, or whose disk is full, is said, rescued, and goes on elsewhere."""

from __future__ import annotations

import itertools
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from app.capture.source import SourceInfo
from app.core.clock import now_s
from app.core.frames import Frame
from app.pipeline.recorder import Recorder
from app.session import disk, folders
from app.session import writer as writer_module
from app.session.folders import claim_folder
from app.session.manifest import STOPPED, SessionHeader
from app.session.session import Session
from tests.factories import read_annotations

HEADER = SessionHeader(SourceInfo("camera", "c", 64, 48, 30.0), num_kp=0)


class Feed:
    """A recording, and a camera that gives a frame whenever it is asked to."""

    def __init__(self, folder: Path) -> None:
        self.recording, self.folder = Recorder(), folder
        self._numbers = itertools.count()
        self._pause = threading.Event()
        self.recording.start(HEADER, lambda: claim_folder(folder))

    def give(self, count: int = 1) -> None:
        for _ in range(count):
            self._pause.wait(0.005)
            self.recording.add_frame(Frame(next(self._numbers), np.zeros((48, 64, 3), np.uint8), now_s()))

    def wait_encoded(self, frames: int) -> None:
        while self.stats.frames < frames:
            self._pause.wait(0.005)

    def give_until_it_goes_on_elsewhere(self) -> None:
        while self.stats.folder == self.folder:
            assert self.recording.active
            self.give()

    @property
    def stats(self):
        stats = self.recording.stats
        assert stats is not None
        return stats


@pytest.fixture
def feed(tmp_path):
    feed = Feed(tmp_path / "take")
    feed.give(10)
    feed.wait_encoded(10)
    yield feed
    feed.recording.stop(wait=True)


def take_away(folder: Path, how: str) -> None:
    if how == "moved":
        folder.rename(folder.with_name("moved"))
    else:
        shutil.rmtree(folder)
    if how == "deleted and made again":
        folder.mkdir()


@pytest.mark.parametrize("how", ["deleted", "moved", "deleted and made again"])
def test_a_folder_that_is_taken_away_costs_nothing(how, feed, tmp_path, monkeypatch):
    feed.recording.annotate("1", "before", False, now_s())
    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "TICK_S", 1e6)  # it is not looked for meanwhile
        take_away(feed.folder, how)
        feed.recording.annotate("1", "between", False, now_s())
        feed.recording.annotate("2", "long", True, now_s())
    feed.give_until_it_goes_on_elsewhere()
    rest, rescued = tmp_path / "take-rest", tmp_path / "take-rescued"
    assert feed.stats.folder == rest
    assert f"The folder {feed.folder} was taken away while it was recorded into." in feed.stats.warning
    assert f"The rest of the recording is in {rest}." in feed.stats.warning
    before = feed.stats.frames
    feed.give(5)
    feed.wait_encoded(before + 5)
    feed.recording.annotate("1", "after", False, now_s())
    feed.recording.stop(wait=True)
    assert f"What was recorded up to then is in {rescued}." in feed.stats.error
    first, second = Session.open(rescued), Session.open(rest)
    assert (first.manifest.state, second.manifest.state) == (STOPPED, "complete")
    assert first.manifest.ended_by == (
        f"The rest of the recording is in {rest}. The folder {feed.folder} was taken away while it was recorded into."
    )
    assert len(first.table) == first.manifest.frames >= 10
    assert len(second.table) == second.manifest.frames >= 5
    for session in (first, second):
        with session.frames() as video:
            assert len(video) == session.manifest.frames
    assert [annotation.label for annotation in first.annotations] == ["before", "between", "long"]
    assert [annotation.label for annotation in read_annotations(rest / "events.csv")] == ["after"]


def test_the_first_marker_after_the_folder_was_taken_away_is_kept(feed, tmp_path, monkeypatch):
    """There is no file of markers yet that could take it."""
    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "TICK_S", 1e6)
        shutil.rmtree(feed.folder)
        feed.recording.annotate("1", "first", False, now_s())
    feed.give_until_it_goes_on_elsewhere()
    feed.recording.stop(wait=True)
    assert [annotation.label for annotation in Session.open(tmp_path / "take-rescued").annotations] == ["first"]


def test_a_full_disk_sends_the_rest_to_another_one(feed, tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "SYNC_S", 0.02)
    monkeypatch.setattr(folders, "_disk_of", lambda path: 1 if path == feed.folder else 2)
    check = disk.DiskWatch.check

    def full(watch, *arguments):
        if watch._folder == feed.folder:
            return disk.DiskState(0, True, "Only 3 MB are free.")
        return check(watch, *arguments)

    monkeypatch.setattr(disk.DiskWatch, "check", full)
    feed.give_until_it_goes_on_elsewhere()
    feed.give(5)
    feed.recording.stop(wait=True)
    rest = tmp_path / "take-rest"
    assert feed.stats.error == (
        f"The rest of the recording is in {rest}. The recording ended before the disk was full. Only 3 MB are free."
    )
    first, second = Session.open(feed.folder), Session.open(rest)
    assert (first.manifest.state, second.manifest.state) == (STOPPED, "complete")
    assert first.manifest.ended_by == feed.stats.error
    assert first.manifest.frames >= 10
    assert second.manifest.frames >= 5


def test_without_another_place_it_ends_and_says_so(feed, monkeypatch):
    monkeypatch.setattr(folders, "_disk_of", lambda _: 1)
    monkeypatch.setattr(writer_module, "SYNC_S", 0.02)
    monkeypatch.setattr(disk.DiskWatch, "check", lambda *_: disk.DiskState(0, True, "Only 3 MB are free."))
    while feed.recording.active:
        feed.give()
    feed.recording.stop(wait=True)
    assert feed.stats.error == "The recording ended before the disk was full. Only 3 MB are free."
    assert Session.open(feed.folder).manifest.frames >= 10
