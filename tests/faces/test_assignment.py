"""The assignment is exact: nothing cheaper exists."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Box
from app.faces.identity import ShapeVariance
from app.faces.matching import Ambiguity, Person, assign, match_by_shape
from app.faces.motion_model import MotionModel


def total(costs, unmatched, columns):
    return sum(unmatched if j is None else costs[i][j] for i, j in enumerate(columns))


def cheapest(costs, unmatched):
    """By trying everything."""
    n, m = len(costs), len(costs[0]) if costs else 0
    choices = [*range(m), *[None] * n]
    return min((total(costs, unmatched, way) for way in set(permutations(choices, n))), default=0.0)


tables = st.integers(0, 3).flatmap(
    lambda m: st.lists(
        st.lists(st.one_of(st.floats(0, 100), st.just(math.inf)), min_size=m, max_size=m), min_size=0, max_size=3
    )
)


@given(tables, st.floats(0, 100))
def test_nothing_is_cheaper(costs, unmatched):
    found = assign(costs, unmatched)
    assert len(found) == len(costs)
    taken = [j for j in found if j is not None]
    assert len(set(taken)) == len(taken)
    assert total(costs, unmatched, found) == pytest.approx(cheapest(costs, unmatched))


def test_nobody_gets_what_costs_more_than_nothing():
    assert assign([[5.0, 7.0], [math.inf, math.nan]], 4.0) == [None, None]
    assert assign([], 4.0) == []
    assert assign([[], []], 4.0) == [None, None]


class Remembering:
    """A memory by which a shape, called by a number, is so far away."""

    known = True

    def __init__(self, *distances: float) -> None:
        self._distances = distances

    def shape_distance(self, shape: np.ndarray, spread: ShapeVariance) -> float:
        return self._distances[int(shape[0])]


@pytest.mark.parametrize(
    ("evidence", "continuous", "swapped"),
    [(2.0, False, False), (4.5, False, True), (4.5, True, False), (7.0, True, True)],
)
def test_shapes_need_more_evidence_against_a_face_that_was_never_out_of_sight(evidence, continuous, swapped):
    memories = Remembering(evidence, 0.0), Remembering(0.0, evidence)  # each resembles the other's place
    ambiguity = Ambiguity(
        people=tuple(Person(i, memory) for i, memory in enumerate(memories)),
        motions=tuple(MotionModel(Box(0, 0, 1, 1), 0.0) for _ in range(2)),
        seen_s=(0.0, 0.0),
        continuous=(continuous, continuous),
        gone=(False, False),
        tracks=(),
        costs=((0.0, 0.0), (0.0, 0.0)),
        made=(0, 1),
    )
    shapes = {j: np.array([j]) for j in range(2)}
    assert match_by_shape(ambiguity, shapes, ShapeVariance()) == ([1, 0] if swapped else [0, 1])
