"""Widgets as a person finds them, by what they are called: the accessible name, a dialog's title, a button's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QDialog, QMainWindow, QMessageBox, QWidget

if TYPE_CHECKING:
    from app.ui.plots.canvas import PlotCanvas

W = TypeVar("W", bound=QWidget)


def find(root: QWidget, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
    """The one widget of this kind with this accessible name."""
    found = [widget for widget in root.findChildren(kind) if widget.accessibleName() == name]
    assert len(found) == 1, f"{len(found)} widgets are called {name!r}"
    return found[0]


def dialog(window: QWidget, title: str) -> QDialog:
    """The window's dialog of this title; one that is shown before others."""
    found = [each for each in window.findChildren(QDialog) if each.windowTitle() == title]
    assert found, f"no dialog is called {title!r}"
    return max(found, key=QWidget.isVisible)


def is_seen(widget: QWidget) -> bool:
    """Whether any of it can be seen: it is shown, and no other tab lies above it."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def press(root: QWidget, text: str) -> None:
    """Click the button with this text, which stands here without mnemonic."""
    button = next(each for each in root.findChildren(QAbstractButton) if each.text().replace("&", "") == text)
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def answer(window: QWidget, button: str) -> None:
    """Press this button of the question that is open."""
    (box,) = (each for each in window.findChildren(QMessageBox) if each.isVisible())
    press(box, button)


def reset_settings(window: QMainWindow) -> None:
    """By the menu, with the question agreed to."""
    window.commands["reset_settings"].trigger()
    answer(window, "Reset")


def curve_of(canvas: PlotCanvas, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What the curve of this signal shows: seconds, values."""
    x, y = next(row for row in canvas.rows if name in row.curves).curves[name].getData()
    return np.asarray(x if x is not None else []), np.asarray(y if y is not None else [])
