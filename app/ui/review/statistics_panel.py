"""The statistics of the selection, or of everything, to be read and copied."""

from __future__ import annotations

from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.session.table import Missing
from app.ui.review.statistics import CENTRE_DEG, DIRECTIONS, Statistics
from app.ui.shell import theme
from app.ui.widgets.building import ScrollPanel, action_button, gapped_grid, lay_out, paragraph
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import MINUS, NOTHING, clock, degrees, unsigned

ROWS = ("yaw", "pitch", "roll", "expression", "x", "y", "distance")


class StatisticsPanel(QWidget):
    """Mean, standard deviation and range of each number; time per direction; counts."""

    def __init__(self, copy: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Statistics")
        self._title = paragraph()
        self._title.setProperty("heading", True)
        top = lay_out(QHBoxLayout(), (self._title, 1))
        top.addWidget(action_button(copy, "Copy"), 0, Qt.AlignmentFlag.AlignTop)
        self._grid = gapped_grid(10, 2)
        self._values: dict[str, QLabel] = {}
        for column, text in enumerate(("", "mean", "SD", "from", "to")):
            self._grid.addWidget(dim_label(text, right=column > 0), 0, column)
        for row, name in enumerate(ROWS, 1):
            label = QLabel(name)
            if name in theme.ANGLE_COLOURS or name in theme.PLACE_COLOURS:
                theme.set_tone(label, name)
            self._grid.addWidget(label, row, 0)
            for column, what in enumerate(("mean", "sd", "low", "high"), 1):
                self._add(f"{name}_{what}", row, column)
        self._grid.setRowMinimumHeight(len(ROWS) + 1, 6)
        first = len(ROWS) + 2
        tip = f"Centre: the nose points within {CENTRE_DEG:.0f}° of the camera's axis."
        head = dim_label("direction in the picture", tip)
        self._grid.addWidget(head, first, 0, 1, 3)
        self._grid.addWidget(dim_label("time", right=True), first, 3)
        self._grid.addWidget(dim_label("share", right=True), first, 4)
        for row, name in enumerate(DIRECTIONS, first + 1):
            self._grid.addWidget(QLabel(name), row, 0)
            self._add(f"{name}_s", row, 3)
            self._add(f"{name}_share", row, 4)
        last = first + len(DIRECTIONS) + 1
        self._grid.setRowMinimumHeight(last, 6)
        for row, (key, text) in enumerate(
            (
                ("nods", "nods"),
                ("shakes", "shakes"),
                ("share", "frames measured"),
                ("left_out", "low quality, left out"),
                *((why.word, why.word.replace("_", " ")) for why in Missing if why),
            ),
            last + 1,
        ):
            self._grid.addWidget(QLabel(text), row, 0, 1, 2)
            self._add(key, row, 2, 3)
        for column in range(1, 5):
            self._grid.setColumnStretch(column, 1)
            self._grid.setColumnMinimumWidth(column, self.fontMetrics().horizontalAdvance("−88.8°"))
        scroll = ScrollPanel("")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.hold(self._grid, spacing=0, margins=(0, 0, 0, 0))
        lay_out(QVBoxLayout(self), top, (scroll, 1), spacing=4, margins=(8, 6, 8, 6))
        self.setMinimumHeight(9 * self.fontMetrics().lineSpacing())  # the title, and every number's mean and spread

    def _add(self, key: str, row: int, column: int, span: int = 1) -> None:
        label = QLabel(NOTHING)
        label.setFont(theme.tabular(self.font()))
        label.setAlignment(Qt.AlignmentFlag.AlignRight)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(label, row, column, 1, span)
        self._values[key] = label

    def text(self, key: str) -> str:
        """What stands in a field, such as ``yaw_mean`` or ``left_s``."""
        return self._values[key].text()

    def show_statistics(self, title: str, stats: Statistics) -> None:
        self._title.setText(title)
        for name in ROWS:
            for what in ("mean", "sd", "low", "high"):
                value = getattr(stats.spreads[name], what)
                if name == "expression":
                    text = unsigned(value, 3)
                elif name in theme.PLACE_COLOURS:
                    text = unsigned(round(value, 1) + 0.0, 1, " cm").replace("-", MINUS)
                else:
                    text = unsigned(value, 1, "°") if what == "sd" else degrees(value)
                self._values[f"{name}_{what}"].setText(text)
        whole = stats.measured_s
        for name in DIRECTIONS:
            seconds = stats.seconds[name]
            self._values[f"{name}_s"].setText(clock(seconds, 1))
            self._values[f"{name}_share"].setText(unsigned(100 * seconds / whole, 0, " %") if whole > 0 else NOTHING)
        self._values["nods"].setText(str(stats.nods))
        self._values["shakes"].setText(str(stats.shakes))
        frames, measured = (QLocale.c().toString(n) for n in (stats.frames, stats.measured))
        share = f" ({unsigned(100 * stats.share_measured, 1, ' %')})" if stats.frames else ""
        self._values["share"].setText(f"{measured} of {frames}{share}")
        self._values["left_out"].setText(QLocale.c().toString(stats.left_out))
        counts = dict(stats.missing)
        for why in Missing:
            if why:
                self._values[why.word].setText(QLocale.c().toString(counts.get(why.word, 0)))
