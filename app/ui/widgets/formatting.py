"""Numbers and states as the words that stand on the screen."""

from __future__ import annotations

import math

from app.core.position import ADULT_PUPILS_MM, FaceSize, FieldOfView
from app.core.tilt import CameraTilt
from app.faces.estimators import OWN
from extractor.types import Angles

EXPRESSION_FULL_SCALE = 0.06
"""Expression magnitude, in units of the neutral keypoints, at which a bar is full."""

ANGLES = {"yaw": 1, "pitch": 0, "roll": 2}
"""In the order in which they are shown, with their places among pitch, yaw and roll."""

MINUS = "\u2212"
NOTHING = "\u2013"  # what stands where there is no number


def degrees(value: float, decimals: int = 1) -> str:
    """A signed angle with a true minus sign; a dash where there is none."""
    if not math.isfinite(value):
        return NOTHING
    text = f"{value:+.{decimals}f}"
    if float(text) == 0:
        text = text.replace("-", "+")
    return text.replace("-", MINUS) + "°"


def pose(angles: Angles) -> str:
    """Three angles in one line, which breaks between them only."""
    pitch, yaw, roll = (degrees(angle) for angle in angles)
    return f"yaw\u00a0{yaw} pitch\u00a0{pitch} roll\u00a0{roll}"


def tilt(camera: CameraTilt) -> str:
    """How a camera stands, in one line, which breaks between its two angles only."""
    return f"pitch\u00a0{degrees(camera.pitch_deg)} roll\u00a0{degrees(camera.roll_deg)}"


def field_of_view(view: FieldOfView) -> str:
    """A camera's field of view and its origin, in one line."""
    across = " diagonally" if view.diagonal else ""
    return f"{view.degrees:.1f}°{across} ± {view.std_deg:.1f}°, {view.found}"


def face_size(size: FaceSize | None) -> str:
    """How large faces are taken to be and how that is known, in one line."""
    return f"pupils {size.pupils_mm:.1f} mm apart, typed" if size else f"pupils {ADULT_PUPILS_MM} mm apart, assumed"


def centimetres(value: float, std: float) -> str:
    """A length with one standard deviation."""
    whole = round(value, 1) + 0.0  # minus zero is zero
    return f"{whole:.1f} ± {std:.1f} cm".replace("-", MINUS) if math.isfinite(value) else NOTHING


def spread(value: float) -> str:
    """A standard deviation in degrees; empty where it isn't known."""
    return f"± {value:.1f}°" if math.isfinite(value) else ""


def unsigned(value: float, decimals: int, unit: str = "") -> str:
    """A number with its unit; a dash where it isn't known."""
    return f"{value:.{decimals}f}{unit}" if math.isfinite(value) else NOTHING


def rate(value: float) -> str:
    """Frames a second; a dash for none."""
    return f"{value:.1f} fps" if value > 0 else NOTHING


def duration(seconds: float) -> str:
    """Minutes and seconds, with hours once there are any."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes:02d}:{whole % 60:02d}"


def size(num_bytes: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 999.5:
            return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.1f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.2f} GB"


def clock(seconds: float, decimals: int = 0) -> str:
    """A time within a recording, or how long something lasts, ``1:02:03.450``: hours once there are any."""
    unit = 10**decimals
    whole, fraction = divmod(round(max(seconds, 0.0) * unit), unit)
    return duration(whole) + (f".{fraction:0{decimals}d}" if decimals else "")


def estimator_label(name: str) -> str:
    """The label of an estimator that is not this project's network."""
    return OWN[name].title if name in OWN else name


def own_weights(name: str) -> str:
    """The label of the program's own weights; an empty name stands for the default ones."""
    return f"Motionscope {name}".rstrip()
