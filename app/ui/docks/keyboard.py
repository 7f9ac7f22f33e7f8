"""Panels without a mouse: into the next one, back to the picture, float, dock, move, resize, close."""

from __future__ import annotations

from typing import cast

from PyQt6.QtCore import QObject, QPoint, Qt
from PyQt6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from app.ui.docks.room import make_room
from app.ui.docks.title import PanelTitle, titles

Area = Qt.DockWidgetArea
SIDES = (Area.LeftDockWidgetArea, Area.BottomDockWidgetArea, Area.RightDockWidgetArea, Area.TopDockWidgetArea)
"""In the order in which a panel goes round the picture."""

STEP = 30  # points, that a panel grows at once
AWAY = 40  # points, that a panel which begins to float stands off the window's corner


class PanelKeys(QObject):
    """The actions of panels; they act on the panel with the keyboard."""

    def __init__(self, window: QMainWindow, picture: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._picture = picture
        self._panels = window.findChildren(QDockWidget)  # kept, for Qt's own order changes as they are raised
        app = cast(QApplication, QApplication.instance())
        app.focusChanged.connect(self._focus_changed)

    def go(self, step: int) -> None:
        """The keyboard into the panel so many further; the picture is one of the stops."""
        # Those that are open, one behind another's tab too, in the order of the menu.
        stops: list[QDockWidget | None] = [None, *(panel for panel in self._panels if not panel.isHidden())]
        current = self.current()
        place = stops.index(current) if current in stops else 0
        target = stops[(place + step) % len(stops)]
        if target is None:
            self.to_picture()
        else:
            enter(target)

    def to_picture(self) -> None:
        self._window.activateWindow()
        self._picture.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def current(self) -> QDockWidget | None:
        """The panel that has the keyboard."""
        return panel_of(QApplication.focusWidget())

    def toggle_floating(self) -> None:
        panel = self.current()
        if panel is None:
            return
        size = self._window.size()
        panel.setFloating(not panel.isFloating())
        make_room(self._window, panel, size)
        if panel.isFloating() and not self._window.frameGeometry().contains(panel.frameGeometry().center()):
            panel.move(self._window.mapToGlobal(QPoint(AWAY, AWAY)))  # Qt's remembered place may be off this screen
        enter(panel)

    def move_on(self) -> None:
        """Move the panel to the next side of the picture; one that floats is docked there."""
        panel = self.current()
        if panel is None:
            return
        side, size = self._window.dockWidgetArea(panel), self._window.size()
        place = SIDES.index(side) if side in SIDES else -1
        panel.setFloating(False)
        self._window.addDockWidget(SIDES[(place + 1) % len(SIDES)], panel)
        panel.show()
        make_room(self._window, panel, size)
        enter(panel)

    def grow(self, sign: int) -> None:
        """A step wider or narrower at the sides, higher or lower below; one that floats in both directions."""
        panel = self.current()
        if panel is None:
            return
        if panel.isFloating():
            panel.resize(panel.width() + sign * STEP, panel.height() + sign * STEP)
            return
        beside = self._window.dockWidgetArea(panel) in (Area.LeftDockWidgetArea, Area.RightDockWidgetArea)
        size = panel.width() if beside else panel.height()
        direction = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        self._window.resizeDocks([panel], [max(size + sign * STEP, 1)], direction)

    def close_current(self) -> None:
        panel = self.current()
        if panel is not None:
            panel.close()
            self.to_picture()

    def _focus_changed(self, before: QWidget | None, focused: QWidget | None) -> None:
        """The title of the panel that has the keyboard stands out."""
        panel = panel_of(focused)
        for title in titles(self._window):
            title.show_active(panel is not None and panel.titleBarWidget() is title)


def panel_of(widget: QWidget | None) -> QDockWidget | None:
    """The panel that holds this widget."""
    while widget is not None:
        if isinstance(widget, QDockWidget) and isinstance(widget.titleBarWidget(), PanelTitle):
            return widget
        widget = widget.parentWidget()
    return None


def enter(panel: QDockWidget) -> None:
    """The keyboard into the panel: to where it was last, or to the view, which may pass it on."""
    panel.raise_()
    panel.activateWindow()
    view = panel.widget()
    if view is None:
        return
    target = panel.focusWidget()
    if target is None or target is panel or not view.isAncestorOf(target) or not target.isVisibleTo(panel):
        target = view
    target.setFocus(Qt.FocusReason.ShortcutFocusReason)
