"""The assignment is exact: nothing cheaper exists."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.faces.matching import assign


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
