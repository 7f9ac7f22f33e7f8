"""What can be plotted: one table of signals, and the groups that share a pair of axes."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.derived import DERIVED, DerivedSignal
from app.signals.history import COLUMNS
from app.ui.shell import settings


class Range(enum.Enum):
    """How a group's axis grows with its values; always in steps, for ranges that jump seldom let the eye compare."""

    SYMMETRIC = "symmetric"  # about 0
    POSITIVE = "positive"  # from 0
    FREE = "free"  # around the values


@dataclass(frozen=True, slots=True)
class PlotGroup:
    """Signals of one unit in one plot, one above the other with the rest on a common time axis."""

    key: str
    title: str
    unit: str  # after a number, with its space
    range: Range
    least: float  # the smallest half height, height or span of the axis
    weight: int = 2  # share of the height


@dataclass(frozen=True, slots=True)
class PlotSignal:
    """A curve; ``column`` names one of ``History``, the others are further columns, if any."""

    name: str
    label: str
    group: PlotGroup
    column: str
    colour: int  # 0 to 3: an angle's for yaw, pitch and roll, otherwise by its place in the group
    std: str = ""
    true: str = ""
    measured: str = ""  # before the filter


ANGLES = PlotGroup("angles", "Angles", "°", Range.SYMMETRIC, 15.0, 5)
SPREADS = PlotGroup("spreads", "Standard deviations", "°", Range.POSITIVE, 10.0)
EXPRESSION = PlotGroup("expression", "Expression", "", Range.POSITIVE, 0.02)
PLACE = PlotGroup("place", "Place in the crop", "", Range.SYMMETRIC, 0.1)
SCALE = PlotGroup("scale", "Scale", "", Range.FREE, 0.1)
KEYPOINT = PlotGroup("keypoint", "A keypoint", " px", Range.FREE, 4.0)
ASIDE = PlotGroup("aside", "Beside the camera's axis", " cm", Range.SYMMETRIC, 10.0)
DISTANCE = PlotGroup("distance", "Distance", " cm", Range.FREE, 10.0)
QUALITY = PlotGroup("quality", "Quality", "", Range.POSITIVE, 1.0)
LATENCY = PlotGroup("latency", "Latency", " ms", Range.POSITIVE, 50.0)
FACE_SHAPE = PlotGroup("inter-ocular", "Mouth and brows", "", Range.SYMMETRIC, 0.1)
EYES = PlotGroup("eyes", "Eye closure", "", Range.POSITIVE, 1.0)
STATES = PlotGroup("states", "Gestures and attention", "", Range.POSITIVE, 1.0)
COUNTS = PlotGroup("counts", "Counts", "", Range.POSITIVE, 5.0)
BLINKS = PlotGroup("per minute", "Blinks", " /min", Range.POSITIVE, 20.0)
SPEED = PlotGroup("deg/s", "Head speed", " °/s", Range.POSITIVE, 20.0)
DIRECTION = PlotGroup("deg", "Direction", "°", Range.POSITIVE, 15.0)

DIFFERENCE = PlotGroup("difference", "Second opinion minus first", "°", Range.SYMMETRIC, 5.0)

GROUPS = (
    ANGLES, SPREADS, EXPRESSION, FACE_SHAPE, EYES, STATES, BLINKS, SPEED, DIRECTION, COUNTS, ASIDE, DISTANCE, PLACE,
    SCALE, KEYPOINT, QUALITY, LATENCY, DIFFERENCE,
)  # fmt: skip
"""In the order in which they stand, from the top."""

_BY_UNIT = {group.key: group for group in (FACE_SHAPE, BLINKS, SPEED, DIRECTION)}
_COUNTED = ("nods", "shakes")


def _group_of(signal: DerivedSignal) -> PlotGroup:
    if signal.unit:
        return _BY_UNIT[signal.unit]
    if signal.name in _COUNTED:
        return COUNTS
    return EYES if signal.source == "expression" else STATES


def _derived() -> Iterable[PlotSignal]:
    places: dict[str, int] = {}
    for signal in DERIVED:
        group = _group_of(signal)
        place = places[group.key] = places.get(group.key, -1) + 1
        yield PlotSignal(signal.name, signal.label, group, signal.name, place % 4)


SIGNALS: tuple[PlotSignal, ...] = (
    *(
        PlotSignal(name, name.capitalize(), ANGLES, f"{name}_deg", colour, f"{name}_std_deg", f"true_{name}_deg",
                   f"measured_{name}_deg")
        for colour, name in enumerate(("yaw", "pitch", "roll"), 1)
    ),
    *(
        PlotSignal(f"{name}_std", f"{name.capitalize()} spread", SPREADS, f"{name}_std_deg", colour)
        for colour, name in enumerate(("yaw", "pitch", "roll"), 1)
    ),
    PlotSignal("expression", "Expression", EXPRESSION, "exp_magnitude", 0, measured="measured_exp_magnitude"),
    PlotSignal("brows", "Brows", EXPRESSION, "brow_magnitude", 1),
    PlotSignal("eyes", "Eyes", EXPRESSION, "eye_magnitude", 2),
    PlotSignal("mouth", "Mouth", EXPRESSION, "mouth_magnitude", 3),
    *_derived(),
    PlotSignal("x", "x, to the right", ASIDE, "x_cm", 1, std="x_std_cm"),
    PlotSignal("y", "y, down", ASIDE, "y_cm", 2, std="y_std_cm"),
    PlotSignal("z", "z, away", DISTANCE, "z_cm", 3, std="z_std_cm"),
    PlotSignal("distance", "Distance", DISTANCE, "distance_cm", 0),
    PlotSignal("tx", "t x", PLACE, "tx", 2),
    PlotSignal("ty", "t y", PLACE, "ty", 1),
    PlotSignal("scale", "Scale", SCALE, "scale", 0),
    PlotSignal("keypoint_x", "Keypoint 0, x", KEYPOINT, "keypoint_0_x_px", 0, measured="measured_keypoint_0_x_px"),
    PlotSignal("quality", "Quality", QUALITY, "quality", 0),
    PlotSignal("latency", "Latency", LATENCY, "latency_ms", 0),
    *(
        PlotSignal(f"difference_{name}", f"Difference in {name}", DIFFERENCE, f"difference_{name}_deg", colour)
        for colour, name in enumerate(("yaw", "pitch", "roll"), 1)
    ),
    PlotSignal("difference_angle", "Angle between", DIFFERENCE, "difference_angle_deg", 0),
)  # fmt: skip


COLUMN = {name: i for i, name in enumerate(COLUMNS)}


def chosen(names: Iterable[str]) -> tuple[PlotSignal, ...]:
    """The signals of these names in the table's order; the default ones where none of them is known."""
    wanted = set(names)
    found = tuple(signal for signal in SIGNALS if signal.name in wanted)
    return found or chosen(settings.PLOT_SIGNALS.default.split(","))
