"""Matches boxes to people: by place and motion at once, by shape when the network has seen them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.core.frames import Box, Detection
from app.faces.identity import Shape, ShapeMemory, ShapeVariance
from app.faces.motion_model import MotionModel, centre, side
from app.faces.smoothing import BoxFilter

RETURNS_S = 0.5  # a face lost for less comes back under its number wherever it is expected
REACH = 0.5  # how far a face may be from where it was expected, in box sides,
REACH_PER_S = 4.0  # plus so much for every second since it was seen,
REACH_MOST = 1.5  # but never further
REACH_AGAIN = 3.0  # for a face that has been gone for longer than ``RETURNS_S``
SIZE_RATIO = 2.0  # sizes that differ by more are different faces
PLACE_COST = 16.0  # of the greatest distance within reach, growing with its square; a shape's is about 1 to 9
SIZE_COST = 4.0  # of the greatest ratio, growing with the square of its logarithm
HIDDEN_COST = 4.0  # of a face that was not seen in the last look: one that was is the likelier
NOBODY_COST = 40.0  # more than any pair within reach: they are always made
EVIDENCE = 3.0  # by so much less must another assignment cost, shapes included, to replace that by place alone,
CONTINUOUS = 6.0  # and by so much where a face would lose its number that never was out of sight
RESEMBLES = 3.0  # shape_distance up to which a face long gone has come back


@dataclass(slots=True, eq=False)
class Person:
    """The state of a person, kept whichever box is matched to them."""

    face_id: int
    memory: ShapeMemory = field(default_factory=ShapeMemory)
    trusted: bool = False  # it is a face


@dataclass(slots=True, eq=False)
class Track:
    """A box that goes from frame to frame, and whose it is."""

    person: Person
    detection: Detection  # the last one
    crop: Box  # steadied
    seen_s: float  # by the detector
    placed_s: float  # by the detector or the network
    motion: MotionModel
    filter: BoxFilter = field(default_factory=BoxFilter)
    missed: int = 0  # looks in a row without it
    anchor: tuple[float, float, float] | None = None  # the crop box relative to the network's centre and size
    followed: Box | None = None  # where the network says it is now
    plausible: int = 0  # looks in a row in which the network took it for a face
    implausible: int = 0  # and in which it did not
    rests_until_s: float = -math.inf  # no face, as far as can be told


@dataclass(frozen=True, slots=True, eq=False)
class LostFace:
    """Somebody who has been lost for longer than ``RETURNS_S``."""

    person: Person
    motion: MotionModel
    seen_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Ambiguity:
    """The possible matches of the last frame, where place alone leaves more than one.

    Row i is somebody who was there before the look, column j a box of it.
    """

    people: tuple[Person, ...]
    motions: tuple[MotionModel, ...]  # before the look
    seen_s: tuple[float, ...]
    continuous: tuple[bool, ...]  # seen in the look before
    gone: tuple[bool, ...]
    tracks: tuple[Track, ...]  # of the boxes, as matched by place
    costs: tuple[tuple[float, ...], ...]  # (rows, columns) of place, motion and size
    made: tuple[int | None, ...]  # the column each row got by them


def reach_after(gap_s: float) -> float:
    """How far, in box sides, a face may be from where it was expected so long after it was last placed."""
    return min(REACH + REACH_PER_S * max(gap_s, 0.0), REACH_MOST)


def match(
    tracks: Sequence[Track], found: Sequence[Detection], time_s: float
) -> tuple[list[list[float]], list[int | None]]:
    """Match the faces found in this frame to earlier faces, by place and size alone.

    Returns the costs of every pair, (tracks, found), and for each track the index of the detection it gets.
    """
    costs = [
        [
            cost_of(track.motion.predict(time_s), detection.box, reach_after(time_s - track.placed_s))
            + (HIDDEN_COST if track.missed else 0.0)
            for detection in found
        ]
        for track in tracks
    ]  # fmt: skip
    return costs, assign(costs, NOBODY_COST)


def match_by_shape(ambiguity: Ambiguity, shapes: Mapping[int, Shape], spread: ShapeVariance) -> list[int | None]:
    """The column of each row when shapes are taken into account; they are given by column."""
    table: list[list[float]] = []
    rows = zip(ambiguity.people, ambiguity.continuous, ambiguity.gone, ambiguity.made, ambiguity.costs, strict=True)
    for person, continuous, gone, made, costs in rows:
        kept = CONTINUOUS if continuous else EVIDENCE
        table.append(
            [
                # What was decided by place has an advantage; all are lifted by it, for a cost must not be negative.
                cost + _shape_distance(person, shapes.get(j), gone, spread) + CONTINUOUS - (kept if j == made else 0.0)
                for j, cost in enumerate(costs)
            ]
        )
    return assign(table, NOBODY_COST)


def cost_of(expected: Box, found: Box, reach: float) -> float:
    """How unlikely it is that a face expected in one box is the one found in the other; infinite out of reach."""
    size, other = side(expected), side(found)
    if size > SIZE_RATIO * other or other > SIZE_RATIO * size:
        return math.inf
    distance = math.dist(centre(expected), centre(found)) / max((size + other) / 2, 1e-9)
    if not distance <= reach:
        return math.inf
    ratio = math.log(size / other) / math.log(SIZE_RATIO) if size != other else 0.0
    return PLACE_COST * (distance / reach) ** 2 + SIZE_COST * ratio**2


def _shape_distance(person: Person, shape: Shape | None, gone: bool, spread: ShapeVariance) -> float:
    if shape is None or not person.memory.known:
        return math.inf if gone else 1.0  # nothing but the shape speaks for a face long gone
    shape_distance = person.memory.shape_distance(shape, spread)
    return math.inf if gone and shape_distance > RESEMBLES else shape_distance


def assign(costs: Sequence[Sequence[float]], unmatched: float) -> list[int | None]:
    """For each row the column it gets, or None, so that the sum of all costs is least; exact.

    ``costs`` are (n, m), finite, infinite or NaN, which is as infinite; a row without a column costs
    ``unmatched``, so no pair above it is ever made.
    """
    n = len(costs)
    m = len(costs[0]) if n else 0
    if not m:
        return [None] * n
    never = 2 * unmatched * (n + 1) + 1  # dearer than leaving everybody alone
    table = np.minimum(np.nan_to_num(np.asarray(costs, np.float64), nan=never, posinf=never), never)
    if n == 1:
        columns = [int(table[0].argmin())]
    else:
        from scipy.optimize import linear_sum_assignment  # half a second, which one face never waits for

        # A column of its own for each row stands for nobody, so there is always a way out.
        _, columns = linear_sum_assignment(np.hstack([table, np.where(np.eye(n, dtype=bool), unmatched, never)]))
    return [int(j) if j < m and table[i, j] <= unmatched else None for i, j in enumerate(columns)]


def preload() -> None:
    """Import what the first two faces would wait for."""
    import scipy.optimize  # noqa: F401
