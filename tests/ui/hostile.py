"""The hostile string, the bait that it names, and a look at every place where a window may show it."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest
from PyQt6.QtCore import QAbstractItemModel, QEvent, QPoint, Qt
from PyQt6.QtGui import QAction, QHelpEvent, QImage
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QListView,
    QTableView,
    QToolTip,
    QTreeView,
    QWhatsThis,
    QWidget,
)

from app.ui.widgets.plain_text import without_mnemonic

HOSTILE = "<img src=bait.png> R&D [*]"  # a file's name too may be this; [*] means "modified" in a window's title
IN_OPEN = 0x20


class Bait:
    """A picture in the current folder, and how often somebody has opened it since it was last asked."""

    def __init__(self, path: Path) -> None:
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.red)
        assert image.save(str(path))
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self._watch, os.fsencode(path), IN_OPEN) >= 0

    def opened(self) -> bool:
        try:
            return bool(os.read(self._watch, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._watch)


def spin(times: int = 3) -> None:
    for _ in range(times):
        QApplication.processEvents()


def show_tip(text: str, widget: QWidget) -> None:
    QToolTip.showText(QPoint(5, 5), text, widget)
    spin()
    for tip in QApplication.topLevelWidgets():
        if tip.inherits("QTipLabel"):
            tip.grab()


def look_at_everything() -> int:
    """Paint every visible widget, show every tool tip; how many texts hold the hostile string.

    Whatever shows it shows it as it is: no label as HTML, no button or menu with an underlined letter.
    """
    seen = 0
    spin()
    for widget in QApplication.allWidgets():
        if widget.isWindow() and widget.isVisible() and not widget.inherits("QTipLabel"):
            widget.grab()
            if HOSTILE in widget.windowTitle().replace("[*][*]", "[*]"):
                handle = widget.windowHandle()
                assert handle is not None
                assert HOSTILE in handle.title()
                seen += 1
        if isinstance(widget, QLabel) and HOSTILE in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText, widget.accessibleName()
            seen += 1
        if isinstance(widget, QAbstractButton) and "img" in widget.text():
            assert without_mnemonic(HOSTILE) in widget.text()
            seen += 1
        if isinstance(widget, (QListView, QTableView, QTreeView)) and widget.isVisible():
            seen += look_at_items(widget)
        if HOSTILE in widget.toolTip():
            tell = QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), widget.mapToGlobal(QPoint(1, 1)))
            QApplication.sendEvent(widget, tell)
            show_tip(widget.toolTip(), widget)
            assert QToolTip.text() == widget.toolTip()
            seen += 1
        if HOSTILE in widget.whatsThis():
            pytest.fail(f"What's This of {widget.accessibleName()} would be guessed to be HTML")
        seen += sum(look_at_action(action, widget) for action in widget.actions())
    return seen


def look_at_items(view: QAbstractItemView) -> int:
    model, seen = view.model(), 0
    assert isinstance(model, QAbstractItemModel)
    for row in range(model.rowCount(view.rootIndex())):
        for column in range(model.columnCount() if isinstance(view, (QTableView, QTreeView)) else 1):
            index = model.index(row, column, view.rootIndex())
            if HOSTILE in str(model.data(index, Qt.ItemDataRole.ToolTipRole)):
                port = view.viewport()
                assert port is not None
                view.scrollTo(index)
                place = view.visualRect(index).center()
                QApplication.sendEvent(port, QHelpEvent(QEvent.Type.ToolTip, place, port.mapToGlobal(place)))
                spin()
                assert HOSTILE in QToolTip.text()
                seen += 1
    return seen


def look_at_action(action: QAction, widget: QWidget) -> int:
    if "img" not in action.text() + action.toolTip() + action.whatsThis():
        return 0
    if "img" in action.text():
        assert without_mnemonic(HOSTILE) in action.text(), action.text()
    show_tip(action.toolTip(), widget)
    if action.whatsThis():
        QWhatsThis.showText(QPoint(5, 5), action.whatsThis(), widget)
        spin()
        QWhatsThis.hideText()
    return 1
