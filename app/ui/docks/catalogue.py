"""The table of docks.  Nothing but the records is imported until one of them is looked at."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from app.ui.docks.base import CURVES_S, NUMBERS_S, DockContext, DockSpec, DockView

_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


def _plots(context: DockContext) -> DockView:
    from app.ui.plots import Plots  # pyqtgraph takes half a second to import

    return Plots()


def _table(context: DockContext) -> DockView:
    from app.ui.docks.table import Table

    return Table(context)


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "plots", "&Plots", "F3", "Show or hide the plots", _plots, _BELOW, CURVES_S, shown=True
    ),
    DockSpec(
        "table", "&Table of all numbers", "Shift+F6", "Show or hide the table of all numbers", _table, _RIGHT, NUMBERS_S
    ),
)  # fmt: skip
