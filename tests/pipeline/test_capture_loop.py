"""The capture thread against sources that behave as scripted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.frames import Frame
from app.pipeline.capture_loop import CaptureLoop
from tests.waiting import PATIENCE_S


class ScriptedSource:
    """Runs one step of the script a read: a frame index to deliver, None for silence, an exception to raise."""

    def __init__(self, script: list[int | Exception | None], open_error: Exception | None = None) -> None:
        self._script = list(script)
        self._open_error = open_error
        self.info: SourceInfo | None = None
        self.status = SourceStatus(SourceState.CLOSED)
        self.closed = threading.Event()
        self.threads: set[str] = set()

    def open(self) -> SourceInfo:
        self.threads.add(threading.current_thread().name)
        if self._open_error:
            raise self._open_error
        self.info = SourceInfo("video", "script", 4, 3, 30.0)
        self.status = SourceStatus(SourceState.STREAMING)
        return self.info

    def read(self, timeout_s: float) -> Frame | None:
        self.threads.add(threading.current_thread().name)
        if not self._script:
            self.status = SourceStatus(SourceState.ENDED, "The video has ended.")
            return None
        step = self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        return None if step is None else Frame(step, np.zeros((3, 4, 3), np.uint8), now_s())

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed.set()


class Run:
    """A capture loop with what it handed on."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.frames: list[int] = []
        self.opened = 0
        self.filling = threading.Event()
        self.asked = 0
        self.loop = CaptureLoop(self._on_open, self._on_frame, self._is_filling)
        self.loop.start()

    def _on_open(self) -> None:
        with self.changed:
            self.opened += 1
            self.changed.notify_all()

    def _is_filling(self) -> bool:
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
        return self.filling.is_set()

    def _on_frame(self, frame: Frame) -> None:
        with self.changed:
            self.frames.append(frame.index)
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S)


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run()
    yield run
    run.loop.stop()
    assert not any(thread.name == "capture" for thread in threading.enumerate())


def test_every_frame_is_handed_on_and_gaps_are_counted_as_lost(run):
    source = ScriptedSource([0, 1, None, 4, 5])
    run.loop.switch(source)
    assert source.closed.wait(PATIENCE_S)
    assert run.frames == [0, 1, 4, 5]
    assert run.loop.frames == 4
    assert run.loop.lost == 2
    assert run.loop.status == SourceStatus(SourceState.ENDED, "The video has ended.")


class ThawedSource(ScriptedSource):
    """Each of its frames comes ten seconds after the one before."""

    def __init__(self, buffers: bool) -> None:
        super().__init__([0, 1, 2, 3])
        self.buffers = buffers

    def read(self, timeout_s: float) -> Frame | None:
        frame = super().read(timeout_s)
        return frame and replace(frame, captured_s=frame.captured_s + 10 * frame.index)


def test_what_a_frozen_source_held_up_is_read_as_it_can_be_taken(run):
    run.filling.set()
    source = ThawedSource(buffers=True)
    run.loop.switch(source)
    run.wait_for(lambda: run.asked > 5)
    assert run.frames == [0, 1]  # the second told that there was a silence
    run.filling.clear()
    assert source.closed.wait(PATIENCE_S)
    assert run.frames == [0, 1, 2, 3]


def test_a_source_that_would_drop_frames_is_read_at_once(run):
    run.filling.set()
    source = ThawedSource(buffers=False)
    run.loop.switch(source)
    assert source.closed.wait(PATIENCE_S)
    assert run.frames == [0, 1, 2, 3]


def test_a_source_lives_on_the_capture_thread_alone(run):
    source = ScriptedSource([0])
    run.loop.switch(source)
    assert source.closed.wait(PATIENCE_S)
    assert source.threads == {"capture"}


