"""What is heard is what was recorded at the time that is shown: a speaker that asks as a card does."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from app.core.errors import SourceError
from app.core.sound import RATE, Samples
from app.sound import playback
from app.sound.playback import Fill, Playback
from tests.waiting import PATIENCE_S, join_threads

LENGTH_S = 8


class HandSpeaker:
    def __init__(self, problem: str = "") -> None:
        self._problem = problem
        self.opened, self.closed = threading.Event(), threading.Event()
        self.fill: Fill | None = None

    def open(self, fill: Fill) -> None:
        if self._problem:
            raise SourceError(self._problem)
        self.fill = fill
        self.opened.set()

    def close(self) -> None:
        self.closed.set()


def counted(from_s: float) -> Iterator[tuple[float, Samples]]:
    """Sample n is n % 30000, in stretches of 0.1 s, from the one on that holds ``from_s``."""
    for k in range(int(from_s * 10), LENGTH_S * 10):
        yield k / 10, (np.arange(k * RATE // 10, (k + 1) * RATE // 10) % 30_000).astype(np.int16)


@pytest.fixture
def speaker():
    return HandSpeaker()


@pytest.fixture
def play(speaker):
    """Begin to play; the clock says how much was recorded before: at 100 s, what ``start_s`` says."""
    made: list[Playback] = []
    start = [0.0]

    def begin(start_s: float) -> list[float]:
        start[0] = start_s
        made.append(Playback(counted, lambda at_s: start[0] + at_s - 100, speaker, print, lambda: None))
        assert speaker.opened.wait(PATIENCE_S)
        return start

    yield begin
    for one in made:
        one.close()
        assert speaker.closed.wait(PATIENCE_S)
    join_threads("sound playback")


def heard(speaker: HandSpeaker, at_s: float, count: int = 960) -> Samples:
    """What it gives once it is decoded; asked again it begins again, as so much is more than it lets a card be off."""
    end = threading.Event()
    for _ in range(2000):
        samples = speaker.fill(count, at_s)
        if samples.any():
            return samples
        end.wait(0.005)
    raise AssertionError("silence")


def first(samples: Samples) -> int:
    return int(samples[0])


def test_it_is_heard_when_it_is_shown(play, speaker):
    play(2.5)
    samples = heard(speaker, 100.0)
    assert first(samples) == 2.5 * RATE % 30_000
    assert (np.diff(samples.astype(int)) % 30_000 == 1).all()
    # A card whose times tremble is given what comes next all the same.
    after = speaker.fill(480, 100.0 + 960 / RATE + 0.004)
    assert first(after) == (2.5 * RATE + 960) % 30_000


def test_where_the_card_or_the_picture_leaps_it_follows(play, speaker):
    start = play(1.0)
    heard(speaker, 100.0)
    assert first(heard(speaker, 102.0)) == 3 * RATE % 30_000
    start[0] = 5.5  # somebody has clicked into the timeline
    assert first(heard(speaker, 100.0)) == 5.5 * RATE % 30_000
    start[0] = 0.25
    assert first(heard(speaker, 100.0)) == 0.25 * RATE


def test_a_card_a_little_too_slow_never_falls_behind(play, speaker):
    play(0.5)
    heard(speaker, 100.0)
    worst = 0.0
    for k in range(1, 300):
        at_s = 100 + k * 480 / RATE * 1.002
        samples = heard(speaker, at_s, 480)
        due = round((0.5 + at_s - 100) * RATE)
        off = (first(samples) - due) % 30_000
        worst = max(worst, min(off, 30_000 - off) / RATE)
    assert worst <= 0.011


def test_beyond_the_end_it_is_silent_and_before_it_goes_on(play, speaker):
    start = play(LENGTH_S - 0.005)
    assert np.count_nonzero(heard(speaker, 100.0)) <= 240
    assert not speaker.fill(480, 101.0).any()
    start[0] = 1.5
    assert first(heard(speaker, 100.0)) == 1.5 * RATE % 30_000


def test_without_a_speaker_it_is_a_sentence(caplog):
    said: list[str] = []
    ended = threading.Event()
    Playback(counted, lambda at_s: 0.0, HandSpeaker("No loudspeaker."), said.append, ended.set)
    assert ended.wait(PATIENCE_S)
    join_threads("sound playback")
    assert said == ["No loudspeaker."]
    assert playback.AHEAD >= RATE // 2
