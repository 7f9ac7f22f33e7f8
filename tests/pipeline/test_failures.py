"""What fails is said, is replaced, and takes nothing else along: real demo, real detector, real network."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.capture.demo import DemoSource
from app.core.clock import now_s
from app.core.frames import Frame, FrameResult
from app.core.mailbox import Mailbox
from app.faces.detector import create_detector
from app.pipeline import Pipeline, inference_loop
from app.pipeline.inference_loop import NO_DETECTOR, RESTARTED, InferenceLoop
from app.pipeline.network_choice import NetworkChoice
from app.pipeline.repair import REPLACE_AT
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.table import Missing
from app.ui.shell.messages import Severity, problem_message, view_message
from extractor.backends import create_backend
from extractor.backends.base import Backend, BackendInfo
from extractor.types import HostMotion
from tests.factories import read_annotations, read_table
from tests.waiting import PATIENCE_S


class Weak:
    """A real engine, under another name, that fails while it is told to."""

    def __init__(self, backend: Backend, broken: threading.Event) -> None:
        self._backend, self._broken = backend, broken
        self.info = BackendInfo("weak", "cpu", "CPU", "float32")
        self.spec, self.report, self.close = backend.spec, backend.report, backend.close

    def run(self, crops: np.ndarray) -> HostMotion:
        if self._broken.is_set():
            raise RuntimeError("the engine broke")
        return self._backend.run(crops)


class WeakDetector:
    """The real detector, failing while it is told to."""

    def __init__(self, broken: threading.Event) -> None:
        self._detector, self._broken, self.closed = create_detector(), broken, False

    def detect(self, *arguments):
        if self._broken.is_set():
            raise RuntimeError("the detector broke")
        return self._detector.detect(*arguments)

    def close(self) -> None:
        self.closed = True
        self._detector.close()


class Loop:
    """The inference loop, frame by frame."""

    def __init__(self) -> None:
        self.results: list[FrameResult] = []
        self.takeovers: list[str] = []
        self._measured = threading.Semaphore(0)
        self._frames: Mailbox[Frame] = Mailbox()
        self.before_result: Callable[[], None] = lambda: None
        choice = NetworkChoice("lite", "cpu", "torch")
        self.loop = InferenceLoop(self._frames, self._note, choice, on_takeover=self.takeovers.append)
        self._source = DemoSource(paced=False)
        self._source.open()

    def _note(self, result: FrameResult) -> None:
        self.results.append(result)
        self._measured.release()
        self.before_result()

    def measure(self, count: int = 1) -> FrameResult:
        for _ in range(count):
            frame = None
            while frame is None:
                frame = self._source.read(1.0)
            self._frames.put(frame)
            assert self._measured.acquire(timeout=PATIENCE_S)
        return self.results[-1]

    def close(self) -> None:
        self.loop.stop()
        self._source.close()


@pytest.fixture
def looped() -> Iterator[Loop]:
    looped = Loop()
    yield looped
    looped.close()
    assert "inference" not in {thread.name for thread in threading.enumerate()}


def weak_engine(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The first engine that is loaded is a weak one; those that take over are whole."""
    broken, loaded = threading.Event(), []

    def create(*arguments, **options):
        loaded.append(arguments[3])
        backend = create_backend("lite", "cpu", arguments[2], "torch")
        return Weak(backend, broken) if len(loaded) == 1 else backend

    monkeypatch.setattr("extractor.backends.create_backend", create)
    return broken


def test_a_frame_that_failed_says_so_and_a_good_one_clears_it(looped, monkeypatch):
    broken = weak_engine(monkeypatch)
    looped.loop.start()
    assert looped.measure(2).faces
    broken.set()
    result = looped.measure()
    assert result.failed
    assert not result.faces
    assert looped.loop.trouble.startswith("The network failed on a frame:")
    broken.clear()
    result = looped.measure()
    assert result.faces
    assert not result.failed
    assert looped.loop.trouble == ""
    assert looped.loop.network.engine == "weak"


def test_another_engine_takes_over_after_some_failures(looped, monkeypatch):
    broken = weak_engine(monkeypatch)
    looped.loop.start()
    looped.measure(2)
    broken.set()
    looped.measure(REPLACE_AT)
    assert [result.failed for result in looped.results] == [False] * 2 + [True] * REPLACE_AT
    assert looped.measure().faces
    assert looped.loop.network.engine == "torch"
    assert looped.loop.trouble == ""
    assert looped.takeovers == ["torch on cpu took over: weak on cpu failed"]


def test_another_engine_takes_over_when_every_second_frame_fails(looped, monkeypatch):
    broken = weak_engine(monkeypatch)
    looped.loop.start()
    looped.measure(2)
    for number in range(2 * REPLACE_AT - 1):
        (broken.clear if number % 2 else broken.set)()
        looped.measure()
    assert sum(result.failed for result in looped.results) == REPLACE_AT
    assert looped.measure().faces
    assert looped.loop.network.engine == "torch"
    assert looped.loop.trouble == ""
    assert looped.takeovers == ["torch on cpu took over: weak on cpu failed"]


def test_a_detector_that_fails_is_made_again(looped, monkeypatch):
    broken, made = threading.Event(), []

    def create():
        made.append(WeakDetector(broken if not made else threading.Event()))
        return made[-1]

    monkeypatch.setattr(inference_loop, "create_detector", create)
    looped.loop.start()
    assert looped.measure(2).faces
    broken.set()
    while len(made) < 2:  # it does not look at every frame
        looped.measure()
    assert sum(result.failed for result in looped.results) == REPLACE_AT
    assert looped.measure().faces
    assert looped.loop.trouble == ""
    assert [detector.closed for detector in made] == [True, False]
    assert looped.takeovers == []


