"""The fit of the quality's coefficients: it finds those that made the labels, and never wrong signs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.fit_quality import FAULTS, auc, fit, qualities


@pytest.fixture
def features():
    rng = np.random.default_rng(3)
    low, high = np.array([0.0, 0.0, 3.0, 0.0]), np.array([5.0, 1.0, 7.0, 3.0])
    return rng.uniform(low, high, (4000, 4))


def test_it_finds_the_coefficients_that_made_the_labels(features):
    made = 1.0 + features @ np.array([-1.5, 2.0, 0.4, 0.7])
    right = np.random.default_rng(4).random(len(made)) < 1 / (1 + np.exp(-made))
    model = fit(features, right)
    assert [model.spread, model.score, model.size, model.sharpness] == pytest.approx([-1.5, 2.0, 0.4, 0.7], abs=0.3)
    quality = qualities(model, features)
    assert auc(quality, right) > 0.85
    for low in np.arange(0, 1, 0.25):
        some = (quality >= low) & (quality < low + 0.25)
        assert right[some].mean() == pytest.approx(quality[some].mean(), abs=0.06)  # it is a probability


def test_what_contradicts_sense_gets_no_weight(features):
    right = features[:, 0] + np.random.default_rng(4).normal(0, 1, len(features)) > 2.5  # more spread is better
    model = fit(features, right)
    assert model.spread == 0
    assert min(model.score, model.size, model.sharpness) >= 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_the_auc_is_the_share_of_pairs_in_the_right_order(seen):
    quality, right = np.array([q for q, _ in seen]), np.array([r for _, r in seen])
    pairs = [(a > b) + (a == b) / 2 for a in quality[right] for b in quality[~right]]
    assert auc(quality, right) == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_but_none_changes_the_picture(fault):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (120, 120, 3), np.uint8)
    spoilt = FAULTS[fault](picture, 80.0, rng)
    assert (spoilt.shape == picture.shape and np.array_equal(spoilt, picture)) == (fault == "as it is")
    assert spoilt.dtype == np.uint8
