"""The bar at the top: source, run and record, what is drawn, network."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

from app.ui.panels.fields import dim_label
from app.ui.pickers import Picker

DRAWN = ("mirror", "axes", "keypoints", "box", "expression", "label")
LABELLED_CHARACTERS = 165  # a bar at least so wide has room for labels
WINDOW = ("screenshot", "full_screen", "keys")


class MainToolBar(QToolBar):
    """Every button and picker can be reached with Tab, from left to right."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__("Toolbar")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(20, 20))
        self.source = Picker("Source", 16)
        self.weights = Picker("Weights", 13)
        self.device = Picker("Device", 6)
        self._labels: list[QAction] = []

        self.addWidget(self.source)
        self._add(actions["run"], with_text=True)
        self._add(actions["record"], with_text=True)
        self.addSeparator()
        for name in DRAWN:
            self._add(actions[name])
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        for title, picker in (("Weights", self.weights), ("Device", self.device)):
            label = dim_label(title)
            label.setContentsMargins(6, 0, 2, 0)
            label.setBuddy(picker)
            named = self.addWidget(label)
            assert named is not None
            self._labels.append(named)
            self.addWidget(picker)
        self.addSeparator()
        for name in WINDOW:
            self._add(actions[name])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Where it is narrow the labels give way: the pickers say the same in their tool tips."""
        super().resizeEvent(event)
        roomy = self.width() >= self.fontMetrics().averageCharWidth() * LABELLED_CHARACTERS
        for label in self._labels:
            if label.isVisible() != roomy:
                label.setVisible(roomy)

    def _add(self, action: QAction, with_text: bool = False) -> None:
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setObjectName(action.objectName())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(action.text().replace("&", ""))
        if with_text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            # Wide enough for each of its texts: the bar must not move when one replaces another.
            widest = max(button.fontMetrics().horizontalAdvance(text) for text in ("Record", "0:00:00", "Start"))
            button.setMinimumWidth(widest + 54 if action.objectName() == "record" else widest + 38)
