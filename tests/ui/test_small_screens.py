"""A window of 1024x640 and text at 150 %: nothing is cut off."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QToolButton

from extractor.types import Angles


@pytest.fixture(params=[1.0, 1.5])
def text(request, qapp):
    """The system's font, larger or not, before a window is made."""
    before = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(before.pointSizeF() * request.param)
    QApplication.setFont(larger)
    yield request.param
    QApplication.setFont(before)


@pytest.fixture
def window(text, make_window, qtbot):
    window = make_window()
    window._started = True
    window.start = lambda: None
    window.resize(1024, 640)
    with qtbot.waitExposed(window):
        window.show()
    window.docks.start()
    qtbot.wait(20)
    return window


def test_the_window_can_be_so_small(window):
    assert (window.width(), window.height()) == (1024, 640)
    assert window.view.width() >= 240
    assert window.view.height() >= 150


def test_no_button_of_the_bar_is_pushed_out(window):
    for widget in window.toolbar.findChildren((QToolButton, QComboBox)):
        if widget.objectName() == "qt_toolbar_ext_button":
            assert not widget.isVisible()
        else:
            assert widget.isVisible(), widget.accessibleName()
            assert widget.geometry().right() <= window.toolbar.width()


def test_no_text_of_the_numbers_is_cut(window, result, face, qtbot):
    window.readout.show_result(result(face(angles=Angles(-12.3, -45.6, -78.9)), truth=Angles(-11, -22, -33)))
    inside = window.readout.widget()
    qtbot.waitUntil(lambda: inside.minimumSizeHint().width() <= window.readout.viewport().width(), timeout=2000)
    for label in inside.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and label.text() and "…" not in label.text():
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width() + 1, label.text()


def test_no_button_of_the_plots_is_cut(window):
    plots = window.docks.view("plots")
    for button in plots.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
            right = button.mapTo(plots, button.rect().topRight()).x()
            assert right <= plots.width(), button.text()
