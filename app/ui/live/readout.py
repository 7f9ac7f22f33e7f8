"""The side panel: the pose above, what is done to it, the machinery below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.ui.features.signals.readout import SignalsPanel
from app.ui.features.weights.second import SecondPanel
from app.ui.live.pose import PosePanel
from app.ui.live.system import SystemPanel

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class Readout(QScrollArea):
    """Scrolls where the window is low; never sideways."""

    _inside: QWidget | None = None  # Qt filters events already while it makes the scroll area

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the arrow keys scroll it
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pose = PosePanel()
        self.second = SecondPanel()
        self.signals = SignalsPanel()
        self.system = SystemPanel()
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(9)
        layout.addWidget(self.pose)
        layout.addWidget(self.second)
        layout.addWidget(self.signals)
        layout.addWidget(self.system)
        layout.addStretch(1)
        self._inside = inside
        self.setMinimumWidth(312)
        self.setWidget(inside)  # from now on its events pass through here
        self._fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.LayoutRequest and watched is self._inside is not None:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Wide enough for its contents beside the scroll bar, in the fonts that they have by now; never narrower."""
        bar = self.verticalScrollBar()
        assert self._inside is not None
        width = self._inside.minimumSizeHint().width() + (bar.sizeHint().width() if bar else 0)
        if width > self.minimumWidth():
            self.setMinimumWidth(width)

    def show_result(self, result: FrameResult | None) -> None:
        self.pose.show_result(result)
        self.second.show_result(result)

    def show_status(self, status: PipelineStatus, display_fps: float, asked: str = "", problem: str = "") -> None:
        """As ``SystemPanel.show_status``."""
        self.signals.show_status(status)
        self.system.show_status(status, display_fps, asked, problem)
