"""Where things are in the review window."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from app.ui.live.live_view import LiveView
from app.ui.review.annotation_list import AnnotationList
from app.ui.review.faces_panel import FacesPanel
from app.ui.review.statistics_panel import StatisticsPanel
from app.ui.review.timeline import Timeline
from app.ui.review.transport import Transport
from app.ui.shell.status_line import StatusLine, status_bar
from app.ui.widgets.building import Part, ScrollPanel, lay_out, there
from app.ui.widgets.fields import dim_label


class Panes(QSplitter):
    """Picture and side panel above, the timeline below; the user moves the borders."""

    def __init__(self, commands: dict[str, QAction]) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.view = LiveView()
        self.view.setAccessibleName("Recorded picture")
        self.view.setMinimumSize(160, 90)
        self.timeline = Timeline()
        self.transport = Transport(commands)
        self.annotation_list = AnnotationList(commands)
        self.faces = FacesPanel(commands)
        self.statistics = StatisticsPanel(commands["copy"])
        self.recover_button = QPushButton("&Recover the recording")
        self.recover_button.hide()
        parts = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.faces, self.annotation_list, self.statistics):
            parts.addWidget(widget)
        parts.setStretchFactor(2, 1)
        parts.setChildrenCollapsible(False)
        self.side = _Side(parts)
        top = QSplitter(Qt.Orientation.Horizontal)
        top.addWidget(_column((self.view, 1), lay_out(QHBoxLayout(), None, self.recover_button, None)))
        top.addWidget(self.side)
        top.setStretchFactor(0, 1)
        top.setSizes([840, 330])
        self.addWidget(top)
        self.addWidget(_column(self.transport, (self.timeline, 1)))
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self.setSizes([440, 310])
        self.setChildrenCollapsible(False)
        self.status_line = StatusLine()
        self.about = dim_label("")
        self.about.setContentsMargins(8, 0, 8, 0)
        self.status_bar = status_bar(self.status_line, self.about)


class _Side(ScrollPanel):
    """What stands beside the picture, never cut at its sides; it scrolls where the window is low."""

    def __init__(self, parts: QSplitter) -> None:
        super().__init__("Faces, markers and statistics")
        self._parts = parts
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(parts)

    def fit(self) -> None:
        """What lists can't use, for they have become shorter, is the last part's."""
        super().fit()
        sizes = self._parts.sizes()
        used = [min(size, there(self._parts.widget(i)).maximumHeight()) for i, size in enumerate(sizes[:-1])]
        if used != sizes[:-1]:
            self._parts.setSizes([*used, sum(sizes) - sum(used)])


def _column(*parts: Part) -> QWidget:
    box = QWidget()
    lay_out(QVBoxLayout(box), *parts, spacing=0, margins=(0, 0, 0, 0))
    return box
