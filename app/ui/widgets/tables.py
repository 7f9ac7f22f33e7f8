"""How tables look, and the line above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QAction, QColor, QPainter, QPixmap
from PyQt6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QTableView, QTableWidget, QTableWidgetItem

from app.ui.widgets.building import action_button, heading, lay_out, there


def set_up(table: QTableView, name: str, wide: Sequence[bool], lines: float = 1.6) -> int:
    """Whole rows to be selected, nothing to be typed; ``wide`` columns share the room.

    Returns the rows' height, in which so many ``lines`` of text have room.
    """
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)  # Tab leaves it, arrows move in it
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    vertical, header = there(table.verticalHeader()), there(table.horizontalHeader())
    vertical.hide()
    height = round(table.fontMetrics().height() * lines)
    vertical.setDefaultSectionSize(height)
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for column, stretched in enumerate(wide):
        mode = QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    return height


def fill(table: QTableWidget, row: int, texts: Sequence[str], number: int) -> None:
    """A row of texts, whole in their tool tips; the column ``number`` holds a number."""
    for column, text in enumerate(texts):
        item = QTableWidgetItem(text)
        item.setToolTip(text)
        if column == number:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.setItem(row, column, item)


def heading_row(text: str, buttons: Mapping[str, QAction]) -> QHBoxLayout:
    """A heading, and buttons with these words that do these actions."""
    parts = (action_button(action, words) for words, action in buttons.items())
    return lay_out(QHBoxLayout(), heading(text), None, *parts, spacing=4)


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
