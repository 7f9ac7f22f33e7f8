import time

import pytest

from app.core import clock
from app.core.clock import OtherClock, clock_pair, now_s


def test_a_pair_holds_the_same_instant_on_both_clocks():
    before = now_s(), time.time()
    pair = clock_pair()
    after = now_s(), time.time()
    assert before[0] <= pair.monotonic_s <= after[0]
    assert before[1] - 0.001 <= pair.unix_s <= after[1] + 0.001


def test_another_clock_is_followed_when_it_is_set(monkeypatch):
    now, ahead = 100.0, 1000.0
    monkeypatch.setattr(clock, "now_s", lambda: now)
    other = OtherClock(lambda: now + ahead)
    assert other.at(90.0) == pytest.approx(1090)  # also of a moment that is over
    ahead = -50.0  # it was set, or the computer slept
    now += OtherClock.COMPARED_S
    assert other.at(104.0) == pytest.approx(54)


def test_a_reading_that_was_disturbed_does_not_count(monkeypatch):
    times = iter([0.0, 10.0, 10.1, 20.0, 29.0, 30.0, 39.0, 40.0, 49.0, 50.0, 59.0])
    monkeypatch.setattr(clock, "now_s", lambda: next(times))
    there = iter([1010.05, 1027.0, 1030.0, 1042.0, 1055.0])
    assert OtherClock(lambda: next(there)).at(0.0) == pytest.approx(1000)
