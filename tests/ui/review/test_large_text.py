"""The system's text at 150 %: no number of the review window is cut off."""

from __future__ import annotations

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QApplication, QLabel, QScrollArea, QTabBar

from app.ui.review.faces_panel import FaceLine
from app.ui.review.window import ReviewWindow
from tests.ui.find import find


@pytest.fixture(params=[1.0, 1.5])
def large_text(request, qapp):
    before = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(before.pointSizeF() * request.param)
    QApplication.setFont(larger)
    yield
    QApplication.setFont(before)


def test_the_statistics_stand_whole_beside_the_picture(large_text, make_review, folder, qtbot):
    review = make_review(folder, 1280, 760)
    qtbot.waitUntil(lambda: review.shown.measuring.statistics is not None, timeout=10_000)
    scroll = review.panes.statistics.findChild(QScrollArea)

    def cut() -> list[str]:
        labels = [label for label in scroll.widget().findChildren(QLabel) if label.isVisible() and label.text()]
        right = scroll.viewport().width()
        return [
            label.text()
            for label in labels
            if label.fontMetrics().horizontalAdvance(label.text()) > label.width() + 1
            or label.mapTo(scroll.viewport(), label.rect().topRight()).x() > right
        ]

    qtbot.waitUntil(lambda: cut() == [])


@pytest.mark.parametrize("width", [640, 853, 1180])
def test_all_three_angles_have_room_in_a_narrow_window(large_text, make_review, folder, width, qtbot):
    """853 points are a screen of 1280 at 150 %; too narrow a row gives the numbers one of their own."""
    review = make_review(folder, width, 480)
    assert (review.width(), review.height()) == (width, 480)
    review.shown.player.go_to(20)
    for name in ("yaw", "pitch", "roll"):
        qtbot.waitUntil(lambda name=name: name in review.transport.numbers.text())
    label = review.transport.numbers
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


def test_in_a_low_window_each_part_beside_the_picture_has_a_tab(large_text, make_review, folder, qtbot):
    review = make_review(folder, 853, 440)
    review.shown.identifying.close()
    review.panes.faces.show_faces([FaceLine(n, (n,), "", 40) for n in range(3)])
    assert review.minimumSizeHint().height() <= 440
    review.resize(853, 440)
    side = review.panes.side
    tabs = find(side, "What is shown beside the picture", QTabBar)
    parts = [review.panes.faces, review.panes.annotation_list, review.panes.statistics]
    assert [tabs.tabText(k) for k in range(tabs.count())] == ["Faces", "Markers", "Statistics"]
    qtbot.waitUntil(lambda: [part.isVisible() for part in parts] == [False, False, True])
    for k, part in enumerate(parts):
        tabs.setCurrentIndex(k)
        assert [other.isVisible() for other in parts] == [other is part for other in parts]
        qtbot.waitUntil(lambda: side.widget().height() <= side.viewport().height())  # nothing is cut
        qtbot.waitUntil(lambda part=part: part.height() >= part.minimumSizeHint().height())
        assert part.width() <= side.viewport().width()
        below = tabs.geometry().bottom() + 1
        qtbot.waitUntil(lambda part=part, y=below: part.mapTo(side.widget(), QPoint()).y() == y)
    review.panes.faces.show_faces([FaceLine(0, (0,), "", 40)])
    assert not tabs.isTabVisible(0)  # there is nothing to choose from
    review.resize(1280, 1000)
    qtbot.waitUntil(lambda: [part.isVisible() for part in parts] == [False, True, True])
    assert not tabs.isVisible()


def test_the_window_is_no_larger_than_its_screen(store, qtbot):
    window = ReviewWindow(store)
    room = window.screen().availableGeometry()
    assert window.width() <= room.width()
    assert window.height() < room.height()  # its title needs room, too
    window.close()
    sip.delete(window)
