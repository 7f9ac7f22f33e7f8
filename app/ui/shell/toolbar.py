"""The bar at the top: source, run and record, what is drawn, network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from app.ui.widgets.building import named, there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.icons import icon
from app.ui.widgets.pickers import Picker

DRAWN = ("mirror", "axes", "keypoints", "box", "expression", "label")
WINDOW = ("screenshot", "full_screen", "keys")


class MainToolBar(QToolBar):
    """Every button and picker can be reached with Tab, from left to right.

    Where the bar is narrow, what has no room stands in the menu of a button at its end, in the same order.
    """

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
        drawn = [[self._add(actions[name])] for name in DRAWN]
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
        self._more = there(self.addWidget(self._more_button()))
        # These give way to the pickers, the last first: the labels, whose pickers say the same in their tool tips.
        self._yielding = (*drawn, [line, *window], labels)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show what is there at any width, then group by group as far as there is room."""
        super().resizeEvent(event)
        *buttons, _ = self._yielding
        yielding = [action for group in self._yielding for action in group]
        room = self.width() - self._need(action for action in self.actions() if action not in [*yielding, self._more])
        self._more.setVisible(room < sum(map(self._need, buttons)))
        if self._more.isVisible():
            room -= self._need([self._more])
        for group in self._yielding:
            room -= self._need(group)
            for action in group:
                action.setVisible(room >= 0)

    def _need(self, actions: Iterable[QAction]) -> int:
        """How wide these are with the gaps between them."""
        gap = there(self.layout()).spacing()
        widgets = (there(self.widgetForAction(action)) for action in actions)
        return sum(max(widget.sizeHint().width(), widget.minimumWidth()) + gap for widget in widgets)

    def _more_button(self) -> QToolButton:
        button = named(QToolButton(), "More", "More buttons, for which the window is too narrow")
        button.setObjectName("more")
        button.setIcon(icon("more"))
        button.setIconSize(self.iconSize())
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.aboutToShow.connect(lambda: self._list_hidden(menu))
        button.setMenu(menu)
        return button

    def _list_hidden(self, menu: QMenu) -> None:
        menu.clear()
        for action in (action for group in self._yielding for action in group if not action.isVisible()):
            button = self.widgetForAction(action)
            if action.isSeparator():
                menu.addSeparator()
            elif isinstance(button, QToolButton):
                menu.addAction(button.defaultAction())

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
