"""The side panel: the pose above, what is done to it, the machinery below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QWidget

from app.core.frames import FrameResult
from app.ui.features.signals.readout import SignalsPanel
from app.ui.features.weights.second import SecondPanel
from app.ui.live.pose import PosePanel
from app.ui.live.system import SystemPanel
from app.ui.widgets.building import ScrollPanel, there

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class Readout(ScrollPanel):
    """Scrolls where the window is low; never sideways."""

    _inside: QWidget | None = None  # Qt filters events already while it makes the scroll area

    def __init__(self) -> None:
        super().__init__("Numbers")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the arrow keys scroll it
        self.pose = PosePanel()
        self.second = SecondPanel()
        self.signals = SignalsPanel()
        self.system = SystemPanel()
        self.setMinimumWidth(312)
        self._inside = self.hold(self.pose, self.second, self.signals, self.system, spacing=9)
        self._fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.LayoutRequest and watched is self._inside is not None:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Wide enough for its contents beside the scroll bar, in the fonts that they have by now; never narrower."""
        width = there(self._inside).minimumSizeHint().width() + self.bar_width
        if width > self.minimumWidth():
            self.setMinimumWidth(width)

    def show_result(self, result: FrameResult | None) -> None:
        self.pose.show_result(result)
        self.second.show_result(result)

    def show_status(self, status: PipelineStatus, display_fps: float, asked: str = "", problem: str = "") -> None:
        """As ``SystemPanel.show_status``."""
        self.signals.show_status(status)
        self.system.show_status(status, display_fps, asked, problem)