def test_a_detector_that_could_not_be_made_is_tried_again(looped, monkeypatch):
    tries = []

    def create():
        tries.append(0)
        if len(tries) < 3:
            raise OSError("no memory")
        return create_detector()

    monkeypatch.setattr(inference_loop, "create_detector", create)
    monkeypatch.setattr(inference_loop, "DETECTOR_AGAIN_S", (0.0,))
    errors = []

    def note(words, *_, **__):
        errors.append(words)

    monkeypatch.setattr(inference_loop.log, "error", note)
    looped.loop.start()
    done = threading.Event()
    while not looped.loop.ready:
        assert looped.loop.error in ("", NO_DETECTOR)
        done.wait(0.02)
    assert len(tries) == 3
    assert len(errors) == 1  # not with every try
    assert looped.measure().faces
    assert looped.loop.error == ""


def test_the_last_net_starts_the_analysis_anew(looped):
    looped.loop.start()
    assert looped.measure(2).faces

    def fall() -> None:
        looped.before_result = lambda: None
        raise ArithmeticError("nobody caught this")

    looped.before_result = fall
    looped.measure()
    assert looped.measure(2).faces
    looped.before_result = fall
    looped.measure()
    with_trouble = threading.Event()
    while not looped.loop.trouble:
        with_trouble.wait(0.01)
    assert looped.loop.trouble == RESTARTED
    assert looped.measure().faces
    assert looped.loop.trouble == ""


class Fallible:
    """An output and a listener that raise."""

    name = "fallible"

    def __init__(self) -> None:
        self.calls = 0

    def fail(self, *_: object) -> None:
        self.calls += 1
        raise RuntimeError("not my day")

    send = send_marker = fail

    def close(self) -> None:
        raise RuntimeError("not even that")


@pytest.mark.usefixtures("late_results_count")
@pytest.mark.parametrize("part", ["signals", "history", "listener", "output"])
def test_a_part_that_fails_takes_nothing_along(part, tmp_path, monkeypatch):
    pipeline = Pipeline("lite", "cpu", "torch")
    measured, recorded, begun_s = threading.Semaphore(0), threading.Semaphore(0), math.inf
    fallible = Fallible()

    def note(result: FrameResult) -> None:
        (recorded if result.frame.captured_s > begun_s else measured).release()

    if part == "signals":
        monkeypatch.setattr(pipeline.signals, "apply", fallible.fail)
    elif part == "history":
        monkeypatch.setattr(pipeline.history, "append", fallible.fail)
    elif part == "listener":
        pipeline.subscribe(fallible.fail)
    else:
        pipeline.add_output(fallible)
        monkeypatch.setattr(pipeline, "status", lambda: None)  # outputs say how they stand, this one doesn't
    pipeline.subscribe(note)
    pipeline.start()
    try:
        pipeline.set_source(DemoSource())
        for _ in range(3):
            assert measured.acquire(timeout=PATIENCE_S)
        folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
        begun_s = now_s()
        for _ in range(4):
            assert recorded.acquire(timeout=PATIENCE_S)
        pipeline.note("all is well", now_s())
        if part != "output":
            problem = pipeline.status().problem
            assert "unexpected error (RuntimeError), everything else goes on" in problem
        pipeline.recorder.stop(wait=True)
    finally:
        pipeline.close()
    assert fallible.calls >= 4
    manifest, table = Manifest.read(folder), read_table(folder / "frames.csv")
    assert (manifest.state, manifest.ended_by) == ("complete", "")
    assert table.success.sum() >= 3


@pytest.mark.usefixtures("late_results_count")
def test_what_failed_stands_in_the_recording_and_on_the_screen(tmp_path, monkeypatch):
    broken = weak_engine(monkeypatch)
    pipeline = Pipeline("lite", "cpu", "torch")
    measured, failed_ones = threading.Semaphore(0), threading.Semaphore(0)
    failing: list[tuple[int, object, object]] = []

    def note(result: FrameResult) -> None:
        status = pipeline.status()
        if status.failing:
            failing.append((status.failed_in_row, problem_message(status), view_message(status, True)))
        (failed_ones if result.failed else measured).release()

    pipeline.subscribe(note)
    pipeline.start()
    try:
        pipeline.set_source(DemoSource())
        for _ in range(2):
            assert measured.acquire(timeout=PATIENCE_S)
        folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
        broken.set()
        for _ in range(REPLACE_AT):
            assert failed_ones.acquire(timeout=PATIENCE_S)
        while measured.acquire(blocking=False):  # those from before
            pass
        for _ in range(4):  # by the engine that took over
            assert measured.acquire(timeout=PATIENCE_S)
        pipeline.recorder.stop(wait=True)
    finally:
        pipeline.close()
    count, message, (title, words) = failing[0]
    assert count == REPLACE_AT
    assert message.severity is Severity.ERROR
    assert title == "Nothing is measured"
    assert words == message.text
    assert words.startswith(f"The network failed on {REPLACE_AT} frames in a row")
    table, manifest = read_table(folder / "frames.csv"), Manifest.read(folder)
    failed = int((table.missing == Missing.FAILED).sum())
    assert failed >= REPLACE_AT - 2  # the first of them may be of frames from before the recording
    assert manifest.missing.failed == failed
    assert not (table.inferred & ~table.success & (table.missing != Missing.NO_FACE)).any()
    assert manifest.inferred == table.inferred.sum()
    assert ("engine", "torch on cpu took over: weak on cpu failed") in [
        (annotation.label, annotation.note) for annotation in read_annotations(folder / "events.csv")
    ]
