"""Every panel can be entered, floated, docked, moved, resized, closed and left by keyboard alone."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QDockWidget, QTabBar

import extractor.weights  # noqa: F401  (torch: a busy machine takes longer for it than a thread may outlive its window)
from app.ui.docks.catalogue import DOCKS
from app.ui.docks.keyboard import SIDES, panel_of
from tests.ui.find import reset_settings

NAMES = tuple(spec.name for spec in DOCKS)


@pytest.fixture
def window(idle_window, qtbot):
    """All panels closed, the keyboard in the picture."""
    idle_window.docks.start()
    for name in NAMES:
        if idle_window.commands[name].isChecked():
            idle_window.commands[name].trigger()
    idle_window.view.setFocus()
    return idle_window


def press(window, qtbot, name: str) -> None:
    """The key of this action, where the keyboard is."""
    key = window.commands[name].shortcut()[0]
    qtbot.keyClick(QApplication.focusWidget() or window, key.key(), key.keyboardModifiers())


def keyboard_in(qtbot, dock) -> None:
    """Wait until it is there: windows become active when the system says so."""
    qtbot.waitUntil(lambda: panel_of(QApplication.focusWidget()) is dock)


def panel(window, name: str) -> QDockWidget:
    return window.findChild(QDockWidget, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_is_entered_floated_docked_and_closed_by_key(window, qtbot, name):
    press(window, qtbot, name)
    dock = panel(window, name)
    assert dock.isVisible()
    press(window, qtbot, "next_panel")
    assert panel_of(QApplication.focusWidget()) is dock
    assert dock.titleBarWidget().property("active")
    press(window, qtbot, "float_panel")
    assert dock.isFloating()
    keyboard_in(qtbot, dock)
    press(window, qtbot, "float_panel")
    assert not dock.isFloating()
    keyboard_in(qtbot, dock)
    press(window, qtbot, "next_panel")  # there is no other: the picture is next
    assert QApplication.focusWidget() is window.view
    assert not dock.titleBarWidget().property("active")
    press(window, qtbot, "previous_panel")
    assert panel_of(QApplication.focusWidget()) is dock
    press(window, qtbot, "to_picture")
    assert QApplication.focusWidget() is window.view
    press(window, qtbot, "next_panel")
    press(window, qtbot, "close_panel")
    assert dock.isHidden()
    assert not window.commands[name].isChecked()
    assert QApplication.focusWidget() is window.view


def test_a_floating_panel_is_left_and_closed_by_key(window, qtbot):
    press(window, qtbot, "table")
    press(window, qtbot, "next_panel")
    press(window, qtbot, "float_panel")
    dock = panel(window, "table")
    keyboard_in(qtbot, dock)
    press(window, qtbot, "to_picture")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.view)
    press(window, qtbot, "next_panel")
    keyboard_in(qtbot, dock)
    press(window, qtbot, "close_panel")
    assert dock.isHidden()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.view)


def test_it_goes_through_all_panels_that_are_open_and_back(window, qtbot):
    for name in NAMES:
        press(window, qtbot, name)
    visited = []
    for _ in range(len(NAMES)):
        press(window, qtbot, "next_panel")
        visited.append(panel_of(QApplication.focusWidget()).objectName())
    assert tuple(visited) == NAMES  # one that lies behind another's tab comes to the front
    press(window, qtbot, "next_panel")
    assert QApplication.focusWidget() is window.view


def test_a_panel_goes_round_the_picture_and_changes_its_size(window, qtbot):
    press(window, qtbot, "shape")
    press(window, qtbot, "next_panel")
    dock = panel(window, "shape")
    assert window.dockWidgetArea(dock) == SIDES[0]
    for side in (*SIDES[1:], SIDES[0]):
        press(window, qtbot, "move_panel")
        assert window.dockWidgetArea(dock) == side
        assert panel_of(QApplication.focusWidget()) is dock
    qtbot.wait(1)
    width = dock.width()
    press(window, qtbot, "grow_panel")
    qtbot.waitUntil(lambda: dock.width() > width)
    press(window, qtbot, "shrink_panel")
    qtbot.waitUntil(lambda: dock.width() <= width)
    press(window, qtbot, "float_panel")
    keyboard_in(qtbot, dock)
    height = dock.height()
    press(window, qtbot, "grow_panel")
    qtbot.waitUntil(lambda: dock.height() > height)


@pytest.mark.parametrize("name", ["float_panel", "move_panel", "grow_panel", "shrink_panel", "close_panel"])
def test_without_a_panel_these_keys_do_nothing(window, qtbot, name):
    press(window, qtbot, "shape")
    before = (panel(window, "shape").geometry(), window.saveState())
    press(window, qtbot, name)
    assert (panel(window, "shape").geometry(), window.saveState()) == before
    assert QApplication.focusWidget() is window.view


def test_what_was_chosen_in_a_panel_has_the_keyboard_again(window, qtbot):
    press(window, qtbot, "table")
    press(window, qtbot, "next_panel")
    table = window.docks.view("table").table
    table.setFocus()
    press(window, qtbot, "to_picture")
    press(window, qtbot, "next_panel")
    assert QApplication.focusWidget() is table


def test_no_stray_tab_lies_in_the_window(idle_window, qtbot):
    """Qt leaves bars of tabs behind where panels are arranged twice before they are shown."""

    def stray() -> list[str]:
        bars = idle_window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        shown = [bar for bar in bars if bar.isVisible() and idle_window.rect().intersects(bar.geometry())]
        return [bar.tabText(0) for bar in shown if bar.count() < 2]

    idle_window.docks.start()
    qtbot.wait(1)
    assert stray() == []
    idle_window.commands["table"].trigger()
    qtbot.wait(1)
    assert stray() == []
    reset_settings(idle_window)
    qtbot.wait(1)
    assert stray() == []
