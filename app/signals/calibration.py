"""The references for level, straight ahead and a face at rest: taken now, or from a head that moves or is still."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.clock import now_s
from app.core.errors import UserError
from app.core.frames import FaceResult, Floats, FrameResult
from app.core.rotation import angles_of
from app.core.tilt import CameraTilt, as_shown
from app.signals.head_axes import MotionWatch, estimate_tilt
from app.signals.stillness import StillWatch, mean_rotation
from extractor.face_shape import displacements
from extractor.types import Angles

AVERAGED_S = 0.3  # the reference is the mean over so long: a single frame is a fifth of a degree off
RECENT_S = 1.0  # a face seen longer ago than this is no longer there
NEUTRAL_KEPT_S = 60.0  # what is known of a face that is gone: its number comes back, if at all, within seconds
PATIENCE_S = 30.0  # how long a still head is waited for
NO_FACE = "There is no face to recentre on: look straight ahead, face to the camera, and press C again."
UNTRAINED = "There is nothing to recentre: these weights hold no head pose; choose other weights."
UNTRAINED_NEUTRAL = "There is no expression to calibrate: these weights are not trained; choose other weights."


class Waiting(enum.Enum):
    """The kinds of wait, and how long the head must be still, or move, for each."""

    RECENTRE = ("recentre", 2.0)
    NEUTRAL = ("neutral", 1.0)
    TILT = ("camera_tilt", 5.0)  # half of it a shake of the head, half of it a nod

    def __init__(self, label: str, hold_s: float) -> None:
        self.label = label  # of the annotation in ``events.csv``
        self.hold_s = hold_s


@dataclass(frozen=True, slots=True, eq=False)
class Recentring:
    """A pose that counts as straight ahead."""

    rotation: Floats  # (3, 3), as measured
    angles: Angles  # the same in level axes: what is taken off the numbers
    at_s: float  # monotonic clock at capture of the last frame it was taken from


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The outcome of a wait."""

    waiting: Waiting
    at_s: float  # monotonic clock at capture
    face_id: int | None = None
    samples: int = 0
    reference: Recentring | None = None
    tilt: CameraTilt | None = None
    failure: str = ""  # one sentence; empty where it succeeded


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """How things stand, for the person at the screen."""

    reference: Angles | None = None
    neutral: bool = False  # of the primary face
    waiting: Waiting | None = None
    progress: float = 0.0  # 0 to 1
    face: bool = False  # whether one is seen
    tilt: CameraTilt | None = None  # None: the camera counts as level


UNCALIBRATED = CalibrationState()


@dataclass(slots=True, eq=False)
class _Neutral:
    moved: Floats  # (K, 3) head frame
    seen_s: float


