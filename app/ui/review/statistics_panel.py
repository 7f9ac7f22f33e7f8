"""The statistics of the selection, or of everything, to be read and copied."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QLocale, QObject, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.session.table import Missing
from app.ui.review.statistics import CENTRE_DEG, DIRECTIONS, Spread, Statistics
from app.ui.shell import theme
from app.ui.widgets.formatting import NOTHING, clock, degrees, unsigned

ROWS = ("yaw", "pitch", "roll", "expression")


class StatisticsPanel(QWidget):
    """Mean, standard deviation and range of each number; time per direction; counts."""

    def __init__(self, copy: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Statistics")
        self._title = QLabel()
        self._title.setProperty("heading", True)
        self._title.setWordWrap(True)
        button = QToolButton()
        button.setText("Copy")
        button.setToolTip(copy.toolTip())
        button.setAccessibleName(copy.whatsThis())
        button.clicked.connect(copy.trigger)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._values: dict[str, QLabel] = {}
        for column, text in enumerate(("", "mean", "SD", "from", "to")):
            self._grid.addWidget(_dim(text, column > 0), 0, column)
        for row, name in enumerate(ROWS, 1):
            label = QLabel(name)
            if name in theme.ANGLE_COLOURS:
                theme.set_tone(label, name)
            self._grid.addWidget(label, row, 0)
            for column, what in enumerate(("mean", "sd", "low", "high"), 1):
                self._add(f"{name}_{what}", row, column)
        self._grid.setRowMinimumHeight(len(ROWS) + 1, 6)
        first = len(ROWS) + 2
        head = _dim("direction in the picture", False)
        head.setToolTip(f"Centre: the nose points within {CENTRE_DEG:.0f}° of the camera's axis.")
        self._grid.addWidget(head, first, 0, 1, 3)
        self._grid.addWidget(_dim("time", True), first, 3)
        self._grid.addWidget(_dim("share", True), first, 4)
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
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._grid)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        self.setMinimumHeight(90)
        self._scroll = scroll
        body.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """As wide as its numbers in the fonts that they have by now, beside the scroll bar; never narrower again."""
        body, bar = self._scroll.widget(), self._scroll.verticalScrollBar()
        assert body is not None
        assert bar is not None
        width = body.minimumSizeHint().width() + bar.sizeHint().width()
        if width > self._scroll.minimumWidth():
            self._scroll.setMinimumWidth(width)

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
            spread: Spread = getattr(stats, name)
            for what in ("mean", "sd", "low", "high"):
                value = getattr(spread, what)
                if name == "expression":
                    text = unsigned(value, 3)
                else:
                    text = unsigned(value, 1, "°") if what == "sd" else degrees(value)
                self._values[f"{name}_{what}"].setText(text)
        whole = stats.measured_s
        for name in DIRECTIONS:
            seconds = stats.seconds[name]
            self._values[f"{name}_s"].setText(clock(seconds, 1))
            self._values[f"{name}_share"].setText(f"{seconds / whole:.0%}" if whole > 0 else NOTHING)
        self._values["nods"].setText(str(stats.nods))
        self._values["shakes"].setText(str(stats.shakes))
        frames, measured = (QLocale.c().toString(n) for n in (stats.frames, stats.measured))
        share = f" ({stats.share_measured:.1%})" if stats.frames else ""
        self._values["share"].setText(f"{measured} of {frames}{share}")
        self._values["left_out"].setText(QLocale.c().toString(stats.left_out))
        counts = dict(stats.missing)
        for why in Missing:
            if why:
                self._values[why.word].setText(QLocale.c().toString(counts.get(why.word, 0)))


def _dim(text: str, right: bool) -> QLabel:
    label = QLabel(text)
    label.setProperty("dim", True)
    if right:
        label.setAlignment(Qt.AlignmentFlag.AlignRight)
    return label
