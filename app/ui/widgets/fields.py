"""Parts that panels are made of: headed sections of name-and-value rows, and a bar."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont, QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from app.ui.shell import theme
from app.ui.widgets.building import gapped_grid, heading, lay_out
from app.ui.widgets.formatting import NOTHING

WIDEST_NAME = "Detection score"
ANYWHERE = Qt.AlignmentFlag(0)  # it fills its room


class Value(QLabel):
    """A text that changes often: tabular figures, repainted only when it differs, shortened where it has no room."""

    def __init__(self, name: str, shortened: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self.whole_text = NOTHING
        self._shortened = shortened
        self.setAccessibleName(name)
        self.setFont(theme.tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def show_text(self, text: str, tool_tip: str = "") -> None:
        if text != self.whole_text:
            self.whole_text = text
            self._fit()
            self.setAccessibleDescription(text)
        if tool_tip != self.toolTip():
            self.setToolTip(tool_tip)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        line = " ".join(self.whole_text.splitlines())  # a folder's name too may hold a line break
        self.setText(self.fontMetrics().elidedText(line, self._shortened, max(self.width(), 1)))


class Note(QLabel):
    """A remark that breaks into lines and may be copied, coloured by its tone; hidden while there is none."""

    def __init__(self, name: str = "", dim: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("dim", dim)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.hide()

    def show_text(self, text: str, tone: str = "") -> None:
        """``tone``: as for ``theme.set_tone``."""
        theme.set_tone(self, tone)
        if text != self.text():
            self.setText(text)
            self.setAccessibleDescription(text)
            self.setVisible(bool(text))


def fixed_value(
    name: str, widest: str, scale: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal, tip: str = ""
) -> Value:
    """A right-aligned value for a table: as wide as ``widest`` for good."""
    value = Value(name)
    value.setFont(theme.tabular(value.font(), scale, weight))
    value.setToolTip(tip)
    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    value.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    value.setFixedWidth(QFontMetrics(value.font()).horizontalAdvance(widest) + 2)
    return value


class Section(QFrame):
    """A heading over rows."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.heading = heading(title)
        self.heading.setAccessibleName(f"Heading of {title}")
        self.rows = gapped_grid(8, 2)
        lay_out(QVBoxLayout(self), self.heading, self.rows, spacing=3, margins=(0, 0, 0, 0))

    def add_row(self, name: str, tool_tip: str = "") -> Value:
        """A dim name and its value below the rows before."""
        value = Value(name)
        self.add_field(name, value, tool_tip)
        return value

    def add_field(self, name: str, field: QWidget, tip: str = "", side: Qt.AlignmentFlag = ANYWHERE) -> QLabel:
        """A dim name and what belongs to it, at this side of its room, below the rows before; the name's label."""
        row = self.rows.rowCount()
        label = dim_label(name, tip)
        label.setBuddy(field)
        self.rows.addWidget(label, row, 0)
        self.rows.addWidget(field, row, 1, side)
        self.rows.setColumnStretch(1, 1)
        # Values stand in one line down the whole panel.
        self.rows.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance(WIDEST_NAME))
        return label


def value_row(grid: QGridLayout, row: int, name: str, tip: str, values: Iterable[Value]) -> None:
    """A name, in the colour of the angle where it is one's, and its numbers beside it."""
    label = QLabel(name.capitalize())
    label.setProperty("tone", name)
    label.setToolTip(tip)
    for column, widget in enumerate((label, *values)):
        grid.addWidget(widget, row, column)


def dim_label(text: str, tip: str = "", right: bool = False) -> QLabel:
    """A name beside what it names, or above it: then at the right where the numbers are."""
    label = QLabel(text)
    label.setProperty("dim", True)
    label.setToolTip(tip)
    if right:
        label.setAlignment(Qt.AlignmentFlag.AlignRight)
    return label


class Bar(QProgressBar):
    """A share of a whole as a thin horizontal bar; the style sheet has its colour."""

    STEPS = 1000

    def __init__(self, name: str, tone: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("tone", tone)
        self.setTextVisible(False)
        self.setRange(0, self.STEPS)
        self.setFixedHeight(5)

    def show_share(self, share: float) -> None:
        """0 to 1; anything beyond is cut."""
        self.setValue(round(self.STEPS * min(max(share, 0.0), 1.0)))