def test_a_source_that_cannot_be_opened_says_why_and_is_closed(run):
    source = ScriptedSource([], SourceError("The camera is in use by another program; close it and try again."))
    run.loop.switch(source)
    assert source.closed.wait(PATIENCE_S)
    assert run.loop.status.state is SourceState.FAILED
    assert "in use" in run.loop.status.message
    assert run.opened == 0


@pytest.mark.parametrize("error", [SourceError("The camera is gone."), RuntimeError("a driver's mistake")])
def test_an_error_in_mid_stream_stops_the_source_but_not_the_thread(run, error, caplog):
    source = ScriptedSource([0, error])
    run.loop.switch(source)
    assert source.closed.wait(PATIENCE_S)
    assert run.loop.status.state is SourceState.FAILED
    assert run.loop.status.message.endswith(".")
    after = ScriptedSource([7])
    run.loop.switch(after)
    run.wait_for(lambda: run.frames == [0, 7])


def test_switching_closes_the_old_source_before_it_opens_the_new(run):
    endless = ScriptedSource([0] + [None] * 1_000_000)
    run.loop.switch(endless)
    run.wait_for(lambda: run.frames == [0])
    closed_first: list[bool] = []
    following = ScriptedSource([1])
    opened = following.open
    following.open = lambda: closed_first.append(endless.closed.is_set()) or opened()  # type: ignore[method-assign]
    run.loop.switch(following)
    run.wait_for(lambda: run.frames == [0, 1])
    assert closed_first == [True]


def test_only_the_last_of_several_quick_switches_counts(run):
    skipped = [ScriptedSource([None] * 1_000_000) for _ in range(20)]
    for source in skipped:
        run.loop.switch(source)
    last = ScriptedSource([99])
    run.loop.switch(last)
    run.wait_for(lambda: 99 in run.frames)
    assert all(source.closed.is_set() for source in skipped if source.info)


def test_switching_to_nothing_closes_and_waits(run):
    source = ScriptedSource([0] + [None] * 1_000_000)
    run.loop.switch(source)
    run.wait_for(lambda: run.frames == [0])
    run.loop.switch(None)
    assert source.closed.wait(PATIENCE_S)
    assert run.loop.status.state is SourceState.CLOSED


def test_stop_closes_the_source():
    run = Run()
    source = ScriptedSource([0] + [None] * 1_000_000)
    run.loop.switch(source)
    run.wait_for(lambda: run.frames == [0])
    run.loop.stop()
    assert source.closed.is_set()


def test_one_can_wait_until_the_source_is_closed(run):
    source = ScriptedSource([0, *[None] * 1_000_000])
    run.loop.switch(source)
    run.wait_for(lambda: run.frames == [0])
    assert not run.loop.wait_closed(0.0)
    run.loop.switch(None)
    assert run.loop.wait_closed(PATIENCE_S)
    assert source.closed.is_set()
    assert run.loop.wait_closed(0.0)  # and it stays so


class HangingCamera(ScriptedSource):
    """As a driver that never returns: opening takes until somebody interrupts it."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked, self.interrupted = threading.Event(), threading.Event()

    def open(self) -> SourceInfo:
        self.asked.set()
        if self.interrupted.wait(60):
            raise SourceError("interrupted")
        return super().open()

    def interrupt(self) -> None:
        self.interrupted.set()


def test_the_end_does_not_wait_for_a_camera_that_hangs_while_it_opens():
    run, camera = Run(), HangingCamera()
    run.loop.switch(camera)
    assert camera.asked.wait(PATIENCE_S)
    run.loop.stop(timeout_s=60)
    assert camera.interrupted.is_set()
    assert "capture" not in {thread.name for thread in threading.enumerate()}


def test_another_source_does_not_wait_for_a_camera_that_hangs_while_it_opens(run):
    camera = HangingCamera()
    run.loop.switch(camera)
    assert camera.asked.wait(PATIENCE_S)
    run.loop.switch(ScriptedSource([0, 1]))
    run.wait_for(lambda: run.frames == [0, 1])
    assert camera.interrupted.is_set()
