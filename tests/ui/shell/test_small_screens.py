"""A window of 1024x640 with text at 150 %, or of 853x480 (a screen of 1280x720 at 150 %): nothing is cut off."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QToolButton

from app.ui.shell.toolbar import DRAWN, WINDOW
from app.ui.widgets.pickers import Entry
from extractor.types import Angles
from tests.ui.find import find

BESIDE = 26  # points of a picker's frame and arrow


@pytest.fixture(params=[(1.0, 1024, 640), (1.5, 1024, 640), (1.0, 853, 480)], ids=str)
def size(request, qapp):
    """Of the window; the system's font is larger or not before it is made."""
    scale, *size = request.param
    before = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(before.pointSizeF() * scale)
    QApplication.setFont(larger)
    yield tuple(size)
    QApplication.setFont(before)


@pytest.fixture
def window(size, make_window, qtbot):
    window = make_window(idle=True)
    window.resize(*size)
    with qtbot.waitExposed(window):
        window.show()
    window.docks.start()
    qtbot.wait(20)
    return window


def test_the_window_can_be_so_small(window, size):
    assert (window.width(), window.height()) == size
    assert window.view.width() >= 240
    assert window.view.height() >= 150


def test_no_button_of_the_bar_is_pushed_out(window):
    for widget in window.toolbar.findChildren((QToolButton, QComboBox)):
        if widget.objectName() == "qt_toolbar_ext_button":
            assert not widget.isVisible()
        elif widget.objectName() not in (*DRAWN, *WINDOW) or widget.isVisible():
            assert widget.isVisible(), widget.accessibleName()
            assert widget.geometry().right() <= window.toolbar.width()


def test_what_has_no_room_in_the_bar_is_in_a_menu_at_its_end(window, qtbot):
    bar = window.toolbar
    buttons = bar.findChildren(QToolButton)
    hidden = [button for button in buttons if button.defaultAction() and not button.isVisible()]
    assert hidden
    more = find(bar, "More", QToolButton)
    assert more.x() == max(button.x() for button in buttons if button.isVisible())
    more.setFocus(Qt.FocusReason.TabFocusReason)
    QTimer.singleShot(0, lambda: qtbot.keyClick(more.menu(), Qt.Key.Key_Escape))  # Qt waits for a choice
    qtbot.keyClick(more, Qt.Key.Key_Space)
    entries = [action for action in more.menu().actions() if not action.isSeparator()]
    assert entries == [window.commands[name] for name in (*DRAWN, *WINDOW) if window.commands[name] in entries]
    assert set(entries) == {button.defaultAction() for button in hidden}
    window.resize(2000, window.height())
    qtbot.waitUntil(lambda: all(button.isVisible() for button in hidden))
    assert not more.isVisible()


def test_the_pickers_show_what_is_chosen(window):
    window.toolbar.source.show_entries([Entry("USB camera (0)", "0")], "0")
    window.toolbar.weights.show_entries([Entry("Motionscope", "")], "")
    for picker in (window.toolbar.source, window.toolbar.weights, window.toolbar.device):
        text = picker.fontMetrics().horizontalAdvance(picker.currentText())
        assert text > 0
        assert picker.width() >= text + BESIDE, picker.accessibleName()


def test_no_text_of_the_numbers_is_cut(window, result, face, qtbot):
    numbers = window.docks.view("numbers")
    numbers.show_result(result(face(angles=Angles(-12.3, -45.6, -78.9)), truth=Angles(-11, -22, -33)))
    inside = numbers.widget()
    qtbot.waitUntil(lambda: inside.minimumSizeHint().width() <= numbers.viewport().width())
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
