"""The signals derived from a face's pose and shape: one record, and one table that names its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

NAN = math.nan

Source = Literal["pose", "expression"]


@dataclass(frozen=True, slots=True)
class DerivedSignals:
    """The derived numbers of one face in one frame; NaN where one is not known.

    The formulas are in ``extractor.face_shape`` (expression), ``app.signals.deriver`` (pose),
    ``app.signals.blinks`` and ``app.signals.gestures``; names and units in ``DERIVED``.
    """

    mouth_opening: float = NAN
    smile: float = NAN
    brow_raise: float = NAN
    eye_closure_l: float = NAN  # l and r are the subject's
    eye_closure_r: float = NAN
    blink: float = NAN  # 1 while both eyes are closed for a moment, otherwise 0
    blinks_per_minute: float = NAN
    head_speed_deg_s: float = NAN
    nod: float = NAN  # 1 from when a nod is recognised until it is over, otherwise 0
    shake: float = NAN
    nods: float = NAN  # since the face was first seen
    shakes: float = NAN
    off_axis_deg: float = NAN  # between the nose's direction and straight ahead
    attention: float = NAN  # 1 inside the cone around straight ahead, 0 outside

    def values(self) -> tuple[float, ...]:
        """The numbers in the order of ``DERIVED``."""
        return tuple(getattr(self, signal.name) for signal in DERIVED)


NO_SIGNALS = DerivedSignals()
"""Nothing is known."""


@dataclass(frozen=True, slots=True)
class DerivedSignal:
    """A row of the table; ``name`` is the field's, the column's and the channel's."""

    name: str
    label: str  # for people
    unit: str  # empty where it is a plain ratio, count or yes and no
    source: Source  # what the weights must be able to see
    decimals: int
    tip: str  # a sentence without its full stop

    def of(self, signals: DerivedSignals) -> float:
        """The value of this signal."""
        return float(getattr(signals, self.name))


DERIVED: tuple[DerivedSignal, ...] = (
    DerivedSignal("mouth_opening", "Mouth opening", "inter-ocular", "expression", 4,
                  "Distance of the lips, less the neutral face's, in distances of the outer eye corners"),
    DerivedSignal("smile", "Smile", "inter-ocular", "expression", 4,
                  "How far the corners of the mouth have moved up and out, in distances of the outer eye corners"),
    DerivedSignal("brow_raise", "Brow raise", "inter-ocular", "expression", 4,
                  "How far the brows have moved up, in distances of the outer eye corners"),
    DerivedSignal("eye_closure_l", "Left eye closure", "", "expression", 3,
                  "The subject's left eye: 0 as open as the neutral face's, 1 closed"),
    DerivedSignal("eye_closure_r", "Right eye closure", "", "expression", 3,
                  "The subject's right eye: 0 as open as the neutral face's, 1 closed"),
    DerivedSignal("blink", "Blink", "", "expression", 0, "1 while both eyes are closed for a moment"),
    DerivedSignal("blinks_per_minute", "Blinks", "per minute", "expression", 1,
                  "Blinks of the last minute; nothing before ten seconds were seen"),
    DerivedSignal("head_speed_deg_s", "Head speed", "deg/s", "pose", 2,
                  "Angle of the single rotation between two poses, by the time between them"),
    DerivedSignal("nod", "Nod", "", "pose", 0, "1 from when a nod is recognised until it is over"),
    DerivedSignal("shake", "Shake", "", "pose", 0, "1 from when a shake of the head is recognised until it is over"),
    DerivedSignal("nods", "Nods", "", "pose", 0, "Nods since this face was first seen"),
    DerivedSignal("shakes", "Shakes", "", "pose", 0, "Shakes of the head since this face was first seen"),
    DerivedSignal("off_axis_deg", "Off axis", "deg", "pose", 3,
                  "Angle between where the nose points and straight ahead"),
    DerivedSignal("attention", "Attention", "", "pose", 0,
                  "1 while the nose points into the cone around straight ahead; where the eyes look is not measured"),
)  # fmt: skip
"""Every derived number, in the order of the columns of ``signals.csv``."""

assert [signal.name for signal in DERIVED] == [field.name for field in fields(DerivedSignals)]
