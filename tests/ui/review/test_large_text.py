"""The system's text at 150 %: no number of the review window is cut off."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QApplication, QLabel, QScrollArea


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
    qtbot.waitUntil(lambda: review.measuring.statistics is not None, timeout=10_000)
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

    qtbot.waitUntil(lambda: cut() == [], timeout=5000)
