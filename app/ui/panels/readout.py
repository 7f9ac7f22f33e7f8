"""The side panel: the pose above, what is done to it, the machinery below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.ui.panels.pose import PosePanel
from app.ui.panels.signals import SignalsPanel
from app.ui.panels.system import SystemPanel

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class Readout(QScrollArea):
    """Scrolls where the window is low; never sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the arrow keys scroll it
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pose = PosePanel()
        self.signals = SignalsPanel()
        self.system = SystemPanel()
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(9)
        layout.addWidget(self.pose)
        layout.addWidget(self.signals)
        layout.addWidget(self.system)
        layout.addStretch(1)
        self.setWidget(inside)
        self._inside = inside
        self._fit()

    def showEvent(self, event: QShowEvent | None) -> None:
        self._fit()  # fonts are known for sure only now
        super().showEvent(event)

    def _fit(self) -> None:
        """Wide enough for its contents beside the scroll bar."""
        bar = self.verticalScrollBar()
        self._inside.ensurePolished()
        width = self._inside.minimumSizeHint().width() + (bar.sizeHint().width() if bar else 0)
        self.setMinimumWidth(max(width, 312))

    def show_result(self, result: FrameResult | None) -> None:
        self.pose.show_result(result)

    def show_status(self, status: PipelineStatus, display_fps: float) -> None:
        self.signals.show_status(status)
        self.system.show_status(status, display_fps)
