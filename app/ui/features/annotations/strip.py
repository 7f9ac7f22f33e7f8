"""What has just been marked and what runs, in a corner of the picture: to be seen with every panel closed."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from app.ui.shell import theme

_MARGIN, _GAP, _PADDING = 10, 4, 7
_WIDEST = 34  # characters of a chip: the picture is what the window is for
_GROUND, _TEXT, _DIM = QColor(14, 15, 17, 205), QColor("#f2f4f7"), QColor("#b4b9c1")  # over a picture in any scheme
_RUNNING, _SET = QColor("#ff5c62"), QColor("#5fc787")


@dataclass(frozen=True, slots=True)
class Chip:
    """An annotation: its key, its label, since when or when."""

    key: str  # empty: it came from another program
    label: str
    time: str
    running: bool


class AnnotationStrip(QWidget):
    """A line for each chip, upper left; nothing of the picture is recorded with it."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Markers")
        self.chips: tuple[Chip, ...] = ()
        view.installEventFilter(self)
        self.hide()

    def show_chips(self, chips: tuple[Chip, ...]) -> None:
        if chips == self.chips:
            return
        self.chips = chips
        said = "; ".join(f"{chip.label} {'since' if chip.running else 'at'} {chip.time}" for chip in chips)
        self.setAccessibleDescription(said)
        self._place()
        self.setVisible(bool(chips))
        self.update()

    def eventFilter(self, watched: object, event: QEvent | None) -> bool:
        if event is not None and event.type() is QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is not None and self.chips:
            rows = len(self.chips)
            height = rows * self._row() + (rows - 1) * _GAP
            self.setGeometry(_MARGIN, _MARGIN, max(parent.width() - 2 * _MARGIN, 1), round(height) + 1)

    def _row(self) -> float:
        return QFontMetricsF(theme.tabular(self.font())).height() + 8

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.tabular(self.font())
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        row, top = self._row(), 0.0
        for chip in self.chips:
            dot = metrics.height() * 0.5
            time = f"  {chip.time}"
            room = min(self.width(), _WIDEST * metrics.averageCharWidth())
            room -= 2 * _PADDING + dot + 6 + metrics.horizontalAdvance(time)
            words = metrics.elidedText(f"{chip.key}  {chip.label}".strip(), Qt.TextElideMode.ElideRight, max(room, 20))
            wide = metrics.horizontalAdvance(words)
            area = QRectF(0, top, 2 * _PADDING + dot + 6 + wide + metrics.horizontalAdvance(time), row)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_GROUND)
            painter.drawRoundedRect(area, 4, 4)
            # Running and set differ in shape too, for eyes that don't tell red from green.
            painter.setBrush(_RUNNING if chip.running else _SET)
            centre = QPointF(area.left() + _PADDING + dot / 2, area.center().y())
            if chip.running:
                painter.drawEllipse(centre, dot / 2, dot / 2)
            else:
                painter.drawRect(QRectF(centre.x() - dot * 0.4, centre.y() - dot * 0.4, dot * 0.8, dot * 0.8))
            text = area.adjusted(_PADDING + dot + 6, 0, 0, 0)
            painter.setPen(_TEXT)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)
            painter.setPen(_DIM)
            painter.drawText(text.adjusted(wide, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, time)
            top += row + _GAP
        painter.end()
