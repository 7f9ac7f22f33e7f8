"""The marks drawn at a face and their colours, for Qt in the window and for OpenCV in films and virtual cameras.

A painter knows how to draw each kind of mark; where it stands, in pixels of whatever is drawn on, is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.frames import FaceResult
from app.core.rotation import project_axes

Points = NDArray[np.float64]
Colour = tuple[int, int, int, int]
"""Red, green, blue, opacity; 0 to 255."""

WHITE: Colour = (255, 255, 255, 210)
POINT: Colour = (242, 244, 247, 255)
AXES: tuple[tuple[str, Colour], ...] = (
    ("x", (240, 130, 90, 255)),
    ("y", (104, 230, 194, 255)),
    ("z", (142, 164, 255, 255)),
)
"""The head's axes: their letters and colours."""

AXIS_LENGTH = 0.55
"""The pose axes' length, in the face box's longer side."""

LETTERED = 12.0
"""An axis that is drawn shorter points at the viewer: a letter would cover the nose."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Polylines on a dark edge, which lies beneath all of them."""

    curves: tuple[Points, ...]  # (M, 2) each
    colour: Colour
    width: float
    edge: float  # how much wider the edge is
    edge_opacity: int
    dashed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Discs with a thin dark edge."""

    points: Points  # (K, 2)
    colour: Colour
    radius: float


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """A letter on a dark edge, centred."""

    text: str
    at: Points  # (2,)
    colour: Colour
    way: Points  # (2,), from the end of the axis to it


Mark = Lines | Dots | Letter

_CHAINS = (
    *(
        chain
        for side in "lr"
        for chain in (
            (f"brow_inner_{side}", f"brow_mid_{side}", f"brow_outer_{side}"),
            (
                f"eye_inner_{side}", f"lid_up_{side}", f"eye_outer_{side}", f"lid_low_{side}", f"eye_inner_{side}",
            ),
        )
    ),
    ("nasion", "nose_tip"),
    ("alar_l", "nose_tip", "alar_r", "subnasale", "alar_l"),
    ("mouth_l", "lip_up", "mouth_r", "lip_low", "mouth_l"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaceLines:
    """Chains of keypoint indices, each to be drawn as one polyline."""

    chains: tuple[tuple[int, ...], ...]
    jaw: tuple[int, int, int] | None  # outer eye, chin, outer eye: a curve that only the chin belongs to


@lru_cache(maxsize=8)
def face_lines(names: tuple[str, ...] | None) -> FaceLines:
    """The chains whose points all have a name; none where keypoints have no names."""
    index = {name: i for i, name in enumerate(names or ())}
    chains = [tuple(index[name] for name in chain) for chain in _CHAINS if all(name in index for name in chain)]
    jaw = ("eye_outer_l", "chin", "eye_outer_r")
    left, chin, right = (index.get(name, -1) for name in jaw)
    return FaceLines(tuple(chains), (left, chin, right) if min(left, chin, right) >= 0 else None)


def line_width(longer: float) -> float:
    """Lines grow with the face, whose box has this longer side, within reason."""
    return min(max(longer / 70, 1.6), 3.5)


def box_marks(x: float, y: float, width: float, height: float, colour: Colour = WHITE) -> list[Mark]:
    """The box's corners.  A colour that says whose it is is drawn thicker than white."""
    return [Lines(tuple(box_corners(x, y, width, height)), colour, 1.4 if colour == WHITE else 2.6, 1.8, 110)]


def keypoint_marks(points: Points, lines: FaceLines, width: float) -> list[Mark]:
    """The keypoints, (K, 2), and the lines between them; ``width`` as of ``line_width``.  None where one is missing."""
    if not np.isfinite(points).all():
        return []
    curves = tuple(face_curves(points, lines))
    return [Lines(curves, (255, 255, 255, 190), width * 0.5, 1.6, 120), Dots(points, POINT, width * 0.75)]


def pose_axes(
    face: FaceResult, rotation: NDArray[np.floating[Any]], names: tuple[str, ...] | None
) -> tuple[Points, Points]:
    """The axes of a head turned by ``rotation``, (3, 3), where this face is.

    They begin at the nose or, where no keypoint is called so, at the head's origin as the network has it; where
    neither is known, in the middle of the box.

    Returns:
        Frame pixels (4, 2), the origin and the tips of x, y and z; and the tips' magnification, (3,).
    """
    box = face.detection.box
    places = [face.crop_to_frame[:, :2] @ face.t[:2] + face.crop_to_frame[:, 2], (box.x + box.w / 2, box.y + box.h / 2)]
    if names is not None and "nose_tip" in names:
        places.insert(0, face.keypoints[names.index("nose_tip")])
    origin = next(np.asarray(place, np.float64) for place in places if np.isfinite(place).all())
    offsets, magnification = project_axes(rotation, AXIS_LENGTH * max(box.w, box.h))
    return np.vstack([origin, origin + offsets]), magnification


def axes_marks(axes: Points, magnification: Points, width: float, letter_height: float) -> list[Mark]:
    """``pose_axes``, farthest first, nearer ones thicker: so one sees which tip comes towards the viewer."""
    marks: list[Mark] = []
    for i in np.argsort(magnification):
        name, colour = AXES[i]
        thickness = width * float(magnification[i]) ** 2
        line = axes[[0, i + 1]]
        marks += [Lines((line,), colour, thickness, 2.0, 140), *tip_marks(name, line, colour, thickness, letter_height)]
    return marks


def tip_marks(name: str, line: Points, colour: Colour, thickness: float, letter_height: float) -> list[Mark]:
    """The dot and the letter at the end of an axis, (2, 2) from its origin to its tip."""
    radius = thickness * 1.3
    way = line[1] - line[0]
    length = float(np.hypot(*way))
    marks: list[Mark] = [Dots(line[1:], colour, radius)]
    if length >= LETTERED:
        ahead = way / length * (radius + letter_height * 0.55)
        marks.append(Letter(name, line[1] + ahead, colour, ahead))
    return marks


def box_corners(x: float, y: float, width: float, height: float) -> list[Points]:
    """Four polylines, (3, 2) each: the face stays free to be seen."""
    arm = min(width, height) * 0.14
    return [
        np.array([(left + sx * arm, top), (left, top), (left, top + sy * arm)])
        for left, sx in ((x, 1), (x + width, -1))
        for top, sy in ((y, 1), (y + height, -1))
    ]


def face_curves(points: Points, lines: FaceLines) -> list[Points]:
    """Polylines, (M, 2) each, through the keypoints, (K, 2)."""
    curves = [points[list(chain)] for chain in lines.chains]
    return curves if lines.jaw is None else [*curves, _jaw(*points[list(lines.jaw)])]


def _jaw(left: Points, chin: Points, right: Points) -> Points:
    """A curve around the chin, between where the outer eye corners' lines meet the jaw."""
    middle = (left + right) / 2
    down = chin - middle
    t = np.linspace(0, 1, 17)[:, None]
    sides = []
    for eye in (left, right):
        side = eye - middle
        start, first = eye + 0.62 * down - 0.06 * side, eye + 0.85 * down - 0.2 * side
        second = chin + 0.45 * side
        sides.append((1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * chin)
    return np.concatenate([sides[0], sides[1][-2::-1]])
