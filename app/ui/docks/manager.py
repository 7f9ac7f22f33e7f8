"""Makes docks when they are first seen, and feeds those that are to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name

from PyQt6.QtCore import QObject, QSize, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QWidget

from app.core.clock import now_s
from app.core.frames import FrameResult
from app.signals.history import History
from app.ui.docks.base import DockContext, DockView
from app.ui.docks.catalogue import DOCKS, DockSpec
from app.ui.docks.room import fit, fold, set_up_tabs, show_docked
from app.ui.docks.title import PanelTitle, face_to_name, titles


class Docks(QObject):
    """Every dock of the table as a QDockWidget of the window, empty until somebody looks at it."""

    def __init__(self, window: QMainWindow, context: DockContext) -> None:
        super().__init__(window)
        self._window = window
        self.context = context
        self._started = False
        self._settled: dict[str, tuple[object, ...]] | None = None
        self._named_face: int | None = None  # in the titles
        self._entries = {spec.name: _Entry(spec, self._add(spec), context.commands[spec.name]) for spec in DOCKS}
        for entry in self._entries.values():
            if entry.spec.at_once:
                self._make(entry)

    def _add(self, spec: DockSpec) -> QDockWidget:
        dock = QDockWidget(spec.title, self._window)
        dock.setObjectName(spec.name)
        dock.setAccessibleName(spec.title)
        dock.setToolTip(spec.tip)
        dock.setWidget(QWidget())
        dock.hide()
        PanelTitle(dock, spec.of_face)
        self.context.commands[spec.name].setChecked(spec.shown)
        dock.visibilityChanged.connect(lambda seen, name=spec.name: self._seen(name, seen))
        return dock

    def _place(self, spec: DockSpec, dock: QDockWidget, tab_of: str) -> None:
        dock.setFloating(False)
        self._window.addDockWidget(spec.area, dock)
        dock.setVisible(spec.shown)
        other = self._window.findChild(QDockWidget, tab_of) if tab_of else None
        if other is not None:
            self._window.tabifyDockWidget(other, dock)

    def start(self) -> None:
        """Make those that are to be seen; until then they are empty, so that the window appears at once."""
        self._started = True
        size = self._window.size()  # before the panels ask for room: the layout may come from a larger screen
        self.place_missing()
        for entry in self._entries.values():
            if entry.seen:
                self._make(entry)
        self.settle(size)

    def settle(self, size: QSize) -> None:
        """Make a layout that comes from a larger window fit one of this ``size``, and leave the picture some room."""
        before = self._places()
        fit(self._window, size)
        fold(self._window)
        after = self._places()
        self._settled = after if after != before else None

    @property
    def settled(self) -> bool:
        """Whether panels stand where they do because the window is small, and nobody has moved one since."""
        return self._settled == self._places()

    def _places(self) -> dict[str, tuple[object, ...]]:
        places: dict[str, tuple[object, ...]] = {}
        for name, entry in self._entries.items():
            dock, tabs = entry.dock, {other.objectName() for other in self._window.tabifiedDockWidgets(entry.dock)}
            places[name] = (dock.isHidden(), dock.isFloating(), self._window.dockWidgetArea(dock), tabs)
        return places

    def default_layout(self, low: bool) -> None:
        """Every dock back at its place; those that a new user sees are shown.

        Once before the window is shown, not twice: Qt would leave the bar of a tab in its corner.
        ``low``: in a window so low that what usually lies below the picture becomes a tab of the numbers.
        """
        for entry in self._entries.values():
            below = entry.spec.area == Qt.DockWidgetArea.BottomDockWidgetArea
            self._place(entry.spec, entry.dock, "numbers" if low and below else entry.spec.tab_of)
        self.dock("numbers").raise_()

    def place_missing(self) -> None:
        """Those that the saved layout, perhaps of an earlier version, did not know; the actions follow it."""
        for entry in self._entries.values():
            if self._window.dockWidgetArea(entry.dock) == Qt.DockWidgetArea.NoDockWidgetArea:
                self._place(entry.spec, entry.dock, entry.spec.tab_of)
            entry.action.setChecked(not entry.dock.isHidden())  # Qt sends no signal for what was hidden before

    def switch(self, name: str, on: bool) -> None:
        """Show or hide it; one that lies behind another's tab comes to the front instead of going away."""
        entry = self._entries[name]
        covered = not entry.dock.isHidden() and not entry.seen
        on = on or (covered and self._window.isVisible())
        if on and self._started:
            self._make(entry)  # before it is shown, so that it gets the room it asks for
        if on:
            show_docked(self._window, entry.dock)
        else:
            entry.dock.hide()
        entry.action.setChecked(on)
        if on:
            entry.dock.raise_()
            self._share_room(entry.spec.area)

    def _share_room(self, area: Qt.DockWidgetArea) -> None:
        """After one more has come, those that stand one above or beside the other get their fair share."""
        entries = [
            entry
            for entry in self._entries.values()
            if not entry.dock.isHidden()
            and not entry.dock.isFloating()
            and self._window.dockWidgetArea(entry.dock) == area
            and not self._window.tabifiedDockWidgets(entry.dock)
        ]
        if len(entries) < 2:
            return
        below = area in (Qt.DockWidgetArea.BottomDockWidgetArea, Qt.DockWidgetArea.TopDockWidgetArea)
        self._window.resizeDocks(
            [entry.dock for entry in entries],
            [entry.spec.share for entry in entries],
            Qt.Orientation.Horizontal if below else Qt.Orientation.Vertical,
        )

    def dock(self, name: str) -> QDockWidget:
        return self._entries[name].dock

    def view(self, name: str) -> DockView | None:
        """The dock's widget; None until it has been seen."""
        return self._entries[name].view

    def refresh(self, result: FrameResult | None, numbers: FrameResult | None, history: History) -> None:
        """Show what is new in the docks that are to be seen; costs nothing where there is neither.

        Docks with numbers show ``numbers``, the frame whose numbers stand at the face.
        """
        if self._window.isMinimized():
            return
        named = face_to_name(result, self._named_face)
        if named != self._named_face:
            self._named_face = named
            for title in titles(self._window):
                title.show_face(named)
        now = now_s()
        newest, same_frame = (result, history, history.count), (numbers, history, 0)
        for entry in self._entries.values():
            state = same_frame if entry.spec.has_numbers else newest
            if entry.view is None or not entry.seen or now < entry.due_s or entry.shown == state:
                continue
            entry.due_s, entry.shown = now + entry.spec.interval_s, state
            entry.view.show_result(state[0], history)

    def _seen(self, name: str, seen: bool) -> None:
        """A dock is not seen when it is closed, nor when another one's tab lies above it."""
        entry = self._entries[name]
        entry.seen = seen
        entry.shown = None
        set_up_tabs(self._window)
        entry.action.setChecked(not entry.dock.isHidden())
        if seen and self._started:
            self._make(entry)

    def _make(self, entry: _Entry) -> None:
        if entry.view is not None:
            return
        entry.view = resolve_name(entry.spec.view)(self.context)
        assert isinstance(entry.view, QWidget)
        empty = entry.dock.widget()
        entry.dock.setWidget(entry.view)
        if empty is not None:
            empty.deleteLater()


@dataclass(slots=True)
class _Entry:
    """A dock and what is known of it."""

    spec: DockSpec
    dock: QDockWidget
    action: QAction
    view: DockView | None = None
    seen: bool = False
    shown: tuple[FrameResult | None, History, int] | None = None
    due_s: float = 0.0
