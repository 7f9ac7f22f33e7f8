"""The signal chain, its annotations in the recording, its markers to the outputs and its messages for a person."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from app.core.clock import now_s
from app.core.errors import SessionError, unexpected
from app.core.frames import FrameResult
from app.core.one_euro import OneEuro
from app.core.tilt import MEASURED, CameraTilt
from app.outputs.base import Marker
from app.pipeline.recorder import Recorder
from app.signals.calibration import Outcome, Recentring, Waiting
from app.signals.chain import SignalChain
from app.signals.presets import FilterPreset
from extractor.types import Angles, NetworkSpec

log = logging.getLogger(__name__)

RECENTRE, NEUTRAL, TILT = (waiting.label for waiting in (Waiting.RECENTRE, Waiting.NEUTRAL, Waiting.TILT))
FILTER = "filter"  # labels in events.csv
JOIN_S = 5.0  # how long the last annotations are waited for
EARLIER_S = float("-inf")  # of what holds from a recording's first frame on, which may have come already


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The outcome of the latest wait for a still head."""

    number: int  # 1, 2, 3 ... of the waits
    outcome: Outcome
    problem: str = ""  # where only the annotation could not be written


class SignalController:
    """Controls the signal chain (``chain``), and notes its changes in recordings and to the outputs.

    Every method may be called from anywhere, ``apply`` on the inference thread alone.
    """

    def __init__(self, recorder: Recorder, send: Callable[[Marker], object]) -> None:
        self.chain = SignalChain()
        self._recorder = recorder
        self._send = send
        self._lock = threading.Lock()
        self._writers: list[threading.Thread] = []
        self.finished: Finished | None = None  # the latest wait that ended by itself; its number tells a new one
        self._count = 0
        self._noted = filter_note(self.chain.filter)

    def annotate_filter(self) -> None:
        """Note in the recording how it is filtered now, unless that is what was noted last.  Raises SessionError."""
        note = filter_note(self.chain.filter)
        with self._lock:
            known, self._noted = self._noted, note
        if note != known:
            self._annotate(FILTER, note)

    # ------------------------------------------------------------------ the camera

    def set_tilt(self, tilt: CameraTilt | None) -> None:
        """Show and send angles as a level camera would measure them; recordings keep what was measured.

        It holds for every further source until it is set again.  Raises SessionError when only the
        annotation could not be written.
        """
        if tilt != self.chain.tilt:
            self.chain.set_tilt(tilt)
            self._recorder.set_camera(camera_tilt=tilt)
            self._annotate(TILT, tilt_note(tilt))

    # ------------------------------------------------------------------ calibration

    def recentre(self) -> Recentring:
        """Show the primary face's angles relative to its present pose from now on.

        Recordings keep what was measured, and an annotation with the angles of the reference.  Raises
        UserError when there is no face, SessionError when only the annotation could not be written.
        """
        reference = self.chain.recentre()
        self._annotate(RECENTRE, pose_note(reference.angles), reference.at_s)
        return reference

    def undo_recentre(self) -> bool:
        """Show the angles as the camera sees them; False when they were shown so anyway.  Raises SessionError."""
        undone = self.chain.undo_recentre()
        if undone:
            self._annotate(RECENTRE, "undone")
        return undone

    def forget_neutral(self) -> bool:
        """The primary face's expression is as measured again; False when it has been anyway.  Raises SessionError."""
        face_id = self.chain.forget_neutral()
        if face_id is not None:
            self._annotate(NEUTRAL, f"forgotten, face {face_id}")
        return face_id is not None

    # ------------------------------------------------------------------ recording

    def recording_started(self) -> None:
        """Note in the new recording what holds from its first frame on.  Raises SessionError."""
        if self.chain.reference is not None:
            self._recorder.add_annotation(RECENTRE, pose_note(self.chain.reference.angles), EARLIER_S)
        if self.chain.calibration.neutral:
            self._recorder.add_annotation(NEUTRAL, "known from before", EARLIER_S)
        with self._lock:
            self._noted = filter_note(self.chain.filter)
        if self.chain.filter.rotation is not None:
            self._recorder.add_annotation(FILTER, self._noted, EARLIER_S)

    def apply(self, result: FrameResult, network: NetworkSpec | None) -> FrameResult:
        """``result`` with what is shown of it; never waits for the disk."""
        result = self.chain.apply(result, network)
        for outcome in self.chain.take_outcomes():
            self._later(partial(self._finish, outcome))
        return result

    def note_later(self, label: str, note: str) -> None:
        """Mark this moment in the recording, if one runs, and tell the outputs; never waits for the disk."""
        at_s = now_s()

        def write() -> None:
            try:
                self._annotate(label, note, at_s)
            except SessionError as error:
                log.warning("%s", error)

        self._later(write)

    def _later(self, write: Callable[[], None]) -> None:
        writer = threading.Thread(target=write, name="signal annotation")
        with self._lock:
            self._writers = [thread for thread in self._writers if thread.is_alive()]
            self._writers.append(writer)
        writer.start()

    def close(self) -> None:
        """Wait for the annotations that are being written."""
        with self._lock:
            writers = list(self._writers)
        for writer in writers:
            writer.join(JOIN_S)

    # ------------------------------------------------------------------ inside

    def _finish(self, outcome: Outcome) -> None:
        problem = ""
        if not outcome.failure:
            note = f"face {outcome.face_id}, mean of {outcome.samples} frames"
            if outcome.tilt is not None:
                self._recorder.set_camera(camera_tilt=outcome.tilt)
                note = tilt_note(outcome.tilt)
            if outcome.reference is not None:
                note = f"automatic, {pose_note(outcome.reference.angles)}"
            try:
                self._annotate(outcome.waiting.label, note, outcome.at_s)
            except SessionError as error:
                problem = str(error)
            except Exception:  # nobody else would hear of it on this thread
                log.exception("an annotation could not be written")
                problem = unexpected("The marker was not written")
        with self._lock:
            self._count += 1
            self.finished = Finished(self._count, outcome, problem)

    def _annotate(self, label: str, note: str, at_s: float | None = None) -> None:
        at_s = now_s() if at_s is None else at_s
        self._send(Marker(label, note, at_s))
        self._recorder.add_annotation(label, note, at_s)


def pose_note(reference: Angles) -> str:
    """An annotation's note: what is taken off the numbers shown."""
    return f"yaw_deg {reference.yaw_deg:+.2f} pitch_deg {reference.pitch_deg:+.2f} roll_deg {reference.roll_deg:+.2f}"


def tilt_note(tilt: CameraTilt | None) -> str:
    """An annotation's note: how the camera stands, and how that is known."""
    if tilt is None:
        return "level"
    std = f" std_deg {tilt.std_deg:.2f}" if tilt.found == MEASURED and tilt.std_deg is not None else ""
    bend = f" bend_deg {tilt.bend_deg:+.2f}" if tilt.bend_deg else ""
    return f"{tilt.found} pitch_deg {tilt.pitch_deg:+.2f} roll_deg {tilt.roll_deg:+.2f}{std}{bend}"


def filter_note(preset: FilterPreset) -> str:
    """An annotation's note: the filter's name and, of each part, the lowest cutoff (Hz) and the cutoff per speed."""
    if preset.rotation is None:
        return preset.name

    def numbers(part: OneEuro | None) -> str:
        part = part or preset.rotation
        assert part is not None
        return f"{part.min_cutoff_hz:g} {part.cutoff_hz_per_speed:g}"

    return (
        f"{preset.name}, angles {numbers(preset.rotation)}, keypoints {numbers(preset.keypoints)}, "
        f"expression {numbers(preset.expression)}"
    )
