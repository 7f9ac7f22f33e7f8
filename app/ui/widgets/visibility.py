"""Whether anybody can see a window: what nobody sees need not be painted."""

from __future__ import annotations

from PyQt6.QtWidgets import QDockWidget, QMainWindow, QWidget


def is_obscured(window: QMainWindow) -> bool:
    """Minimised, hidden, or said by the system to be covered, with all of the panels that float beside it."""
    if window.isMinimized():
        return True
    if _exposed(window):
        return False
    return not any(dock.isFloating() and _exposed(dock) for dock in window.findChildren(QDockWidget))


def _exposed(widget: QWidget) -> bool:
    handle = widget.windowHandle()
    return widget.isVisible() and handle is not None and handle.isExposed()
