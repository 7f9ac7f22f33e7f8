"""The window as a remote control operates it: what its keys do, with an answer that says when it took effect."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, TimeoutError
from typing import TYPE_CHECKING, Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from app.core.clock import Moment, now_s
from app.core.errors import UserError
from app.outputs.operable import Done

if TYPE_CHECKING:
    from app.pipeline import Pipeline
    from app.session.annotations import WrittenAnnotation
    from app.ui.shell.controller import Controller

T = TypeVar("T")

WINDOW_S = 5.0  # for the window to do its part
FIRST_FRAME_S = 3.0  # for a recording that has begun to get its first frame
POLL_S = 0.005
KEPT = 50  # annotations that the window hasn't shown yet


class WindowOperator(QObject):
    """Carries commands out on the remote control's thread; what belongs to the window is done on the window's."""

    annotated = pyqtSignal(str, object)  # a label, and WrittenAnnotation or None where nothing is recorded
    recentred = pyqtSignal(object)  # Recentring
    _asked = pyqtSignal(object)
    _told = pyqtSignal()

    def __init__(self, controller: Controller, record: Callable[[Mapping[str, str]], str], parent: QObject) -> None:
        """``record`` begins a recording that this is said of, on the window's thread: why it could not, or nothing."""
        super().__init__(parent)
        self._controller = controller
        self._record = record
        self._news: deque[tuple[str, WrittenAnnotation | None]] = deque(maxlen=KEPT)
        self._asked.connect(lambda work: work())
        self._told.connect(self._announce)

    # ------------------------------------------------------------------ on the remote control's thread

    def start(self, about: Mapping[str, str]) -> Done:
        folder = self._on_window(lambda: self._start(about))
        pipeline, end_s = self._pipeline, now_s() + FIRST_FRAME_S
        moment = pipeline.recorder.moment(now_s())
        while moment.session_s is None and now_s() < end_s and pipeline.recorder.active:
            time.sleep(POLL_S)
            moment = pipeline.recorder.moment(now_s())
        if moment.session_s is None:
            raise UserError(f"The recording into {folder} has begun, but no frame came within {FIRST_FRAME_S:g} s.")
        return Done(Moment(moment.at_s - moment.session_s, 0.0, 0), {"folder": folder})

    def stop(self) -> Done:
        return self._on_window(self._stop)

    def annotate(self, label: str, at_s: float) -> Done:
        pipeline = self._pipeline
        moment = pipeline.recorder.moment(at_s)
        if pipeline.recorder.active and moment.session_s is None:
            raise UserError("The marker lies before the recording's first frame, so it was not set.")
        written = pipeline.annotate(f"remote {label}", label, False, at_s)
        self._news.append((label, written))
        if len(self._news) == 1:
            self._told.emit()
        return Done(moment, {"label": label, "recorded": written is not None})

    def recentre(self) -> Done:
        pipeline = self._pipeline
        reference = pipeline.signals.recentre()
        self.recentred.emit(reference)
        pitch, yaw, roll = reference.angles
        offset: dict[str, object] = {"pitch_deg": pitch, "yaw_deg": yaw, "roll_deg": roll}
        return Done(pipeline.recorder.moment(reference.at_s), offset)

    def state(self) -> Done:
        pipeline = self._pipeline
        status = pipeline.status()
        stats = status.recording if status.recording_active or status.recording_finishing else None
        return Done(
            pipeline.recorder.moment(now_s()),
            {
                "recording": status.recording_active,
                "finishing": status.recording_finishing,
                "folder": str(stats.folder) if stats is not None else None,
                "seconds": stats.seconds if stats is not None else None,
                "frames": stats.frames if stats is not None else None,
                "markers": stats.annotations if stats is not None else None,
                "source": status.source_info.name if status.source_info is not None else None,
                "state": status.source.state.value,
                "captured_a_second": round(status.capture_fps, 2),
                "measured_a_second": round(status.inference_fps, 2),
                "recording_error": status.recording.error if status.recording is not None else "",
                "problem": status.problem,
            },
        )

    @property
    def _pipeline(self) -> Pipeline:
        """Raises UserError."""
        if self._controller.pipeline is None:
            raise UserError("The window is still starting; try again in a moment.")
        if self._controller.closing:
            raise UserError("The window is being closed.")
        return self._controller.pipeline

    def _on_window(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, or raises, on the window's thread.  Raises UserError when that doesn't answer."""
        future: Future[T] = Future()

        def call() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except Exception as error:
                    future.set_exception(error)

        self._asked.emit(call)
        try:
            return future.result(WINDOW_S)
        except TimeoutError:
            future.cancel()
            raise UserError(f"The window did not answer within {WINDOW_S:g} seconds.") from None

    # ------------------------------------------------------------------ on the window's thread

    def _start(self, about: Mapping[str, str]) -> str:
        recorder = self._pipeline.recorder
        if recorder.active:
            raise UserError(f"A recording runs already, into {_folder(recorder.stats)}.")
        problem = self._record(about)
        if problem:
            raise UserError(problem)
        return _folder(recorder.stats)

    def _stop(self) -> Done:
        recorder = self._pipeline.recorder
        if not recorder.active:
            raise UserError("Nothing is recorded.")
        moment, folder = recorder.moment(now_s()), _folder(recorder.stats)
        recorder.stop()
        return Done(moment, {"folder": folder})

    def _announce(self) -> None:
        while self._news:
            self.annotated.emit(*self._news.popleft())


def _folder(stats: Any) -> str:
    return str(stats.folder) if stats is not None else ""
