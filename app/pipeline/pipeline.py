"""Source -> [slot] -> analysis -> recorder -> signals -> display, history and outputs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from app.capture.source import Source
from app.core.clock import now_s
from app.core.errors import SessionError
from app.core.fault_barrier import FaultBarrier
from app.core.frames import Frame, FrameResult
from app.core.mailbox import Mailbox
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.core.threads import hand_the_interpreter_over, keep_opencv_single
from app.outputs.base import Marker, Output
from app.pipeline.capture_loop import CaptureLoop
from app.pipeline.inference_loop import InferenceLoop
from app.pipeline.network_choice import NetworkChoice
from app.pipeline.recorder import Recorder
from app.pipeline.signal_controller import SignalController
from app.pipeline.status import PipelineStatus
from app.session.annotations import Annotation, AnnotationKind, WrittenAnnotation
from app.session.header import describe
from app.signals.history import History
from app.sound.capture import SoundCapture

# Labels in events.csv.
NOTE, ENGINE, FIELD_OF_VIEW, FACE_SIZE = "note", "engine", "field_of_view", "face_size"
SIGNALS, PLOTS = "The filter or a derived signal", "The history of the plots"
RECORDING, RESULTS = "The recording of frames", "The recording of results"
"""Parts whose failure must not stop the measuring, as its sentence names them."""


class Pipeline:
    """Everything between a source and the window; every method returns at once, any thread may call.

    ``results`` holds the latest result for the display, ``history`` the numbers of the last
    seconds.  ``recorder`` takes the codec and what the experimenter says, ``sound`` a microphone that
    is recorded, too, ``faces`` how many are measured and which is the primary one, ``signals`` filter,
    recentring and derived signals; ``capture`` reads the source.  While no network is ready, frames pass
    through with no faces, so that the picture is there before it is.
    """

    def __init__(self, weights: str | None = None, device: str = "auto", engine: str = "auto", faces: int = 1) -> None:
        """``faces``: how many are measured at most; raises ValueError outside 1 to ``MOST_FACES``."""
        self.results: Mailbox[FrameResult] = Mailbox()
        self.history = History()
        self.recorder = Recorder()
        self.sound = SoundCapture(self.recorder.add_sound)
        self.signals = SignalController(self.recorder, self._send_marker)
        self._slot: Mailbox[Frame] = Mailbox()
        self.capture = CaptureLoop(self._opened, self._captured, lambda: self.recorder.filling)
        self._inference = InferenceLoop(
            self._slot,
            self._measured,
            NetworkChoice(weights, device, engine),
            faces,
            lambda: not self.recorder.active,
            lambda words: self.signals.note_later(ENGINE, words),
        )
        self.faces = self._inference.faces
        self._barrier = FaultBarrier()
        self._skipped = 0
        self._outputs: tuple[Output, ...] = ()
        self._outputs_change = threading.Lock()
        self._closed = False
        self._listeners: tuple[Callable[[FrameResult], None], ...] = ()

    def subscribe(self, listener: Callable[[FrameResult], None]) -> None:
        """Call ``listener`` with every measured frame, on the inference thread: it must return at once."""
        self._listeners = (*self._listeners, listener)

    def start(self) -> None:
        """Start the threads of capture and analysis."""
        keep_opencv_single()
        hand_the_interpreter_over()
        self.capture.start()
        self._inference.start()

    def close(self) -> None:
        """Finish the recording and end both threads; waits for them."""
        self.capture.stop()
        self.recorder.stop(wait=True)
        self.sound.close()
        self._inference.stop()
        self.signals.close()
        self.results.close()
        with self._outputs_change:
            outputs, self._outputs = self._outputs, ()
            self._closed = True
        for output in outputs:
            self._barrier.call(_called(output), output.close, None)

    def set_source(self, source: Source | None) -> None:
        """Show another source, or none; a running recording is finished first: it belongs to the old one."""
        self.recorder.stop()
        self.capture.switch(source)

    def set_network(self, weights: str | None, device: str, engine: str = "auto") -> None:
        """Load other weights, on another device or by another engine; a running recording is finished first."""
        self.recorder.stop()
        self._inference.switch(NetworkChoice(weights, device, engine))

    def compare_with(self, weights: str | None, device: str = "auto", engine: str = "auto") -> None:
        """Let these weights (a path, ``"default"``, ``"lite"``) measure every frame beside the first; None: no longer.

        Results carry what it says as ``second``; recordings, signals and outputs go on with the first.
        """
        self._inference.networks.second.use(None if weights is None else NetworkChoice(weights, device, engine))

    def set_field_of_view(self, view: FieldOfView | None) -> None:
        """Tell positions by it from the next frame on; None: nobody knows it, so ``ASSUMED``.

        It holds for every further source until it is set again; an annotation goes into the recording that runs.
        """
        view = view or ASSUMED
        if view != self._inference.field_of_view:
            self._inference.field_of_view = view
            self.recorder.set_camera(field_of_view=view)
            if self.recorder.active:  # the header of the next recording says it
                corners = " diagonal" if view.diagonal else ""
                note = f"{view.found} {view.degrees:g} degrees{corners} std_deg {view.std_deg:g}"
                self.signals.note_later(FIELD_OF_VIEW, note)

    def set_face_size(self, size: FaceSize | None) -> None:
        """As ``set_field_of_view``, of everybody before the camera; None: an adult's average."""
        if size != self._inference.face_size:
            self._inference.face_size = size
            self.recorder.set_camera(face_size=size)
            if self.recorder.active:
                self.signals.note_later(FACE_SIZE, f"pupils {size.pupils_mm:g} mm" if size else "average")

    # ------------------------------------------------------------------ recording

    def start_recording(self, claim_folder: Callable[[], Path]) -> Path:
        """Record from the next frame on, into the new folder that ``claim_folder`` makes.

        Raises SessionError when there is nothing to record or the folder can't be written.
        """
        info = self.capture.info
        if info is None or self.capture.frames == 0:
            raise SessionError("There is nothing to record yet: start a source first.")
        fresh = not self.recorder.active
        header = describe(info, self._inference.network, self._inference.report)
        header = replace(
            header,
            camera_tilt=self.signals.chain.tilt,
            field_of_view=self._inference.field_of_view,
            face_size=self._inference.face_size,
        )
        folder = self.recorder.start(header, claim_folder)
        if fresh:
            self.signals.recording_started()
        return folder

    def annotate(self, key: str, label: str, interval: bool, at_s: float) -> WrittenAnnotation | None:
        """Apply a marker key at ``at_s``: end its interval that is open, or begin one, or set a point.

        The outputs hear of it too: of an interval as "LABEL begin" and "LABEL end".  None when only they
        did, because nothing is recorded.  Waits for the disk.  Raises SessionError.
        """
        if not self.recorder.active and self._send_marker(Marker(label, "", at_s)):
            return None
        written = self.recorder.annotate(key, label, interval, at_s)
        suffix = {AnnotationKind.POINT: "", AnnotationKind.BEGUN: " begin", AnnotationKind.ENDED: " end"}[written.kind]
        self._send_marker(Marker(written.annotation.label + suffix, "", at_s))
        return written

    def note(self, text: str, at_s: float) -> Annotation:
        """Free text on what was recorded at ``at_s``.  Waits for the disk.  Raises SessionError."""
        annotation = self.recorder.note(NOTE, text, at_s)
        self._send_marker(Marker(NOTE, text, at_s))
        return annotation

    def _send_marker(self, marker: Marker) -> bool:
        """Send it to every output; False when none of them takes markers."""
        sent = False
        for output in self._outputs:
            sent |= self._barrier.call(_called(output), partial(output.send_marker, marker), False)
        return sent

    # ------------------------------------------------------------------ outputs

    def add_output(self, output: Output) -> None:
        """Send every further result there too; it replaces, and closes, the one of the same name."""
        self._replace_output(output.name, output)

    def remove_output(self, name: str) -> None:
        """Close the output of this name, if there is one."""
        self._replace_output(name, None)

    def _replace_output(self, name: str, output: Output | None) -> None:
        with self._outputs_change:
            old = [other for other in self._outputs if other.name == name]
            if self._closed and output is not None:
                old.append(output)
            else:
                new = (output,) if output is not None else ()
                self._outputs = (*(other for other in self._outputs if other.name != name), *new)
        for other in old:
            self._barrier.call(_called(other), other.close, None)
            self._barrier.forget(_called(other))

    # ------------------------------------------------------------------ status

    def status(self) -> PipelineStatus:
        """How all of it stands, now."""
        capture, inference = self.capture, self._inference
        latency, p95 = inference.latency.median_and_p95()
        return PipelineStatus(
            source=capture.status,
            source_info=capture.info,
            network=inference.network,
            report=inference.report,
            network_loading=inference.loading,
            network_error=inference.error,
            engine_preparing=inference.networks.preparing,
            capture_fps=capture.rate.rate(),
            inference_fps=inference.rate.rate(),
            latency_ms=latency,
            latency_p95_ms=p95,
            captured=capture.frames,
            inferred=inference.inferred,
            skipped=self._skipped,
            lost=capture.lost,
            recording=self.recorder.stats,
            recording_active=self.recorder.active,
            recording_finishing=self.recorder.finishing,
            filter_preset=self.signals.chain.filter.name,
            calibration=self.signals.chain.calibration,
            finished_wait=self.signals.finished,
            field_of_view=inference.field_of_view,
            face_size=inference.face_size,
            max_faces=self.faces.max_faces,
            outputs=tuple(output.status for output in self._outputs),
            sound=self.sound.status,
            second=inference.networks.second.status,
            trouble=inference.trouble or self._barrier.problem,
            failed_in_row=inference.failures.in_row,
        )

    # ------------------------------------------------------------------ on the capture thread

    def _opened(self) -> None:
        self._slot.take()  # a frame of the source before this one
        self._skipped = 0
        self._barrier.call(PLOTS, self.history.clear, None)
        self._barrier.call(SIGNALS, self.signals.chain.forget, None)
        self._inference.new_source()

    def _captured(self, frame: Frame) -> None:
        self._barrier.call(RECORDING, lambda: self.recorder.add_frame(frame), None)
        if not self._inference.ready:
            self.results.put(FrameResult(frame, (), now_s()))
        elif not self._slot.put(frame):
            self._skipped += 1

    # ------------------------------------------------------------------ on the inference thread

    def _measured(self, result: FrameResult) -> None:
        report = self._inference.report
        spec = report.spec if report is not None else None
        call = self._barrier.call  # what was measured must reach the table, whatever the others do
        result = call(SIGNALS, lambda: self.signals.apply(result, spec), result)
        call(RESULTS, lambda: self.recorder.add_result(result), None)  # as measured, and beside it as shown
        call(PLOTS, lambda: self.history.append(result), None)
        self.results.put(result)
        for output in self._outputs:
            call(_called(output), partial(output.send, result), None)
        for listener in self._listeners:
            name = getattr(listener, "__qualname__", type(listener).__name__)
            call(f"A listener ({name})", partial(listener, result), None)


def _called(output: Output) -> str:
    return f"The output {output.name}"
