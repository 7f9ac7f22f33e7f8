"""Half an hour in place of two hours: what grows with the length must stay small.

``measure_long_session`` measures the real thing.  Processor time is counted here, not the clock's:
other programs may run beside the tests.
"""

from __future__ import annotations

import time

import pytest

from app.ui.review.loading import load
from app.ui.review.timeline import Timeline
from tests.session.long_session import make_session

FRAMES = 54_000


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("long") / "session", FRAMES, video=False)


def processor_s(work, times=1):
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def test_it_opens_and_scrubs_at_once(long, make_review, qtbot):
    load(long).session.close()  # Arrow is imported once
    loaded = None

    def open_it():
        nonlocal loaded
        loaded = load(long)

    assert processor_s(open_it) < 1.0  # a quarter of two hours: 0.15 s when this was written
    review = make_review()
    with qtbot.waitSignal(review.opened):
        review.show_loaded(loaded)
    assert len(loaded.session) == FRAMES
    timeline: Timeline = review.timeline
    positions = iter(range(1000))

    def scrub():
        review.shown.player.seek(1.7 * next(positions))
        timeline.repaint()
        review.view.repaint()

    scrub()
    assert processor_s(scrub, 40) < 0.05  # 5 ms when this was written

    def zoom():
        timeline.zoom(1.3 if timeline.scale_shown.span_s > 60 else 1e-3, 700.0)
        timeline.repaint()

    assert processor_s(zoom, 20) < 0.2  # 30 ms when this was written
    with qtbot.waitSignal(review.shown.measuring.counted, timeout=30_000):
        review.shown.measuring.select((10.0, 1700.0))
    assert review.shown.measuring.statistics.frames == 1690 * 30


def test_what_is_drawn_does_not_grow_with_the_session(long):
    loaded = load(long)
    for trace in loaded.content.series.angles.values():
        assert len(trace.piece(0, FRAMES, 1000).rows) <= 1000
    loaded.session.close()
