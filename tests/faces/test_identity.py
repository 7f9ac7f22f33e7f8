"""Neutral shapes tell the few people in a picture apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.frames import Box
from app.faces.course import Course
from app.faces.identity import KNOWN, MOST, SCATTER, Scatter, ShapeMemory, shape_of

finite = st.floats(-10, 10, width=32)


def person(seed, count=24):
    return np.random.default_rng(seed).normal(0, 1, (count, 3)).astype(np.float32)


@given(arrays(np.float32, (7, 3), elements=finite), st.floats(0.1, 10), arrays(np.float32, 3, elements=finite))
def test_size_and_place_do_not_matter(points, scale, shift):
    if np.ptp(points, axis=0).max() < 0.1:
        return
    first, second = shape_of(points), shape_of(points * scale + shift)
    assert second == pytest.approx(first, abs=1e-3)
    assert np.sqrt((first.reshape(-1, 3) ** 2).sum(1).mean()) == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, 3.0, np.nan, np.inf])
def test_what_is_no_shape_is_none(value):
    assert shape_of(np.full((5, 3), value, np.float32)) is None


def learnt(seed, scatter, looks=2 * KNOWN):
    memory, random = ShapeMemory(), np.random.default_rng(seed + 100)
    for _ in range(looks):
        memory.learn(shape_of(person(seed) + random.normal(0, SCATTER, (24, 3))), scatter)
    return memory


def test_ones_own_shape_surprises_least():
    scatter = Scatter()
    memories = [learnt(seed, scatter) for seed in range(4)]
    for seed in range(4):
        surprises = [memory.surprise(shape_of(person(seed)), scatter) for memory in memories]
        assert int(np.argmin(surprises)) == seed
        assert surprises[seed] < 1 < max(surprises) <= MOST


def test_the_scatter_is_that_of_the_weights_that_run():
    scatter = Scatter()
    memory, random = ShapeMemory(), np.random.default_rng(0)
    for _ in range(3000):
        memory.learn(shape_of(person(1) + random.normal(0, 3 * SCATTER, (24, 3))), scatter)
    spread = shape_of(person(1)) - shape_of(person(1) + random.normal(0, 3 * SCATTER, (24, 3)))
    assert scatter.variance == pytest.approx((spread**2).mean(), rel=0.5)


def test_other_weights_have_other_keypoints():
    scatter = Scatter()
    memory = learnt(0, scatter)
    other = shape_of(person(0, 21))
    assert memory.surprise(other, scatter) == 1.0
    memory.learn(other, scatter)
    assert not memory.known
    assert memory.surprise(other, scatter) == 0.0


def test_a_course_goes_on_and_fades():
    course = Course(Box(0, 0, 100, 100), 0.0)
    for step in range(1, 31):
        course.see(Box(step * 10, 0, 100, 100), step / 30)
    assert course.velocity == pytest.approx((300, 0), rel=0.01)
    assert course.speed == pytest.approx(3, rel=0.01)
    assert course.at(1.0 + 1 / 30).x == pytest.approx(310, abs=1)
    assert course.at(100.0).x == pytest.approx(300 + 300 * 0.6, abs=2)  # not to the end of the world
    course.see(Box(0, 0, 100, 100), 9.0)
    assert course.velocity == (0, 0)
