"""What the filter does just now: the raw curve behind the filtered one, its jitter and its lag in figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.core.clock import now_s
from app.signals.filter_figures import Figures, jitters, lag_s, standard_figures
from app.signals.history import COLUMNS, History, of_newest_face
from app.signals.presets import FilterPreset
from app.ui.shell import theme
from app.ui.widgets.background import Background
from app.ui.widgets.fields import Section, Value, dim_label, fixed_value
from app.ui.widgets.formatting import NOTHING, unsigned
from app.ui.widgets.pickers import ChoiceBox

Floats = NDArray[np.float64]

SPAN_S = 8.0
FIGURES_S = 0.5
MEASURED_OVER_S = 10.0
GAP = 4.0  # points around scale and legend


@dataclass(frozen=True, slots=True)
class _Choice:
    label: str
    shown: str  # columns of History
    raw: str
    part: str  # of the filter
    unit: str
    decimals: int
    least: float  # the smallest span of the axis
    still: float  # a second in which it moves by no more is one of rest
    colour: str  # an angle's, or empty


CHOICES = (
    *(
        _Choice(name.capitalize(), f"{name}_deg", f"measured_{name}_deg", "rotation", "°", 2, 4.0, 3.0, name)
        for name in ("yaw", "pitch", "roll")
    ),
    _Choice("First keypoint, x", "keypoint_0_x_px", "measured_keypoint_0_x_px", "keypoints", " px", 2, 8.0, 6.0, ""),
    _Choice("Expression", "exp_magnitude", "measured_exp_magnitude", "expression", "", 5, 0.004, 0.004, ""),
)


class PreviewSection(Section):
    """``show_history`` at each look; the standard figures are measured anew when the filter changes."""

    def __init__(self, background: Background, current: Callable[[], FilterPreset]) -> None:
        super().__init__("Raw and filtered")
        self._background = background
        self._current = current
        self._due_s = 0.0
        self._known: dict[tuple[str, str], Figures] = {}
        self._asked: tuple[str, str] | None = None
        self.signal = ChoiceBox("Signal to look at")
        for choice in CHOICES:
            self.signal.addItem(choice.label)
        self.signal.currentIndexChanged.connect(lambda _: self._chosen())
        self.curve = _Curve()
        self.rows.addWidget(self.signal, 0, 0, 1, 4)
        self.rows.addWidget(self.curve, 1, 0, 1, 4)
        for column, (text, tip) in enumerate(
            (
                ("raw jitter", "Standard deviation before the filter"),
                ("left", "Standard deviation after the filter"),
                ("lag", "How late the filtered signal is"),
            ),
            1,
        ):
            self.rows.addWidget(dim_label(text, f"{tip}.", right=True), 2, column)
        self.live = self._figures_row(
            3, "Live", "Over the last ten seconds: jitter within the seconds of rest, lag from those of motion"
        )
        self.quick = self._figures_row(
            4,
            "Test, quick",
            "Made signals at 30 a second: noise of 0.2°, and turns of 30° to and fro within two seconds",
        )
        self.slow = self._figures_row(5, "Test, slow", "The same noise, and turns of 5° to and fro within four seconds")
        self.rows.setColumnStretch(0, 1)
        self._chosen()

    def show_history(self, history: History) -> None:
        choice = self._choice
        rows = of_newest_face(history.last(MEASURED_OVER_S))
        time = rows[:, 0]
        raw, shown = rows[:, COLUMNS.index(choice.raw)], rows[:, COLUMNS.index(choice.shown)]
        self.curve.show_curves(time, raw, shown, choice)
        now = now_s()
        if now < self._due_s:
            return
        self._due_s = now + FIGURES_S
        off = self._current().rotation is None
        lag = 0.0 if off else lag_s(time, raw, shown)
        self._show_row(self.live, *jitters(time, raw, shown, choice.still), 1e3 * lag)

    def filter_changed(self) -> None:
        """Measure the standard signals with what is set now, elsewhere."""
        preset, choice = self._current(), self._choice
        key = (repr(preset), choice.part)
        if key in self._known:
            self._show_standard(key)
            return
        self._asked = key
        self._background.run(
            "filter figures",
            lambda: (key, standard_figures(preset, choice.part)),
            lambda answer: self._measured(*answer),
            lambda error: None,
        )

    def _measured(self, key: tuple[str, str], figures: Figures) -> None:
        if len(self._known) > 200:
            self._known.clear()
        self._known[key] = figures
        if key == self._asked:
            self._show_standard(key)

    def _show_standard(self, key: tuple[str, str]) -> None:
        self._asked = key
        figures, choice = self._known[key], self._choice
        # A keypoint's figures are shares of the face box, which have no pixels.
        unit = 1.0 if choice.part != "keypoints" else math.nan
        self._show_row(self.quick, unit * figures.raw_jitter, unit * figures.jitter, figures.quick_lag_ms, figures.left)
        self._show_row(self.slow, unit * figures.raw_jitter, unit * figures.jitter, figures.slow_lag_ms, figures.left)

    def _show_row(
        self, row: tuple[Value, Value, Value], raw: float, left: float, lag_ms: float, share: float = 0
    ) -> None:
        choice = self._choice
        texts = [unsigned(value, choice.decimals, choice.unit) for value in (raw, left)]
        if not math.isfinite(left) and share:
            texts[1] = unsigned(100 * share, 0, " %")
        texts.append(unsigned(lag_ms, 0, " ms"))
        for value, text in zip(row, texts, strict=True):
            value.show_text(
                text,
                ""
                if text != NOTHING
                else "Jitter can be told once the head has been still for a second, lag once it has moved",
            )

    @property
    def _choice(self) -> _Choice:
        return CHOICES[self.signal.currentIndex()]

    def _chosen(self) -> None:
        self._due_s = 0.0
        self.filter_changed()

    def _figures_row(self, row: int, name: str, tip: str) -> tuple[Value, Value, Value]:
        self.rows.addWidget(dim_label(name, f"{tip}."), row, 0)
        whats, widest = ("raw jitter", "jitter left", "lag"), ("0.00000", "0.00000", "000 ms")
        values = [fixed_value(f"{name}: {what}", f"{wide} ") for what, wide in zip(whats, widest, strict=True)]
        for column, value in enumerate(values, 1):
            self.rows.addWidget(value, row, column)
        return values[0], values[1], values[2]


def _scale_text(value: float, choice: _Choice) -> str:
    number = f"{value:.{max(0, choice.decimals - 1)}f}"
    return (number if float(number) else number.lstrip("-")).replace("-", "−") + choice.unit


class _Curve(QWidget):
    """Two curves over the last seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Raw and filtered signal over the last seconds")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._time = self._raw = self._shown = np.zeros(0)
        self._choice = CHOICES[0]

    def sizeHint(self) -> QSize:
        return QSize(260, 8 * self.fontMetrics().height())

    def show_curves(self, time: Floats, raw: Floats, shown: Floats, choice: _Choice) -> None:
        """(n,) each; NaN breaks a curve."""
        recent = time >= time[-1] - SPAN_S if len(time) else np.zeros(0, bool)
        self._time, self._raw, self._shown, self._choice = time[recent], raw[recent], shown[recent], choice
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, theme.BASE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        values = np.concatenate([self._raw, self._shown])
        values = values[np.isfinite(values)]
        if not len(values):
            painter.setPen(theme.DIM)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "No face has been measured yet.")
            painter.end()
            return
        choice = self._choice
        middle = (values.max() + values.min()) / 2
        half = max(float(np.ptp(values)) * 0.55, choice.least / 2)
        colour = theme.ANGLE_COLOURS[choice.colour] if choice.colour else theme.ACCENT
        high, low = (_scale_text(value, choice) for value in (middle + half, middle - half))
        inside = self.plot_area((high, low))
        for curve, pen in ((self._raw, QPen(theme.DIM, 1.0)), (self._shown, QPen(colour, 1.8))):
            painter.setPen(pen)
            for line in self._lines(curve, inside, middle, half):
                painter.drawPolyline(line)
        scale = QRectF(area.left(), inside.top() - GAP, inside.left() - area.left() - GAP, inside.height() + 2 * GAP)
        painter.setPen(theme.DIM)
        for text, side in ((high, Qt.AlignmentFlag.AlignTop), (low, Qt.AlignmentFlag.AlignBottom)):
            painter.drawText(scale, int(Qt.AlignmentFlag.AlignRight | side), text)
        legend = QRectF(inside.left(), area.top() + 2, inside.width(), self.fontMetrics().height())
        for text, ink in (("filtered", colour), ("raw", theme.DIM)):
            painter.setPen(ink)
            painter.drawText(legend, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
            legend.setRight(legend.right() - self.fontMetrics().horizontalAdvance(text) - 3 * GAP)
        painter.end()

    def plot_area(self, scale: tuple[str, str]) -> QRectF:
        """Where the curves are: below the legend, right of the scale's two numbers."""
        metrics = self.fontMetrics()
        gutter = max(metrics.horizontalAdvance(text) for text in scale) + 2 * GAP
        return QRectF(self.rect()).adjusted(gutter, metrics.height() + 2 * GAP, -2, -GAP)

    def _lines(self, curve: Floats, area: QRectF, middle: float, half: float) -> list[QPolygonF]:
        end = self._time[-1]
        x = area.right() - (end - self._time) / SPAN_S * area.width()
        y = area.center().y() - (curve - middle) / half * area.height() / 2
        lines, points = [], []
        for px, py in zip(x.tolist(), y.tolist(), strict=True):
            if math.isfinite(py):
                points.append(QPointF(px, py))
            elif points:
                lines.append(QPolygonF(points))
                points = []
        return [*lines, QPolygonF(points)] if points else lines
