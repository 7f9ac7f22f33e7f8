"""Frames of low quality in the review window: shaded, told, and left out of the statistics where that is wanted."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest

from app.session.manifest import Manifest
from app.ui.shell import settings
from tests.session.long_session import LOST, LOW
from tests.ui.review.conftest import FRAMES


def colour_at(review, frame: int) -> QColor:
    """Of the angles' lane in the middle of a frame's time, between the curves and the lower edge."""
    lane = review.timeline.lanes().angles.rect
    x = review.timeline.scale_shown.x((frame + 0.5) / 30)
    ratio = review.timeline.devicePixelRatioF()
    picture = review.timeline.grab().toImage()
    return picture.pixelColor(round(x * ratio), round((lane.bottom() - 4) * ratio))


def test_frames_of_low_quality_are_shaded(review):
    inside, outside = LOW[len(LOW) // 2], LOW[-1] + len(LOW)
    assert colour_at(review, inside) != colour_at(review, outside)
    assert colour_at(review, outside) == colour_at(review, outside + len(LOW))


def test_nothing_is_shaded_where_no_threshold_is_known(make_review, folder):
    manifest = folder / "session.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"quality_threshold": 0.5', '"quality_threshold": null'), encoding="utf-8")
    assert Manifest.read(folder).header.quality_threshold is None
    review = make_review(folder)
    assert colour_at(review, LOW[len(LOW) // 2]) == colour_at(review, LOW[-1] + len(LOW))


def test_the_numbers_of_a_frame_say_its_quality(review):
    review.shown.player.go_to(LOW[0])
    assert "quality 0.20 (low)" in review.transport.numbers.toolTip()
    review.shown.player.go_to(LOW[0] - 1)
    assert "quality 0.90" in review.transport.numbers.toolTip()
    assert "(low)" not in review.transport.numbers.toolTip()


def test_statistics_leave_them_out_at_a_key_and_remember_it(review, make_review, folder, qtbot, store):
    panel = review.panes.statistics
    measured = FRAMES - FRAMES // LOST
    qtbot.waitUntil(lambda: review.shown.measuring.statistics is not None)
    assert panel.text("left_out") == "0"
    with qtbot.waitSignal(review.shown.measuring.counted):
        QTest.keyClick(review.timeline, Qt.Key.Key_Q)
    assert panel.text("left_out") == str(len(LOW))
    assert panel.text("share").startswith(f"{measured - len(LOW)} of {FRAMES}")
    assert store.get(settings.LEAVE_OUT_LOW_QUALITY)
    again = make_review(folder)
    qtbot.waitUntil(lambda: again.shown.measuring.statistics is not None)
    assert again.commands["leave_out"].isChecked()
    assert again.panes.statistics.text("left_out") == str(len(LOW))
