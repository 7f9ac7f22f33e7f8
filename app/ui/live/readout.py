"""The side panel: the pose above, what is done to it, the machinery below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt

from app.core.frames import FrameResult
from app.ui.docks.base import DockContext
from app.ui.features.signals.readout import SignalsPanel
from app.ui.features.weights.second import SecondPanel
from app.ui.live.pose import PosePanel
from app.ui.live.system import SystemPanel
from app.ui.widgets.building import RefreshingPanel

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.signals.history import History


class Readout(RefreshingPanel):
    """Numbers of the primary face, and how everything runs."""

    REFRESH_MS = 200

    def __init__(self, context: DockContext) -> None:
        super().__init__("Numbers")
        self._context = context
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the arrow keys scroll it
        self.pose = PosePanel(context.settings)
        self.second = SecondPanel()
        self.signals = SignalsPanel()
        self.system = SystemPanel()
        self.setMinimumWidth(312)
        self.hold(self.pose, self.second, self.signals, self.system, spacing=9)

    def show_result(self, result: FrameResult | None, history: History | None = None) -> None:
        self.pose.show_result(result)
        self.second.show_result(result)

    def refresh(self) -> None:
        status, controller = self._context.status(), self._context.controller
        if status is not None:
            self.show_status(status, self._context.view.rate.rate(), controller.source, controller.source_error)

    def show_status(self, status: PipelineStatus, display_fps: float, asked: str = "", problem: str = "") -> None:
        """As ``SystemPanel.show_status``."""
        self.signals.show_status(status)
        self.system.show_status(status, display_fps, asked, problem)
