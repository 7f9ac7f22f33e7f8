"""Where things are in the review window, and what of it each session is shown with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QTabBar, QVBoxLayout, QWidget

from app.ui.live.live_view import LiveView
from app.ui.review.annotation_list import AnnotationList
from app.ui.review.exports import Exports
from app.ui.review.faces_panel import FacesPanel
from app.ui.review.statistics_panel import StatisticsPanel
from app.ui.review.timeline import Timeline
from app.ui.review.transport import Transport
from app.ui.shell.messages import Message
from app.ui.shell.settings import Settings
from app.ui.shell.status_line import StatusLine, status_bar
from app.ui.widgets.background import Background
from app.ui.widgets.building import Part, ScrollPanel, lay_out, named
from app.ui.widgets.fields import dim_label

PART_LINES = 10  # of text: where a part beside the picture would be lower, one at a time is shown


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
        self.side = _Side({"Faces": self.faces, "Markers": self.annotation_list, "Statistics": self.statistics})
        self.side.offer(self.faces, False)
        self.faces.several.connect(lambda on: self.side.offer(self.faces, on))
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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the window stays when another session is opened: each session is shown with these."""

    window: QWidget
    panes: Panes
    commands: dict[str, QAction]
    store: Settings
    background: Background
    exports: Exports
    notify: Callable[[Message], None]


class _Side(ScrollPanel):
    """What stands beside the picture, never cut at its sides.

    All parts one above the other, or in a low window one of them, which a tab chooses.
    """

    def __init__(self, parts: dict[str, QWidget]) -> None:
        super().__init__("Faces, markers and statistics")
        self._parts = list(parts.values())
        self._offered = [True] * len(parts)
        self._tabs = named(QTabBar(), "What is shown beside the picture")
        self._tabs.setDrawBase(False)
        self._stack = QSplitter(Qt.Orientation.Vertical)
        self._stack.setChildrenCollapsible(False)
        for name, part in parts.items():
            self._tabs.addTab(name)
            self._stack.addWidget(part)
        self._stack.setStretchFactor(len(parts) - 1, 1)
        self._tabs.setCurrentIndex(len(parts) - 1)
        self._tabs.currentChanged.connect(lambda _: self._arrange())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(_column(self._tabs, (self._stack, 1), QWidget()))  # the last one has what a short list leaves
        self._arrange()

    def offer(self, part: QWidget, on: bool) -> None:
        """Whether there is anything to see in this part."""
        self._offered[self._parts.index(part)] = on
        self._arrange()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        low = self.height() < PART_LINES * self.fontMetrics().lineSpacing() * sum(self._offered)
        for i, (part, offered) in enumerate(zip(self._parts, self._offered, strict=True)):
            self._tabs.setTabVisible(i, offered)  # the next one becomes the current one
            part.setVisible(offered and (not low or i == self._tabs.currentIndex()))
        self._tabs.setVisible(low)

    def fit(self) -> None:
        """What lists can't use, for they have become shorter, is the last part's."""
        super().fit()
        sizes = self._stack.sizes()
        used = [min(size, part.maximumHeight()) for size, part in zip(sizes, self._parts[:-1], strict=False)]
        if used != sizes[:-1]:
            self._stack.setSizes([*used, sum(sizes) - sum(used)])


def _column(*parts: Part) -> QWidget:
    box = QWidget()
    lay_out(QVBoxLayout(box), *parts, spacing=0, margins=(0, 0, 0, 0))
    return box
