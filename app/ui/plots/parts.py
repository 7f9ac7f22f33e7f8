"""Parts that plots are made of: lines and bands that break, ranges in steps, thinning for long spans."""

from __future__ import annotations

import math

import numpy as np
import PyQt6.QtWidgets  # noqa: F401  (before pyqtgraph, which binds to the Qt it finds loaded)
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF
from PyQt6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

pg.setConfigOptions(exitCleanup=False)  # the window is deleted in order; pyqtgraph's own way is for scripts

Floats = NDArray[np.float64]


def curve() -> pg.PlotCurveItem:
    """A line that breaks where there is no number."""
    return pg.PlotCurveItem(connect="finite", antialias=True)


def largest(values: Floats) -> float:
    """The largest size among the numbers there are; 0 without any."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0


def step_above(value: float, least: float) -> float:
    """The first of ``least`` times 1, 2, 4 (so 15, 30, 60), then of 1, 2, 5, 10 ... that is not below ``value``."""
    if not math.isfinite(value) or value <= least:
        return least
    for factor in (2.0, 4.0):
        if value <= least * factor:
            return least * factor
    power = 10.0 ** math.floor(math.log10(value))
    return next((power * digit for digit in (1.0, 2.0, 5.0) if value <= power * digit), power * 10)


def range_around(values: Floats, least: float) -> tuple[float, float]:
    """Ends on a grid of 1, 2 or 5 that hold every number, at least ``least`` apart; 0 to ``least`` without any."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, least
    low, high = float(finite.min()), float(finite.max())
    grid = step_above(max(high - low, least) / 4, least / 4)
    low, high = math.floor(low / grid) * grid, math.ceil(high / grid) * grid
    return low, max(high, low + least)


def thinned(times: Floats, values: Floats, width_s: float) -> tuple[Floats, Floats]:
    """(n,) times and (n, C) values as two rows for each ``width_s``: the smallest and the largest number in it.

    So a spike stays to be seen however long the span.  Where that would not be fewer rows they are
    left as they are.  A piece without any number is NaN: the line breaks there.  The pieces stand
    still on the clock, so that a curve that scrolls doesn't shimmer.
    """
    if len(times) < 3 or len(times) <= 2 * (times[-1] - times[0]) / width_s + 2:
        return times, values
    starts = np.flatnonzero(np.diff(np.floor(times / width_s), prepend=-np.inf))
    both = np.empty((2 * len(starts), values.shape[1]))
    both[0::2] = np.fmin.reduceat(values, starts, axis=0)
    both[1::2] = np.fmax.reduceat(values, starts, axis=0)
    return np.repeat(times[starts], 2), both


class Band(pg.GraphicsObject):  # type: ignore[misc]
    """The area between two curves, broken where either has no number (FillBetweenItem can't break)."""

    def __init__(self) -> None:
        super().__init__()
        self._brush = QColor()
        self.polygons: list[QPolygonF] = []
        self._bounds = QRectF()

    def set_colour(self, colour: QColor) -> None:
        self._brush = QColor(colour)
        self._brush.setAlpha(46)
        self.update()

    def set_data(self, x: Floats, low: Floats, high: Floats) -> None:
        """All (n,)."""
        self.prepareGeometryChange()
        finite = np.isfinite(low) & np.isfinite(high)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
        self.polygons = [
            QPolygonF(
                [QPointF(x[i], low[i]) for i in range(start, end)]
                + [QPointF(x[i], high[i]) for i in range(end - 1, start - 1, -1)]
            )
            for start, end in edges.reshape(-1, 2)
        ]
        self._bounds = QRectF()
        for polygon in self.polygons:
            self._bounds = self._bounds.united(polygon.boundingRect())
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter | None, option: QStyleOptionGraphicsItem | None, widget: QWidget | None = None
    ) -> None:
        assert painter is not None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._brush)
        for polygon in self.polygons:
            painter.drawPolygon(polygon)


def cache_axes(plot: pg.PlotItem, on: bool) -> None:
    """Axes and grid seldom change: from the cache they cost a quarter of the time.  A vector file wants none."""
    modes = QGraphicsItem.CacheMode
    for side in ("left", "bottom"):
        plot.getAxis(side).setCacheMode(modes.DeviceCoordinateCache if on else modes.NoCache)
