"""The table of docks.  Nothing but the records is imported until one of them is looked at."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from app.ui.docks.base import CURVES_S, DockContext, DockSpec, DockView

_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


def _plots(context: DockContext) -> DockView:
    from app.ui.plots import Plots  # pyqtgraph takes half a second to import

    return Plots()


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "plots", "&Plots", "F3", "Show or hide the plots", _plots, _BELOW, CURVES_S, shown=True
    ),
)  # fmt: skip
