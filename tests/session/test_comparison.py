"""The comparison of two tables: what it must say of tables whose difference is known."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.errors import SessionError
from app.session.comparison import compare
from extractor.types import POSE_HEADS


@dataclass(frozen=True)
class Poses:
    success: np.ndarray
    angles_deg: np.ndarray


def poses(angles, success=None):
    angles = np.asarray(angles, np.float32).reshape(-1, 3)
    return Poses(np.ones(len(angles), bool) if success is None else np.asarray(success, bool), angles)


def test_a_known_difference_is_told_by_axis():
    a = np.random.default_rng(0).normal(0, 10, (200, 3))
    found = compare(poses(a), poses(a * (1, -1, 1) + (2, 0, -3)))
    assert found.pitch.mean_difference_deg == pytest.approx(2, abs=1e-4)
    assert [found.pitch.mae_deg, found.pitch.rms_deg] == pytest.approx([2, 2], abs=1e-4)
    assert found.pitch.correlation == pytest.approx(1, abs=1e-6)
    assert found.yaw.correlation == pytest.approx(-1, abs=1e-6)
    assert found.yaw.rms_deg == pytest.approx(np.sqrt(np.mean((2 * a[:, 1]) ** 2)), rel=1e-4)
    assert found.roll.mean_difference_deg == pytest.approx(-3, abs=1e-4)
    assert tuple(found.axes) == POSE_HEADS
    assert found.axes["roll"] is found.roll


def test_only_rows_that_both_measured_count_and_the_others_are_listed():
    a = poses([[0, 0, 0], [1, 1, 1], [np.nan] * 3, [5, 5, 5], [np.nan] * 3], [1, 1, 0, 1, 0])
    b = poses([[1, 1, 1], [np.nan] * 3, [7, 7, 7], [6, 6, 6], [np.nan] * 3], [1, 0, 1, 1, 0])
    found = compare(a, b)
    assert found.rows == 5
    assert (found.both.tolist(), found.only_first.tolist(), found.only_second.tolist()) == ([0, 3], [1], [2])
    assert found.yaw.mae_deg == pytest.approx(1)


def test_nothing_in_common_gives_no_numbers_rather_than_zeros():
    found = compare(poses([[0, 0, 0]], [0]), poses([[1, 1, 1]]))
    assert np.isnan(found.pitch.mae_deg)
    assert np.isnan(found.pitch.correlation)
    assert found.only_second.tolist() == [0]
    assert np.isnan(compare(poses([[1, 2, 3]] * 4), poses([[1, 2, 4]] * 4)).pitch.correlation)


def test_tables_of_different_videos_are_refused():
    with pytest.raises(SessionError, match="one has 1 rows, the other 2"):
        compare(poses([[0, 0, 0]]), poses([[0, 0, 0]] * 2))


tables = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        arrays(np.float32, (n, 3), elements=st.floats(-97, 97, width=32)),
        arrays(np.float32, (n, 3), elements=st.floats(-97, 97, width=32)),
        arrays(bool, n),
        arrays(bool, n),
    )
)


@given(tables)
def test_the_other_way_round_only_signs_and_lists_change(drawn):
    a, b = poses(drawn[0], drawn[2]), poses(drawn[1], drawn[3])
    there, back = compare(a, b), compare(b, a)
    assert there.only_first.tolist() == back.only_second.tolist()
    lists = np.concatenate([there.both, there.only_first, there.only_second])
    assert len(set(lists.tolist())) == len(lists) == np.count_nonzero(drawn[2] | drawn[3])
    for name in POSE_HEADS:
        x, y = there.axes[name], back.axes[name]
        assert x.mean_difference_deg == pytest.approx(-y.mean_difference_deg, nan_ok=True)
        assert x.mae_deg == pytest.approx(y.mae_deg, nan_ok=True)
        if len(there.both):
            assert abs(x.mean_difference_deg) <= x.mae_deg + 1e-6 <= x.rms_deg + 2e-6
