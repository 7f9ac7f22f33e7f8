"""Half an hour beside half a minute: what grows with the length must stay small.

``measure_long_session`` measures the real thing in seconds.  Here calls and memory are counted, which are the same on
every machine.
"""

from __future__ import annotations

import itertools
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from app.ui.review.loading import load
from app.ui.review.timeline import Timeline
from tests.session.long_session import make_session

FRAMES, FEW = 54_000, 900


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("long") / "session", FRAMES, video=False)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("short") / "session", FEW, video=False)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called: a loop over the rows calls more than there are rows."""
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def allocated(work: Callable[[], object]) -> int:
    """The most bytes held at once: a pass over a whole column makes an array of its length."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def shown(folder, make_review, qtbot):
    review = make_review()
    with qtbot.waitSignal(review.opened):
        review.show_loaded(load(folder))
    return review


def test_it_opens_without_a_look_at_each_row(long):
    load(long).session.close()  # Arrow is imported once
    opened = []
    assert calls(lambda: opened.append(load(long))) < FRAMES / 2  # 7,300 when this was written
    assert len(opened[0].session) == FRAMES
    opened[0].session.close()


def test_it_scrubs_and_zooms_as_a_short_one_does(long, short, make_review, qtbot):
    def costs(review):
        timeline: Timeline = review.timeline
        span_s = timeline.scale_shown.total_s
        steps = itertools.count(1)

        def scrub():
            review.shown.player.seek(span_s * (next(steps) % 97) / 97)
            timeline.repaint()
            review.view.repaint()

        def zoom():
            timeline.zoom(1.3 if timeline.scale_shown.span_s > span_s / 30 else 1e-3, 700.0)
            timeline.repaint()

        scrub()
        zoom()
        return calls(scrub), allocated(scrub), sum(calls(zoom) for _ in range(20))

    quick = costs(shown(short, make_review, qtbot))
    review = shown(long, make_review, qtbot)
    slow = costs(review)
    assert all(b < 2 * a for a, b in zip(quick, slow, strict=True)), (quick, slow)
    with qtbot.waitSignal(review.shown.measuring.counted, timeout=30_000):
        review.shown.measuring.select((10.0, 1700.0))
    assert review.shown.measuring.statistics.frames == 1690 * 30


def test_what_is_drawn_does_not_grow_with_the_session(long):
    loaded = load(long)
    for trace in loaded.content.series.angles.values():
        assert len(trace.piece(0, FRAMES, 1000).rows) <= 1000
    loaded.session.close()
