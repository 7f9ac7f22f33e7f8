"""The position of a head in centimetres, and its inputs: the camera's field of view, the size of the face."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from app.core.errors import UserError
from app.core.records import Between
from app.core.tilt import MEASURED, TYPED, CameraTilt

LEAST_DEG, MOST_DEG = 10.0, 150.0
TYPED_STD_DEG = 2.0  # data sheets are rounded, and a picture may be cut to less than the sensor sees
LEAST_MM, MOST_MM = 40.0, 80.0  # between the pupils, from small children to large men
ADULT_PUPILS_MM = 63.2  # Zhuang & Bradtmiller 2005: men 64.5, women 61.9
HELD_STD_CM = 0.7  # of the distance from the lens, which lies somewhere in its case


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """The angle that a camera sees, between the edges of the picture or, ``diagonal``, between its corners."""

    degrees: Annotated[float, Between(LEAST_DEG, MOST_DEG)]
    diagonal: bool = False
    found: str = TYPED  # or MEASURED, by a sheet of known width; or "assumed"
    std_deg: Annotated[float, Between(0, 90)] = TYPED_STD_DEG

    def focal_px(self, width: int, height: int) -> float:
        """The focal length of a picture of so many pixels."""
        length = math.hypot(width, height) if self.diagonal else width
        return length / 2 / math.tan(math.radians(self.degrees) / 2)

    @property
    def focal_spread(self) -> float:
        """The standard deviation of the focal length, as a share of it."""
        return math.radians(self.std_deg) / math.sin(math.radians(self.degrees))

    @classmethod
    def of_data_sheet(cls, diagonal_deg: float, width: int, height: int) -> FieldOfView:
        """In pictures of so many pixels, of a webcam that sees ``diagonal_deg`` in its 16:9 ones.

        Their height stays: of a narrower picture the sides are cut off (as a Logitech C920 does it).
        """
        focal = FieldOfView(diagonal_deg, True).focal_px(16, 9) / 9
        return cls(round(math.degrees(2 * math.atan(width / height / 2 / focal)), 2))

    @classmethod
    def of_width(cls, width_cm: float, distance_cm: float) -> FieldOfView:
        """The field of view of a lens that sees a thing of this width across the picture at this distance."""
        angle = 2 * math.atan2(width_cm / 2, distance_cm)
        std = math.sin(angle) * HELD_STD_CM / distance_cm
        return cls(round(math.degrees(angle), 2), False, MEASURED, round(math.degrees(std), 2))


ASSUMED = FieldOfView(60.0, found="assumed", std_deg=10.0)
"""The field of view of an unknown camera: webcams and laptops see 49 (Logitech C270) to 82 degrees (Brio) across."""


OF_THE_DEMO = FieldOfView(30.0, found="known", std_deg=0.0)  # ``extractor.training.demo.actor``


def parse_field_of_view(text: str) -> FieldOfView:
    """``DEGREES`` between the edges of the picture, ``DEGREESd`` between its corners.  Raises UserError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)(d?)\s*", text)
    if match is None or not LEAST_DEG <= float(match[1]) <= MOST_DEG:
        raise UserError(
            f"{text!r} is no field of view: {LEAST_DEG:g} to {MOST_DEG:g} degrees, as 60, or 78d for the diagonal one."
        )
    return FieldOfView(float(match[1]), bool(match[2]))


@dataclass(frozen=True, slots=True)
class FaceSize:
    """How large somebody's face is, told by the distance of the pupils that an optician measures."""

    pupils_mm: Annotated[float, Between(LEAST_MM, MOST_MM)]


def parse_face_size(text: str) -> FaceSize:
    """The distance between the pupils in millimetres.  Raises UserError."""
    if re.fullmatch(r"\s*\d+(?:\.\d*)?\s*", text) is None or not LEAST_MM <= float(text) <= MOST_MM:
        raise UserError(f"{text!r} is no distance between pupils: {LEAST_MM:g} to {MOST_MM:g} millimetres, such as 63.")
    return FaceSize(float(text))


class Position(NamedTuple):
    """The point that the head turns about, in the camera's axes: x right, y down, z away; NaN where nobody knows."""

    x_cm: float
    y_cm: float
    z_cm: float
    x_std_cm: float  # one standard deviation
    y_std_cm: float
    z_std_cm: float

    @classmethod
    def of(cls, cm: Iterable[float], std_cm: Iterable[float]) -> Position:
        """The position of x, y, z and their standard deviations."""
        return cls._make(float(v) for v in (*cm, *std_cm))

    @property
    def distance_cm(self) -> float:
        """The distance from the camera."""
        return math.hypot(*self[:3])


NOWHERE = Position.of([math.nan] * 3, [math.nan] * 3)


def seen_from(position: Position, tilt: CameraTilt | None) -> Position:
    """In level axes; None: the camera counts as level."""
    if tilt is None:
        return position
    level = tilt.to_level
    cm = level @ position[:3]
    std = np.sqrt(np.square(level) @ np.square(position[3:]))
    return Position.of(cm, std)
