"""Panels never push the window's edges out: one that there is no room for becomes a tab of another."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QStyle, QTabBar

from app.ui.widgets.building import there

Area = Qt.DockWidgetArea

NARROW = 320
FLAT = 200
"""Points: a picture that panels leave less than these is hardly one."""


def show_docked(window: QMainWindow, dock: QDockWidget) -> None:
    """Show it, beside the others or as a tab, and the window as large as before; the picture keeps some width."""
    size = window.size()
    dock.show()
    make_room(window, dock, size)
    other = next(_others(window, dock), None)
    beside = [
        each
        for each in _open(window)
        if window.dockWidgetArea(each) in (Area.LeftDockWidgetArea, Area.RightDockWidgetArea)
    ]
    if other is None or dock not in beside or window.tabifiedDockWidgets(dock):
        return
    # Qt moves the picture's edges later, so what is left for it is told by what the panels have or will get.
    edge = there(window.style()).pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent)
    widths: dict[Area, int] = {}
    for each in beside:
        wanted = each.sizeHint().expandedTo(each.minimumSizeHint())
        width = wanted.width() if each is dock else each.width()
        side = window.dockWidgetArea(each)
        widths[side] = max(widths.get(side, 0), width + edge)
    if window.width() - sum(widths.values()) < NARROW:
        _make_tab(window, other, dock)


def make_room(window: QMainWindow, dock: QDockWidget, size: QSize) -> None:
    """Where the window with this panel needs more than ``size``, make tabs: of this one first, then of others."""
    if not dock.isFloating():
        _make_tabs(window, [dock, *(other for other in reversed(_open(window)) if other is not dock)], size)


def fit(window: QMainWindow, size: QSize) -> None:
    """Make tabs of a layout that comes from a larger screen, until the window needs no more than ``size``."""
    _make_tabs(window, _open(window)[::-1], size)


def fold(window: QMainWindow) -> None:
    """Where a layout leaves hardly any height or width for the picture, make tabs of the right panels, as at first."""
    layout, picture = there(window.layout()), there(window.centralWidget())
    layout.activate()
    if picture.height() < FLAT:
        _fold(window, (Area.BottomDockWidgetArea, Area.TopDockWidgetArea))
        layout.activate()
    if picture.width() < NARROW:
        _fold(window, (Area.LeftDockWidgetArea,))


def _fold(window: QMainWindow, sides: tuple[Area, ...]) -> None:
    others = [dock for dock in _open(window) if window.dockWidgetArea(dock) == Area.RightDockWidgetArea]
    if not others:
        return
    size, front = window.size(), next((dock for dock in others if not dock.visibleRegion().isEmpty()), others[0])
    for dock in _open(window):
        if window.dockWidgetArea(dock) in sides:
            _make_tab(window, front, dock)
    front.raise_()
    if window.size() != size:
        window.resize(size)


def _make_tabs(window: QMainWindow, docks: list[QDockWidget], size: QSize) -> None:
    if not _excess(window, size):
        return
    for dock in docks:
        best: tuple[int, QDockWidget] | None = None
        for other in list(_others(window, dock)):
            _make_tab(window, other, dock)
            excess = _excess(window, size)
            if best is None or excess < best[0]:
                best = (excess, other)
            if not excess:
                break
        else:
            if best is not None:
                _make_tab(window, best[1], dock)
        if not _excess(window, size):
            break
    if window.size() != size:
        window.resize(size)  # Qt has made it larger at the first try


def _make_tab(window: QMainWindow, other: QDockWidget, dock: QDockWidget) -> None:
    window.removeDockWidget(dock)  # else Qt may leave its room, or an empty tab of it, where it was
    dock.show()
    window.tabifyDockWidget(other, dock)


def set_up_tabs(window: QMainWindow) -> None:
    """The bars of tabs that there are; Qt makes one when it needs one."""
    for tabs in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        tabs.setAccessibleName("Panels")
        tabs.setUsesScrollButtons(True)  # else many tabs are wider than any panel
        tabs.setElideMode(Qt.TextElideMode.ElideNone)  # of many tabs a letter each would be left
        tabs.setSelectionBehaviorOnRemove(QTabBar.SelectionBehavior.SelectPreviousTab)  # not just a neighbour


def _excess(window: QMainWindow, size: QSize) -> int:
    """How many points the window needs beyond ``size``, in both directions together."""
    set_up_tabs(window)
    there(window.layout()).activate()
    need = window.minimumSizeHint()
    return max(need.width() - size.width(), 0) + max(need.height() - size.height(), 0)


def _open(window: QMainWindow) -> list[QDockWidget]:
    return [dock for dock in window.findChildren(QDockWidget) if not dock.isHidden() and not dock.isFloating()]


def _others(window: QMainWindow, dock: QDockWidget) -> Iterator[QDockWidget]:
    """Those that it can be a tab of: at its own side from the last one on, then at the other sides of the picture."""
    own = window.dockWidgetArea(dock)
    sides = dict.fromkeys((own, Area.RightDockWidgetArea, Area.LeftDockWidgetArea, Area.BottomDockWidgetArea))
    for side in sides:
        for other in reversed(_open(window)):
            if other is not dock and window.dockWidgetArea(other) == side:
                yield other
