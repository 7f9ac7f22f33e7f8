"""Every action, triggered by its own key in a real window over the demo: nothing hangs, nothing is left."""

from __future__ import annotations

import sys

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QDialog, QLineEdit, QWidget

from app.ui.shell import settings, theme
from app.ui.shell.commands import LIVE

WAIT_MS = 30_000
LAST = ("leave_full_screen", "quit")  # in this order, after all others


def press(window, qtbot, action) -> None:
    """Its shortcut as a person would press it, with the keyboard in the picture."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    combination = action.shortcut()[0]
    window.view.setFocus()
    qtbot.keyClick(window, combination.key(), combination.keyboardModifiers())


def close_what_opened(window, qtbot) -> None:
    """Menus, dialogs and popups, by Escape."""
    for _ in range(4):
        popup = QApplication.activePopupWidget()
        if popup is not None:
            qtbot.keyClick(popup, Qt.Key.Key_Escape)
            popup.close()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.isVisible():
            widget.reject()
    QApplication.processEvents()


@pytest.mark.timeout(400)  # some forty dialogs and docks, on a busy machine
def test_every_action_by_its_key(make_window, qtbot, store, tmp_path, monkeypatch, recwarn):
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    problems = []
    monkeypatch.setattr(sys, "excepthook", lambda *what: problems.append(what))
    window = make_window(source="demo")
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.view.result is not None and len(window.view.result.faces) > 0, timeout=90_000)
    triggered = []
    for spec in LIVE:
        window.commands[spec.name].triggered.connect(lambda _, name=spec.name: triggered.append(name))
    names = [spec.name for spec in LIVE if spec.name not in LAST]
    try:
        for name in names:
            action = window.commands[name]
            if not action.isEnabled():  # what only makes sense while recording, say
                action.setEnabled(True)
            before = len(triggered)
            press(window, qtbot, action)
            assert triggered[before:] == [name], f"{name} by {action.shortcut().toString()}"
            QApplication.processEvents()
            close_what_opened(window, qtbot)
            assert not problems, (name, problems)
            assert window.isVisible(), name
        window.controller.open_source("demo")  # something among them stopped it
        qtbot.waitUntil(lambda: window.controller.pipeline.status().streaming, timeout=WAIT_MS)
        for name in LAST[:1]:
            window.commands[name].setEnabled(True)
            press(window, qtbot, window.commands[name])
            assert triggered[-1] == name
        with qtbot.waitSignal(window.ended, timeout=70_000) as ended:
            press(window, qtbot, window.commands["quit"])
    finally:
        theme.apply(QApplication.instance())
    assert ended.args == [0], window.failures
    assert {*triggered} == {spec.name for spec in LIVE}
    assert problems == []
    assert [str(warning.message) for warning in recwarn.list] == []


def test_everything_in_the_window_has_a_name_and_can_be_reached(idle_window, qtbot):
    """All docks open: what takes part is named for a screen reader, and Tab gets to it."""
    idle_window.docks.start()
    for spec in LIVE:
        if spec.section == "&Panels" and not idle_window.commands[spec.name].isChecked():
            idle_window.commands[spec.name].trigger()
    qtbot.wait(1)
    for spec in LIVE:
        action = idle_window.commands[spec.name]
        assert action.text()
        assert action.whatsThis()
    reached = set()
    widget: QWidget = idle_window.toolbar.source
    for _ in range(2000):
        reached.add(widget)
        widget = widget.nextInFocusChain()
        if widget is idle_window.toolbar.source:
            break
    kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox)
    for part in idle_window.findChildren(kinds):
        if not part.isVisible() or not part.isEnabled() or part.objectName() == "qt_toolbar_ext_button":
            continue
        parent = part.parent()
        if isinstance(parent, kinds) or (type(part).__module__ != "PyQt6.QtWidgets" and not part.focusPolicy()):
            continue
        if part.objectName().startswith("qt_") or type(parent).__name__ in ("QDockWidget", "_Table", "QTableView"):
            continue  # Qt's own parts of a dock's title, of a table
        named = part.accessibleName() or (part.text() if isinstance(part, QAbstractButton) else "")
        assert named, (part, parent)
        assert part in reached, named
    for own in (widget for widget in idle_window.findChildren(QWidget) if type(widget).__module__.startswith("app.")):
        if own.isVisible() and own.focusPolicy() & Qt.FocusPolicy.TabFocus:
            assert own.accessibleName(), own


@pytest.mark.parametrize("name", ["camera_tilt", "field_of_view", "welcome", "about", "settings", "keys", "docs"])
def test_the_keyboard_is_in_a_dialog_that_was_asked_for(idle_window, name):
    idle_window.commands[name].trigger()
    (dialog,) = (each for each in idle_window.findChildren(QDialog) if each.isVisible())
    assert dialog.focusWidget() is not None
    assert dialog.focusWidget().isEnabled()
