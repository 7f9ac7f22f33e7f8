"""How the tables beside the picture look, and the line above each."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QAction, QColor, QPainter, QPixmap
from PyQt6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLabel, QTableView, QToolButton


def set_up(table: QTableView, name: str, wide: tuple[bool, ...]) -> int:
    """Whole rows to be selected, nothing to be typed; ``wide`` columns share the room.  The rows' height."""
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    vertical, header = table.verticalHeader(), table.horizontalHeader()
    assert vertical is not None
    assert header is not None
    vertical.hide()
    height = round(table.fontMetrics().height() * 1.6)
    vertical.setDefaultSectionSize(height)
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for column, stretched in enumerate(wide):
        mode = QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    return height


def heading_row(text: str, buttons: Mapping[str, QAction]) -> QHBoxLayout:
    """A heading, and buttons with these words that do these actions."""
    heading = QLabel(text)
    heading.setProperty("heading", True)
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(heading)
    row.addStretch(1)
    for words, action in buttons.items():
        row.addWidget(_button(action, words))
    return row


def _button(action: QAction, text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(action.whatsThis())
    button.setToolTip(action.toolTip())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)
    button.setEnabled(action.isEnabled())
    action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
    return button


def dot(colour: QColor) -> QPixmap:
    """A small disc."""
    pixmap = QPixmap(20, 20)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QRectF(1, 1, 8, 8))
    painter.end()
    return pixmap
