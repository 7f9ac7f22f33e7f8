"""The quality of a pose: what it follows, whose it is, and what nobody knows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.quality import Evidence, QualityModel, is_low, threshold_of
from extractor.types import Angles

MODEL = QualityModel(bias=-1.0, spread=-1.5, score=2.0, size=0.4, sharpness=0.7, threshold=0.6)

spreads = st.floats(0, 60)
evidence = st.builds(
    Evidence,
    std=st.builds(Angles, spreads, spreads, spreads),
    score=st.floats(0, 1),
    size_px=st.floats(0, 2000),
    sharpness=st.floats(0, 1e5),
)


@given(evidence, st.floats(1, 10))
def test_it_is_a_probability_that_nothing_better_makes_smaller(seen, more):
    quality = MODEL.quality(seen)
    assert 0 <= quality <= 1
    better = (
        replace(seen, std=Angles(*(std / more for std in seen.std))),
        replace(seen, score=min(1.0, seen.score * more)),
        replace(seen, size_px=seen.size_px * more),
        replace(seen, sharpness=seen.sharpness * more),
    )
    for other in better:
        assert MODEL.quality(other) >= quality - 1e-12


def test_it_is_the_logistic_function_of_the_features():
    seen = Evidence(Angles(4.0, 4.0, 4.0), 0.5, 64.0, 100.0)
    assert seen.features() == pytest.approx((2.0, 0.5, 6.0, 2.0))
    z = -1.0 - 1.5 * 2 + 2.0 * 0.5 + 0.4 * 6 + 0.7 * 2
    assert MODEL.quality(seen) == pytest.approx(1 / (1 + math.exp(-z)))


def test_what_is_no_number_has_no_quality():
    assert math.isnan(MODEL.quality(Evidence(Angles(math.nan, 1.0, 1.0), 0.9, 100.0, 50.0)))


def test_coefficients_travel_in_the_metadata():
    assert QualityModel.of({"quality": MODEL.to_json()}) == MODEL
    assert threshold_of({"quality": MODEL.to_json()}) == 0.6


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"quality": 3},
        {"quality": {"bias": 1.0}},
        {"quality": {**MODEL.to_json(), "score": "much"}},
        {"quality": {**MODEL.to_json(), "score": True}},
        {"quality": {**MODEL.to_json(), "bias": 1e300}},
        {"quality": {**MODEL.to_json(), "spread": 1.0}},  # more spread can't be better
        {"quality": {**MODEL.to_json(), "size": -0.1}},
        {"quality": {**MODEL.to_json(), "threshold": 1.5}},
    ],
)
def test_weights_without_coefficients_that_make_sense_have_no_quality(metadata):
    assert QualityModel.of(metadata) is None
    assert threshold_of(metadata) is None


def test_low_is_below_the_threshold_where_both_are_known():
    qualities = np.array([0.2, 0.5, 0.8, np.nan], np.float32)
    assert is_low(qualities, 0.5).tolist() == [True, False, False, False]
    assert not is_low(qualities, None).any()
