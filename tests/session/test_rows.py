import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Frame, FrameResult
from app.session.offline import missing_reason
from app.session.rows import PendingRows
from app.session.table import Missing

NO_IMAGE = None  # the pending never looks at the picture


def result_of(frame, latency_s=0.02):
    return FrameResult(frame, (), frame.captured_s + latency_s)


@given(st.lists(st.sampled_from(["frame", "result", "take", "wait"]), max_size=60), st.randoms())
def test_every_row_comes_out_once_in_order_and_no_result_in_time_is_lost(steps, draw):
    pending, frames, taken, inferred, now, last = PendingRows(), [], [], set(), 0.0, -1
    for step in steps:
        if step == "frame":
            frames.append(Frame(len(frames), NO_IMAGE, now + 0.01 * len(frames)))
            pending.expect(len(frames) - 1, frames[-1], 0.0, now)
        elif step == "result" and last + 1 < len(frames):
            last = draw.randrange(last + 1, len(frames))
            if last >= len(taken):
                inferred.add(last)
            pending.resolve(result_of(frames[last]))
        elif step == "take":
            taken += pending.pop_final(len(frames), now)
        elif step == "wait":
            now += 0.4
    assert all(row.number <= last or now - row.accepted_s >= 1.0 for row in taken)
    taken += pending.pop_final(len(frames), math.inf)
    assert [row.number for row in taken] == list(range(len(frames)))
    assert {row.number for row in taken if row.inferred} == inferred


def test_rows_wait_for_their_frame_in_the_video():
    pending = PendingRows()
    for i in range(3):
        pending.expect(i, Frame(i, NO_IMAGE, float(i)), float(i), 0.0)
    assert [row.number for row in pending.pop_final(2, 99.0)] == [0, 1]
    assert [row.number for row in pending.pop_final(3, math.inf)] == [2]


@pytest.mark.parametrize(("latency_s", "patience_s"), [(0.05, 1.0), (2.0, 4.0), (60.0, 10.0)])
def test_a_slow_network_is_given_more_time(latency_s, patience_s):
    pending = PendingRows()
    first, second = Frame(0, NO_IMAGE, 0.0), Frame(1, NO_IMAGE, 1.0)
    pending.expect(0, first, 0.0, 0.0)
    pending.resolve(result_of(first, latency_s))
    pending.expect(1, second, 1.0, 1.0)
    pending.pop_final(1, 1.0)
    assert pending.pop_final(2, 1.0 + patience_s - 0.01) == []
    assert pending.waiting(2)
    assert len(pending.pop_final(2, 1.0 + patience_s + 0.01)) == 1


def test_a_damaged_frame_has_a_row_that_counts_as_not_inferred():
    pending = PendingRows()
    frames = [Frame(i, NO_IMAGE, float(i), damaged=i == 1) for i in range(2)]
    for frame in frames:
        pending.expect(frame.index, frame, float(frame.index), 0.0)
        pending.resolve(result_of(frame))
    assert [(row.inferred, row.damaged) for row in pending.pop_final(2, math.inf)] == [(True, False), (False, True)]
    assert [missing_reason(result_of(frame)) for frame in frames] == [Missing.NO_FACE, Missing.DAMAGED]
