"""The distributions that the angles are read from: where the network is unsure becomes visible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from app.core.frames import FrameResult
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.shell import theme
from app.ui.widgets.formatting import ANGLES, degrees, spread
from app.ui.widgets.painted import PaintedDock, missing
from extractor.types import BIN_DEGREES, FIRST_BIN_DEGREES

STEPS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0)  # full height, as a probability a bin
TICKS_DEG = (-90, -60, -30, 0, 30, 60, 90)
UNSURE_DEG = 12.0
"""Spread from which the word "unsure" stands at an axis.

Of frontal heads the 10th to 90th percentile of the spread was 5.2 to 7.3 degrees, of crops
without a face 10.3 to 49.8 (measured with the bootstrap weights, see ``app.faces.analyser``).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """One axis: probability of each of N bins (N,), mean and spread in degrees."""

    name: str
    probability: NDArray[np.float64]
    mean_deg: float
    std_deg: float


def distributions(result: FrameResult) -> list[Distribution]:
    """Those of the primary face, as measured: a filter has no bins.  Yaw, pitch, roll."""
    face = result.primary
    if face is None:
        return []
    logits = np.asarray(face.logits, np.float64)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = exponentials / exponentials.sum(axis=1, keepdims=True)
    return [Distribution(name, probability[i], face.angles[i], face.std[i]) for name, i in ANGLES.items()]


class Bins(PaintedDock):
    """A dock: three histograms, one below the other, on one scale of degrees."""

    def __init__(self, context: DockContext) -> None:
        super().__init__("Distributions over yaw, pitch and roll", 34, 12)
        self.setToolTip(
            "Bars: what the network says of each 3-degree bin. Line: their mean, the measured angle. "
            "Band: one standard deviation to both sides"
        )
        self._shown: list[Distribution] = []

    def show_result(self, result: FrameResult | None, history: History) -> None:
        message = missing(result)
        self._shown = distributions(result) if result is not None and not message else []
        described = (f"{d.name} {degrees(d.mean_deg)} {spread(d.std_deg)}" for d in self._shown)
        self.describe(message, ", ".join(described))

    def paint(self, painter: QPainter) -> None:
        small = theme.tabular(self.font(), 0.85)
        metrics = QFontMetricsF(small)
        highest = max(float(np.max(d.probability)) for d in self._shown)
        top = next((step for step in STEPS if highest <= step), STEPS[-1])
        margin = metrics.horizontalAdvance("−90°") / 2 + 4
        width = self.width() - 2 * margin
        height = (self.height() - metrics.height() - 6) / 3
        for row, distribution in enumerate(self._shown):
            self._paint_axis(painter, distribution, QRectF(margin, row * height, width, height), top)
        painter.setFont(small)
        painter.setPen(theme.DIM)
        step = 2 if width < metrics.horizontalAdvance("−90°") * len(TICKS_DEG) * 1.3 else 1
        for tick in TICKS_DEG[(1 if step == 2 else 0) :: step]:
            x = margin + _share(tick, 66) * width
            text = f"{tick:+d}°".replace("-", "−") if tick else "0°"
            place = QRectF(x - 40, self.height() - metrics.height() - 4, 80, metrics.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_axis(self, painter: QPainter, shown: Distribution, area: QRectF, top: float) -> None:
        colour = theme.ANGLE_COLOURS[shown.name]
        font = theme.tabular(self.font(), 1.0, QFont.Weight.DemiBold)
        heading = QRectF(area.left(), area.top() + 4, area.width(), QFontMetricsF(font).height())
        plot = QRectF(area.left(), heading.bottom() + 2, area.width(), area.bottom() - heading.bottom() - 3)
        count = len(shown.probability)
        band = QRectF(plot)
        band.setLeft(plot.left() + max(_share(shown.mean_deg - shown.std_deg, count), 0.0) * plot.width())
        band.setRight(plot.left() + min(_share(shown.mean_deg + shown.std_deg, count), 1.0) * plot.width())
        painter.fillRect(band, theme.faded(colour, 44))
        painter.setPen(QPen(theme.BORDER, 1))
        for tick in TICKS_DEG:
            x = plot.left() + _share(tick, count) * plot.width()
            painter.drawLine(QPointF(x, plot.bottom() - 3), QPointF(x, plot.bottom()))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        step = plot.width() / count
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, step < 4)  # sharp edges where there is room for them
        bars = [
            QRectF(plot.left() + i * step, plot.bottom() - h, step - (1 if step >= 4 else 0), h)
            for i, h in enumerate(np.minimum(shown.probability / top, 1.0) * plot.height())
            if h >= 0.5
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for bar in bars:
            painter.drawRect(bar)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = plot.left() + _share(shown.mean_deg, count) * plot.width()
        painter.setPen(QPen(theme.TEXT, 1.5))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        self._paint_heading(painter, shown, heading, font)

    def _paint_heading(self, painter: QPainter, shown: Distribution, heading: QRectF, font: QFont) -> None:
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.ANGLE_COLOURS[shown.name])
        painter.drawText(heading, Qt.AlignmentFlag.AlignLeft, shown.name.capitalize())
        x = heading.left() + metrics.horizontalAdvance("Pitch  ")
        painter.setPen(theme.TEXT)
        angle = QRectF(x, heading.top(), metrics.horizontalAdvance("−188.8°"), heading.height())
        painter.drawText(angle, Qt.AlignmentFlag.AlignRight, degrees(shown.mean_deg))
        painter.setFont(theme.tabular(self.font()))
        rest = QRectF(angle.right() + 8, heading.top(), heading.right() - angle.right() - 8, heading.height())
        painter.setPen(theme.DIM)
        painter.drawText(rest, Qt.AlignmentFlag.AlignLeft, spread(shown.std_deg))
        if shown.std_deg >= UNSURE_DEG:
            painter.setPen(theme.WARNING)
            painter.drawText(rest, Qt.AlignmentFlag.AlignRight, "unsure")


def _share(angle_deg: float, count: int) -> float:
    """Where an angle lies between the first bin's lower and the last bin's upper edge, 0 to 1."""
    return (angle_deg - FIRST_BIN_DEGREES + BIN_DEGREES / 2) / (BIN_DEGREES * count)
