import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Frame, FrameResult
from app.signals.history import COLUMNS, FACE, History, broken_at_faces, faces_of, of_newest_face
from app.signals.rates import Percentiles, RateMeter
from extractor.types import Angles


def empty_result(at_s: float, truth: Angles | None = None) -> FrameResult:
    return FrameResult(Frame(0, np.zeros((1, 1, 3), np.uint8), at_s, truth=truth), (), at_s)


def test_a_frame_without_a_face_breaks_the_curve_but_keeps_the_truth():
    history = History()
    history.append(empty_result(5.0, Angles(1.0, 2.0, 3.0)))
    row = dict(zip(COLUMNS, history.last(10)[0], strict=True))
    assert row["time_s"] == 5.0
    assert np.isnan(row["yaw_deg"])
    assert (row["true_pitch_deg"], row["true_yaw_deg"], row["true_roll_deg"]) == (1, 2, 3)


@given(count=st.integers(0, 40), capacity=st.integers(1, 15), seconds=st.floats(0, 20))
def test_last_gives_the_newest_rows_oldest_first(count, capacity, seconds):
    history = History(capacity)
    for i in range(count):
        history.append(empty_result(float(i)))
    kept = [i for i in range(count) if i >= count - capacity and i >= count - 1 - seconds]
    assert history.last(seconds)[:, 0].tolist() == kept
    assert history.count == count


NONE = float("nan")


@given(ids=st.lists(st.sampled_from([NONE, 1.0, 2.0, 7.0]), max_size=30))
def test_rows_are_told_apart_by_whose_they_are(ids):
    rows = np.zeros((len(ids), len(COLUMNS)))
    rows[:, 0] = np.arange(len(ids))
    rows[:, FACE] = ids
    known = [int(i) for i in ids if i == i]
    assert faces_of(rows) == list(dict.fromkeys(known))
    newest = of_newest_face(rows)
    assert faces_of(newest) == known[-1:]
    changes = sum(a != b for a, b in itertools.pairwise(known))
    broken = broken_at_faces(rows)
    assert len(broken) == len(rows) + changes
    assert (np.diff(broken[:, 0]) >= 0).all()
    assert np.isnan(broken[:, 1]).sum() == changes
    before = NONE  # no two people stand side by side
    for row in broken:
        assert not (np.isfinite([before, row[FACE]]).all() and before != row[FACE])
        before = NONE if np.isnan(row[1]) else row[FACE] if np.isfinite(row[FACE]) else before


@pytest.mark.parametrize("fps", [5.0, 30.0, 120.0])
def test_a_steady_rate_is_measured_exactly(fps):
    meter = RateMeter()
    for i in range(int(fps * 5)):
        meter.tick(i / fps)
    assert meter.rate((fps * 5 - 1) / fps) == pytest.approx(fps)


def test_a_stall_pulls_the_rate_down_and_then_to_zero():
    meter = RateMeter()
    for i in range(60):
        meter.tick(i / 30)
    assert meter.rate(59 / 30 + 1.0) < 20
    assert meter.rate(59 / 30 + 5.0) == 0.0


def test_percentiles_of_the_last_values():
    values = Percentiles(size=100)
    assert np.isnan(values.median_and_p95()).all()
    for i in range(1000):
        values.add(i)
    median, p95 = values.median_and_p95()
    assert median == pytest.approx(949.5)
    assert p95 == pytest.approx(994.05)
