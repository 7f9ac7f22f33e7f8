"""Neutral shapes tell the few people in a picture apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.frames import Box
from app.faces.identity import KNOWN, MOST, PRIOR_LOOKS, SHAPE_STD, ShapeMemory, ShapeVariance, shape_of
from app.faces.motion_model import MotionModel

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


def learnt(seed, variance, looks=2 * KNOWN):
    memory, random = ShapeMemory(), np.random.default_rng(seed + 100)
    for _ in range(looks):
        memory.learn(shape_of(person(seed) + random.normal(0, SHAPE_STD, (24, 3))), variance)
    return memory


def test_ones_own_shape_is_the_nearest():
    variance = ShapeVariance()
    memories = [learnt(seed, variance) for seed in range(4)]
    for seed in range(4):
        distances = [memory.shape_distance(shape_of(person(seed)), variance) for memory in memories]
        assert int(np.argmin(distances)) == seed
        assert distances[seed] < 1 < max(distances) <= MOST


def test_the_spread_is_measured_with_the_weights_that_run():
    variance = ShapeVariance()
    memory, random = ShapeMemory(), np.random.default_rng(0)
    for _ in range(3000):
        memory.learn(shape_of(person(1) + random.normal(0, 3 * SHAPE_STD, (24, 3))), variance)
    spread = shape_of(person(1)) - shape_of(person(1) + random.normal(0, 3 * SHAPE_STD, (24, 3)))
    assert variance.variance == pytest.approx((spread**2).mean(), rel=0.5)


def test_other_weights_have_other_keypoints():
    variance = ShapeVariance()
    memory = learnt(0, variance)
    other = shape_of(person(0, 21))
    assert memory.shape_distance(other, variance) == 1.0
    memory.learn(other, variance)
    assert not memory.known
    assert memory.shape_distance(other, variance) == 0.0


def test_a_course_goes_on_and_fades():
    motion = MotionModel(Box(0, 0, 100, 100), 0.0)
    for step in range(1, 31):
        motion.observe(Box(step * 10, 0, 100, 100), step / 30)
    assert motion.velocity == pytest.approx((300, 0), rel=0.01)
    assert motion.speed == pytest.approx(3, rel=0.01)
    assert motion.predict(1.0 + 1 / 30).x == pytest.approx(310, abs=1)
    assert motion.predict(100.0).x == pytest.approx(300 + 300 * 0.6, abs=2)  # not to the end of the world
    motion.observe(Box(0, 0, 100, 100), 9.0)
    assert motion.velocity == (0, 0)


def test_one_look_at_somebody_else_hardly_changes_what_is_usual():
    variance = ShapeVariance()
    usual = variance.variance
    variance.add(1000 * usual)
    assert variance.variance == pytest.approx(usual * (PRIOR_LOOKS + 9) / (PRIOR_LOOKS + 1))
