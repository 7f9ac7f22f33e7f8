"""The docks, each declared once: its action and its place in the window follow from its row.

No view but the numbers is imported before somebody looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import Qt

DISPLAY_S = 1 / 30  # as often as a camera gives something new
CURVES_S = 1 / 15  # what scrolls is costly to paint and no easier to read when it does so more often

_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True, slots=True)
class DockSpec:
    """A row; its action (name, text, key, tip) and its view follow from it."""

    name: str  # of its action, and in the saved layout
    text: str  # the menu's, with its mnemonic; without it the dock's title
    key: str
    tip: str  # a sentence without its full stop
    view: str  # the class of what is in it, as "module:class"; it takes the ``DockContext``
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea
    interval_s: float = DISPLAY_S
    shown: bool = False  # in the layout that the window has at first
    share: int = 200  # of the room, against the shares of those that stand beside it
    tab_of: str = ""  # the dock in whose place it appears, as a tab
    has_numbers: bool = False  # it shows the same frame's numbers as the label at the face
    at_once: bool = False  # made with the window, not when it is first seen
    of_face: bool = False  # what it shows is the primary face's, and its title says whose that is

    @property
    def title(self) -> str:
        return self.text.replace("&", "")


DOCKS: tuple[DockSpec, ...] = (
    DockSpec("numbers", "&Numbers", "F2", "Show or hide the numbers",
             "app.ui.live.readout:Readout", _RIGHT, 0.0, shown=True, at_once=True, has_numbers=True, of_face=True),
    DockSpec("plots", "&Plots", "F3", "Show or hide the plots",
             "app.ui.plots.dock:Plots", _BELOW, CURVES_S, shown=True, share=300, of_face=True),
    DockSpec("bins", "&Bins", "Shift+F2", "Show or hide the distributions that the angles are read from",
             "app.ui.live.bins:Bins", interval_s=0.0, has_numbers=True, of_face=True),
    DockSpec("shape", "&3D", "Shift+F3", "Show or hide the keypoints in space",
             "app.ui.live.shape:ShapeView", of_face=True),
    DockSpec("crop", "&Crop", "Shift+F4", "Show or hide the network's input",
             "app.ui.live.crop:Crop", of_face=True),
    DockSpec("heat", "&Heat strip", "Shift+F5", "Show or hide each keypoint's expression over time",
             "app.ui.plots.heat:Heat", _BELOW, CURVES_S, of_face=True),
    DockSpec("table", "&Table", "Shift+F6", "Show or hide the table of all numbers",
             "app.ui.live.table:Table", _RIGHT, 0.0, tab_of="numbers", has_numbers=True, of_face=True),
    DockSpec("filter", "&Filter and calibration", "Shift+F7", "Show or hide filter, calibration and derived signals",
             "app.ui.features.signals.panel:SignalsDock", interval_s=CURVES_S, of_face=True),
    DockSpec("outputs", "&Outputs", "Shift+F8", "Show or hide what is sent to other programs",
             "app.ui.features.outputs.panel:OutputsPanel"),
    DockSpec("weights", "&Weights", "Ctrl+4", "Show or hide what is known of the weights, and compare two",
             "app.ui.features.weights.panel:WeightsPanel", interval_s=CURVES_S, share=400, of_face=True),
    DockSpec("markers", "&Markers and session", "Shift+F9", "Show or hide markers and session fields",
             "app.ui.features.annotations.panel:AnnotationPanel"),
)  # fmt: skip