class Calibration:
    """Not thread-safe: the signal chain's lock guards it."""

    def __init__(self) -> None:
        self.tilt: CameraTilt | None = None
        self.reference: Recentring | None = None
        self._waiting: Waiting | None = None
        self._watch: StillWatch | MotionWatch = StillWatch(1.0)
        self.forget()

    def set_tilt(self, tilt: CameraTilt | None) -> None:
        """The pose that counts as straight ahead stays the same."""
        self.tilt = tilt
        if self.reference is not None:
            # A copy tells that the numbers jump, and no head.
            self.reference = self._recentring(self.reference.rotation.copy(), self.reference.at_s)

    def forget(self) -> None:
        """Another source: another camera or another person.  What is waited for is waited for anew."""
        self._recent: deque[tuple[float, int, Floats]] = deque()  # of the primary face, as measured
        self._untrained = False  # of the latest face
        self.reference = None
        self._since_s = now_s()
        self._outcomes: list[Outcome] = []
        self.forget_faces()

    def forget_faces(self) -> None:
        """Other weights: what was at rest for the ones before isn't for these."""
        self._neutrals: dict[int, _Neutral] = {}
        self._primary: int | None = None
        self._watch.clear()

    # ------------------------------------------------------------------ at once

    def recentre(self) -> Recentring:
        """The primary face's present pose, averaged over ``AVERAGED_S``, is straight ahead.

        Raises UserError when there is no face.
        """
        if self._untrained:
            raise UserError(UNTRAINED)
        if not self._recent or now_s() - self._recent[-1][0] > RECENT_S:
            raise UserError(NO_FACE)
        if self._waiting is Waiting.RECENTRE:
            self._waiting = None
        rotation = mean_rotation([rotation for _, _, rotation in self._recent])
        self.reference = self._recentring(rotation, self._recent[-1][0])
        return self.reference

    def _recentring(self, rotation: Floats, at_s: float) -> Recentring:
        return Recentring(rotation, angles_of(as_shown(rotation, None, self.tilt)), at_s)

    def neutral_of(self, face: FaceResult) -> Floats | None:
        """(K, 3) displacements of this face at rest, head frame."""
        known = self._neutrals.get(face.face_id)
        return known.moved if known is not None and known.moved.shape == face.exp.shape else None

    def forget_neutral(self) -> int | None:
        """The primary face's expression is as measured again; its number, None when it has been so anyway."""
        if self._primary is None or self._neutrals.pop(self._primary, None) is None:
            return None
        return self._primary

    # ------------------------------------------------------------------ once it is still

    def wait(self, waiting: Waiting) -> None:
        """Wait until the head has been still for long enough or ``PATIENCE_S`` have passed.

        Raises UserError when these weights measure nothing.
        """
        if self._untrained:
            raise UserError(UNTRAINED_NEUTRAL if waiting is Waiting.NEUTRAL else UNTRAINED)
        watch = MotionWatch if waiting is Waiting.TILT else StillWatch
        self._waiting, self._watch, self._since_s = waiting, watch(waiting.hold_s), now_s()

    def cancel(self) -> Waiting | None:
        """Wait no longer; what was waited for, None where nothing was."""
        waiting, self._waiting = self._waiting, None
        return waiting

    def take_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of waits since the last call."""
        outcomes, self._outcomes = tuple(self._outcomes), []
        return outcomes

    @property
    def state(self) -> CalibrationState:
        """How the calibration stands now."""
        reference = self.reference.angles if self.reference is not None else None
        face = bool(self._recent) and now_s() - self._recent[-1][0] <= RECENT_S
        neutral = self._primary in self._neutrals
        progress = self._watch.progress if self._waiting is not None else 0.0
        return CalibrationState(reference, neutral, self._waiting, progress, face, self.tilt)

    # ------------------------------------------------------------------ each frame

    def see(self, result: FrameResult) -> None:
        """The next frame, as measured."""
        at_s = result.frame.captured_s
        for seen in result.faces:
            if seen.face_id in self._neutrals:
                self._neutrals[seen.face_id].seen_s = at_s
        self._neutrals = {i: known for i, known in self._neutrals.items() if at_s - known.seen_s <= NEUTRAL_KEPT_S}
        face = result.primary
        if face is not None:
            self._untrained = not face.pose_trained
            self._primary = face.face_id
        if face is None or self._untrained or not np.isfinite(face.rotation).all() or not np.isfinite(face.exp).all():
            self._recent.clear()
            if isinstance(self._watch, StillWatch):  # a shake may hide the face for a moment
                self._watch.clear()
        else:
            while self._recent and (at_s - self._recent[0][0] > AVERAGED_S or self._recent[0][1] != face.face_id):
                self._recent.popleft()
            self._recent.append((at_s, face.face_id, face.rotation))
            if self._waiting is not None:
                self._watch.add(result.frame.time_s, face.face_id, face.rotation, _moved(face))
        if self._waiting is not None:
            self._decide(self._waiting, at_s)

    def _decide(self, waiting: Waiting, at_s: float) -> None:
        watch = self._watch
        if watch.progress >= 1.0 and watch.face_id is not None:
            self._waiting = None
            self._outcomes.append(self._outcome(waiting, watch, watch.face_id, at_s))
        elif at_s - self._since_s > PATIENCE_S:
            self._waiting = None
            what = "was not seen" if waiting is Waiting.TILT else "was not still"
            failure = f"The head {what} for {waiting.hold_s:g} s within {PATIENCE_S:g} s, so nothing was changed."
            self._outcomes.append(Outcome(waiting, at_s, failure=failure))

    def _outcome(self, waiting: Waiting, watch: StillWatch | MotionWatch, face_id: int, at_s: float) -> Outcome:
        if isinstance(watch, MotionWatch):
            try:
                tilt = estimate_tilt(*watch.motion)
            except UserError as error:
                return Outcome(waiting, at_s, face_id, len(watch), failure=str(error))
            self.set_tilt(tilt)
            return Outcome(waiting, at_s, face_id, len(watch), tilt=tilt)
        if waiting is Waiting.NEUTRAL:
            self._neutrals[face_id] = _Neutral(watch.moved, at_s)
            return Outcome(waiting, at_s, face_id, len(watch))
        self.reference = self._recentring(watch.rotation, at_s)
        return Outcome(waiting, at_s, face_id, len(watch), self.reference)


def _moved(face: FaceResult) -> NDArray[np.float64]:
    return displacements(face.exp, face.rotation)
