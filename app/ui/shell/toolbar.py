"""The bar at the top: source, run and record, what is drawn, network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

from app.ui.widgets.building import there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.pickers import Picker

DRAWN = ("mirror", "axes", "keypoints", "box", "expression", "label")
WINDOW = ("screenshot", "full_screen", "keys")


class MainToolBar(QToolBar):
    """Every button and picker can be reached with Tab, from left to right."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__("Toolbar")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(20, 20))
        self.source = Picker("Source", 14)
        self.weights = Picker("Weights", 13)
        self.device = Picker("Device", 13)
        labels: list[QAction] = []

        self.addWidget(self.source)
        self._add(actions["run"], with_text=True)
        self._add(actions["record"], with_text=True)
        self.addSeparator()
        drawn = [self._add(actions[name]) for name in DRAWN]
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        for title, picker in (("Weights", self.weights), ("Device", self.device)):
            label = dim_label(title)
            label.setContentsMargins(6, 0, 2, 0)
            label.setBuddy(picker)
            labels.append(there(self.addWidget(label)))
            self.addWidget(picker)
        line = there(self.addSeparator())
        window = [self._add(actions[name]) for name in WINDOW]
        # These give way to the pickers, the first first, where the bar is narrow: menus have them, too.
        self._yielding = (labels, [line, *window], drawn[3:])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Where it is narrow the labels give way, whose pickers say the same in their tool tips, then buttons."""
        super().resizeEvent(event)
        yielding = [action for group in self._yielding for action in group]
        room = self.width() - self._need(action for action in self.actions() if action not in yielding)
        for group in reversed(self._yielding):
            room -= self._need(group)
            for action in group:
                if action.isVisible() != (room >= 0):
                    action.setVisible(room >= 0)

    def _need(self, actions: Iterable[QAction]) -> int:
        """How wide these are with the gaps between them."""
        gap = there(self.layout()).spacing()
        widgets = (there(self.widgetForAction(action)) for action in actions)
        return sum(max(widget.sizeHint().width(), widget.minimumWidth()) + gap for widget in widgets)

    def _add(self, action: QAction, with_text: bool = False) -> QAction:
        """A button for it; what is returned hides the button alone: the action keeps its menu entry and its key."""
        button = QToolButton()
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setIconSize(self.iconSize())
        button.setObjectName(action.objectName())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(action.text().replace("&", ""))
        if with_text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            # Wide enough for each of its texts: the bar must not move when one replaces another.
            widest = max(button.fontMetrics().horizontalAdvance(text) for text in ("Record", "0:00:00", "Start"))
            button.setMinimumWidth(widest + 64 if action.objectName() == "record" else widest + 38)
        return there(self.addWidget(button))
