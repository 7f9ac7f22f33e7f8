"""The line at the bottom: one sentence, its weight told by colour and by an icon's shape."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from app.ui.shell import theme
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.building import lay_out
from app.ui.widgets.fields import Value
from app.ui.widgets.icons import icon

ICONS = {
    Severity.GOOD: ("dot", theme.GOOD),
    Severity.INFO: ("dot", theme.DIM),
    Severity.BUSY: ("ring", theme.ACCENT),
    Severity.WARNING: ("triangle", theme.WARNING),
    Severity.ERROR: ("square", theme.ERROR),
}


class StatusLine(QWidget):
    """Shows one message; long ones are shortened, and whole in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.message = Message("")
        self._icon = _Icon()
        self._label = Value("Status", Qt.TextElideMode.ElideRight)
        self._label.show_text("")
        lay_out(QHBoxLayout(self), self._icon, (self._label, 1), spacing=7, margins=(8, 3, 8, 3))

    def show_message(self, message: Message) -> None:
        if message == self.message:
            return
        self.message = message
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
    """A dot, a ring, a triangle or a square."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Kind of message")
        self.show_severity(Severity.INFO)
        side = round(self.fontMetrics().height() * 0.9)
        self.setFixedSize(side, side)

    def show_severity(self, severity: Severity) -> None:
        self._icon = icon(*ICONS[severity])
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()
