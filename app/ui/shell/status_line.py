"""The line at the bottom: one sentence, its weight told by colour and by an icon's shape."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from app.ui.shell import theme
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.building import lay_out
from app.ui.widgets.fields import Value

COLOURS = {
    Severity.GOOD: theme.GOOD,
    Severity.INFO: theme.DIM,
    Severity.BUSY: theme.ACCENT,
    Severity.WARNING: theme.WARNING,
    Severity.ERROR: theme.ERROR,
}


class StatusLine(QWidget):
    """Shows one message; long ones are shortened, and whole in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._message = Message("")
        self._icon = _Icon()
        self._label = Value("Status", Qt.TextElideMode.ElideRight)
        self._label.show_text("")
        lay_out(QHBoxLayout(self), self._icon, (self._label, 1), spacing=7, margins=(8, 3, 8, 3))

    @property
    def message(self) -> Message:
        return self._message

    def show_message(self, message: Message) -> None:
        if message == self._message:
            return
        self._message = message
        self._icon.show_severity(message.severity)
        theme.set_tone(self._label, {Severity.WARNING: "warning", Severity.ERROR: "error"}.get(message.severity, ""))
        self._label.show_text(message.text, message.text)
        self._label.setAccessibleDescription(f"{message.severity.value}: {message.text}")


class StatusLabel(QLabel):
    """A few words at the right end of the status bar; hidden while there is nothing to say."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setContentsMargins(8, 0, 10, 0)
        self.setAccessibleName(name)
        self.hide()

    def show_text(self, text: str, tip: str, description: str = "") -> None:
        if (text, tip) != (self.text(), self.toolTip()):
            self.setText(text)
            self.setToolTip(tip)
            self.setAccessibleDescription(description or text)
        self.show()


def status_bar(line: StatusLine, *permanent: QWidget) -> QStatusBar:
    """The window's, with these at its right end."""
    bar = QStatusBar()
    bar.setSizeGripEnabled(False)
    bar.addWidget(line, 1)
    for widget in permanent:
        bar.addPermanentWidget(widget)
    return bar


class _Icon(QWidget):
    """A dot, a ring, a triangle or a square: the shape says as much as the colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Kind of message")
        self._severity = Severity.INFO
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 0.9)
        return QSize(side, side)

    def show_severity(self, severity: Severity) -> None:
        self._severity = severity
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(COLOURS[self._severity])
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        centre, radius = area.center(), area.width() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if self._severity is Severity.WARNING:
            top, bottom = area.top(), area.bottom()
            painter.drawPolygon(QPolygonF([QPointF(centre.x(), top), area.bottomRight(), QPointF(area.left(), bottom)]))
            _mark(painter, centre + QPointF(0, radius * 0.2), radius)
        elif self._severity is Severity.ERROR:
            painter.drawRoundedRect(area, 2, 2)
            _mark(painter, centre, radius)
        elif self._severity is Severity.BUSY:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 2))
            painter.drawEllipse(centre, radius * 0.6, radius * 0.6)
        else:
            painter.drawEllipse(centre, radius * 0.5, radius * 0.5)
        painter.end()


def _mark(painter: QPainter, centre: QPointF, radius: float) -> None:
    """An exclamation mark."""
    painter.setPen(QPen(theme.GROUND, max(radius * 0.24, 1.2), cap=Qt.PenCapStyle.RoundCap))
    painter.drawLine(centre - QPointF(0, radius * 0.42), centre + QPointF(0, radius * 0.12))
    painter.drawPoint(centre + QPointF(0, radius * 0.55))
