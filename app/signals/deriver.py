"""The derived signals of one face, frame by frame; the table of names and units is ``app.core.derived.DERIVED``.

- head speed = geodesic angle between the pose now and the one ``SPEED_S`` ago, by the real time between them
- off axis = angle between the head's own -z (where the nose points) and the camera's, ``acos(R[2, 2])``,
  of the pose as shown, so relative to straight ahead where somebody has recentred
- attention = 1 once that angle is within the cone's half angle, 0 once it is ``MARGIN_DEG`` beyond it

Levels are taken from the values shown.  Events (blinks, nods, shakes) are found in the measured ones:
a filter that smooths them away must not change how many there are.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from app.core.derived import DerivedSignals
from app.core.frames import FaceResult, Floats, ShownFace
from app.core.one_euro import PAUSE_S
from app.core.rotation import geodesic_deg
from app.signals.blinks import BlinkCounter
from app.signals.gestures import MAX_HALF_PERIOD_S, NOD, SHAKE, find_gestures
from extractor.face_shape import displacements, face_shape
from extractor.types import Angles

SPEED_S = 0.15  # shorter, and the noise of a head at rest is a speed; longer, and quick turns are missed
MARGIN_DEG = 2.0  # more than the jitter of a head at rest
GESTURES_S = 5.0  # how far back gestures are looked for
GESTURES_EVERY_S = 0.1  # looking for them takes half a millisecond


class FaceDeriver:
    """One face's derived signals; kept through short losses of the face, begun anew when time goes back."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._time_s = -math.inf
        self._blinks = BlinkCounter()
        self._poses: deque[tuple[float, Floats]] = deque()
        self._inside = False
        self._angles: deque[tuple[float, float, float]] = deque()  # seconds, pitch, yaw
        self._reference: object = None
        self._looked_s = -math.inf
        self._counts = {NOD: 0, SHAKE: 0}
        self._counted_to_s = {NOD: -math.inf, SHAKE: -math.inf}
        self._lasting: dict[str, float] = {NOD: -math.inf, SHAKE: -math.inf}  # until when

    def update(
        self,
        measured: FaceResult,
        measured_angles: Angles,
        shown: ShownFace,
        names: Sequence[str] | None,
        time_s: float,
        cone_deg: float,
        reference: object = None,
    ) -> DerivedSignals:
        """The signals of ``shown``, whose face is ``measured`` after the filter; both without the person's rest.

        ``measured_angles`` are relative to the same ``reference`` as those shown, another object after
        each change; ``cone_deg`` is the cone's half angle.  Without trained pose heads, or without a
        finite pose, nothing is known.
        """
        if not measured.pose_trained or not np.isfinite(shown.rotation).all():
            return DerivedSignals()
        if time_s < self._time_s:
            self._reset()
        elif time_s - self._time_s > PAUSE_S:
            self._poses.clear()
        self._time_s = time_s
        raw = face_shape(measured.kp, displacements(measured.exp, measured.rotation), names)
        shape = raw
        if shown.face is not measured:
            shape = face_shape(shown.face.kp, displacements(shown.face.exp, shown.face.rotation), names)
        blink = self._blinks.update(time_s, raw.eye_closure_l, raw.eye_closure_r)
        if reference is not self._reference:  # a jump of the numbers, not of the head
            self._angles.clear()
            self._reference = reference
        self._find_gestures(time_s, measured_angles)
        off_axis = math.degrees(math.acos(min(1.0, max(-1.0, float(shown.rotation[2, 2])))))
        self._inside = off_axis <= cone_deg + (MARGIN_DEG if self._inside else 0.0)
        return DerivedSignals(
            *shape,
            blink=blink,
            blinks_per_minute=self._blinks.per_minute,
            head_speed_deg_s=self._speed(time_s, shown.face.rotation),
            nod=float(time_s <= self._lasting[NOD]),
            shake=float(time_s <= self._lasting[SHAKE]),
            nods=float(self._counts[NOD]),
            shakes=float(self._counts[SHAKE]),
            off_axis_deg=off_axis,
            attention=float(self._inside),
        )

    def _speed(self, time_s: float, rotation: Floats) -> float:
        self._poses.append((time_s, rotation))
        while len(self._poses) > 2 and time_s - self._poses[1][0] >= SPEED_S:
            self._poses.popleft()
        then_s, then = self._poses[0]
        return geodesic_deg(then, rotation) / (time_s - then_s) if time_s > then_s else math.nan

    def _find_gestures(self, time_s: float, angles: Angles) -> None:
        self._angles.append((time_s, angles.pitch_deg, angles.yaw_deg))
        if 0 <= time_s - self._looked_s < GESTURES_EVERY_S:
            return
        self._looked_s = time_s
        while time_s - self._angles[0][0] > GESTURES_S:
            self._angles.popleft()
        times, pitch, yaw = np.array(self._angles).T
        for kind, onset_s, duration_s, _ in find_gestures(times, pitch, yaw):
            end_s = onset_s + duration_s
            # One that goes on is found again and again, a swing longer each time.
            if onset_s > self._counted_to_s[kind]:
                self._counts[kind] += 1
            self._counted_to_s[kind] = max(self._counted_to_s[kind], end_s)
            self._lasting[kind] = end_s + MAX_HALF_PERIOD_S
