"""The row between picture and timeline: play, step, speed, where one is, what was measured there, comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui.review.player import SPEEDS
from app.ui.shell import theme
from app.ui.widgets.building import action_button, lay_out, named
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import clock
from app.ui.widgets.icons import icon
from app.ui.widgets.pickers import ChoiceBox

NO_TABLE = "nothing"
WIDEST = ("yaw −88.8° (Δ −88.8°)", "pitch −88.8° (Δ −88.8°)", "roll −88.8° (Δ −88.8°)")
"""These always have room: where the row is too narrow for them the numbers get a row of their own."""


class _Numbers(QLabel):
    """As many of the numbers as there is room for, none cut in two; the tool tip has them all."""

    BETWEEN = "    "

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._numbers: Sequence[str] = ()

    def show_numbers(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self.setToolTip(self.BETWEEN.join(numbers))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        count = len(self._numbers)
        text = self.BETWEEN.join(self._numbers)
        while count > 1 and self.fontMetrics().horizontalAdvance(text) > self.width():
            count -= 1
            text = self.BETWEEN.join(self._numbers[:count])
        self.setText(text)


class Transport(QWidget):
    """The row of controls and numbers between picture and timeline."""

    speed_chosen = pyqtSignal(float)
    table_chosen = pyqtSignal(int)  # the place in the list that was set; -1: none

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._frames = 0  # of the session whose place was shown last
        buttons = [action_button(actions[name], text) for name, text in (("back", "◂"), ("play", ""), ("on", "▸"))]
        self.play = buttons[1]
        for button in buttons:
            button.setMinimumWidth(30)
            button.setAutoRepeat(button is not self.play)
        self.play.setIconSize(QSize(18, 18))
        self.speed = ChoiceBox("Speed", "How fast it is played ([ slower, ] faster)")
        for speed in SPEEDS:
            self.speed.add(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.activated.connect(lambda k: self.speed_chosen.emit(SPEEDS[k]))
        self.place = named(QLabel(), "Place")
        self.place.setTextFormat(Qt.TextFormat.RichText)
        self.place.setFont(theme.tabular(self.font()))
        self.numbers = named(_Numbers(), "Numbers of this frame")
        self.numbers.setFont(theme.tabular(self.font()))
        self._compare = dim_label("compare with")
        self.tables = ChoiceBox("Compare with", actions["compare"].toolTip(), 10)
        self.tables.setMaximumWidth(220)
        self.tables.activated.connect(lambda k: self.table_chosen.emit(k - 1))
        self._compare.setContentsMargins(12, 0, 0, 0)
        self._row = lay_out(QHBoxLayout(), *buttons, self.speed, 8, self.place, 12, (self.numbers, 1), spacing=6)
        self._row.addStretch(0)
        lay_out(self._row, self._compare, self.tables)
        self._rows = lay_out(QVBoxLayout(self), self._row, spacing=3, margins=(8, 4, 8, 4))
        self.set_tables(())
        self.set_playing(False)

    def set_tables(self, names: Sequence[str], chosen: int = -1) -> None:
        """What can be compared with; hidden where there is nothing."""
        self.tables.clear()
        self.tables.addItems([NO_TABLE, *names])
        self.tables.setCurrentIndex(chosen + 1)
        for widget in (self._compare, self.tables):
            widget.setVisible(bool(names))
        self._arrange()

    def set_playing(self, playing: bool) -> None:
        self.play.setIcon(icon("pause" if playing else "start"))
        self.play.setAccessibleName("Pause" if playing else "Play")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The numbers beside the rest where all three angles have room there, else below it."""
        needed = self.numbers.fontMetrics().horizontalAdvance(_Numbers.BETWEEN.join(WIDEST))
        rest = self._row.sizeHint().width()  # the numbers themselves ask for nothing
        own = self.contentsRect().width() - self._rows.contentsMargins().left() * 2 < rest + needed
        if own == (self._rows.count() > 1):
            return
        self._row.removeWidget(self.numbers)
        if own:
            self._rows.addWidget(self.numbers)
        else:
            self._rows.removeWidget(self.numbers)
            self._row.insertWidget(self._row.count() - 3, self.numbers, 1)

    def set_speed(self, speed: float) -> None:
        self.speed.setCurrentIndex(SPEEDS.index(speed))

    def show_place(self, time_s: float, total_s: float, frame: int, frames: int) -> None:
        shown = ("0:" if time_s < 3600 <= total_s else "") + clock(time_s, 3)
        self.place.setText(f"<b>{shown}</b> / {clock(total_s)} &nbsp; frame {frame} of {frames}")
        if frames != self._frames:
            self._frames = frames
            self._arrange()
