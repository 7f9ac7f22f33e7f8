"""The last ten seconds of the angles and of the expression, on one time axis."""

from __future__ import annotations

import numpy as np
import PyQt6.QtWidgets  # noqa: F401  (before pyqtgraph, which binds to the Qt it finds loaded)
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF
from PyQt6.QtWidgets import QGraphicsItem, QLabel, QStyleOptionGraphicsItem, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.signals.history import COLUMNS, History
from app.ui import theme
from app.ui.wording import MINUS

SPAN_S = 10.0
ANGLES = ("yaw", "pitch", "roll")
ANGLE_STEPS = (15.0, 30.0, 45.0, 60.0, 90.0)  # half the height of the angle plot, in degrees; labels at 2/3
EXPRESSION_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
AXIS_WIDTH = 44

pg.setConfigOptions(exitCleanup=False)  # the window is deleted in order; pyqtgraph's own way is for scripts

_COLUMN = {name: i for i, name in enumerate(COLUMNS)}


class Plots(QWidget):
    """A dock over ``History``."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Plots of the last ten seconds")
        self._canvas = pg.GraphicsLayoutWidget()
        self._canvas.setBackground(theme.BASE)
        self._canvas.ci.layout.setContentsMargins(4, 4, 10, 2)
        self._canvas.ci.layout.setSpacing(4)
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._angles = self._plot(0)
        self._expression = self._plot(1)
        self._expression.setXLink(self._angles)
        self._angles.getAxis("bottom").setStyle(showValues=False)
        self._angles.addItem(pg.InfiniteLine(0, angle=0, pen=pg.mkPen(theme.BORDER)))
        self._canvas.ci.layout.setRowStretchFactor(0, 5)
        self._canvas.ci.layout.setRowStretchFactor(1, 2)

        self._bands = {name: self._add(self._angles, Band(theme.ANGLE_COLOURS[name])) for name in ANGLES}
        truth = pg.mkPen(theme.TRUTH, width=1, style=Qt.PenStyle.DashLine)
        self._truths = {name: self._add(self._angles, curve(truth)) for name in ANGLES}
        self._curves = {
            name: self._add(self._angles, curve(pg.mkPen(theme.ANGLE_COLOURS[name], width=1.6))) for name in ANGLES
        }
        self._magnitude = self._add(self._expression, curve(pg.mkPen(theme.EXPRESSION, width=1.6)))
        self._legend = QLabel()
        self._legend.setContentsMargins(10, 4, 10, 0)
        self._has_truth = True
        self._write_legend(False)
        self._scale(self._angles, 15.0, True)
        self._scale(self._expression, EXPRESSION_STEPS[0], False)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._canvas, 1)
        self.setAutoFillBackground(True)
        colours = self.palette()
        colours.setColor(self.backgroundRole(), theme.BASE)
        self.setPalette(colours)
        self.setMinimumHeight(120)

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self.draw(history.last(SPAN_S))

    def draw(self, rows: NDArray[np.float64]) -> None:
        """Show these rows, (n, len(COLUMNS)), oldest first; the newest stands at the right edge."""
        times = rows[:, 0] - rows[-1, 0] if len(rows) else rows[:, 0]
        highest = 0.0
        for name in ANGLES:
            angle, std = rows[:, _COLUMN[f"{name}_deg"]], rows[:, _COLUMN[f"{name}_std_deg"]]
            true = rows[:, _COLUMN[f"true_{name}_deg"]]
            self._curves[name].setData(times, angle)
            self._bands[name].set_data(times, angle - std, angle + std)
            self._truths[name].setData(times, true)
            highest = max(highest, _largest(angle), _largest(true))
        magnitude = rows[:, _COLUMN["exp_magnitude"]]
        self._magnitude.setData(times, magnitude)
        self._scale(self._angles, _step(highest * 1.08, ANGLE_STEPS), True)
        self._scale(self._expression, _step(_largest(magnitude) * 1.08, EXPRESSION_STEPS), False)
        self._write_legend(bool(np.isfinite(rows[:, _COLUMN["true_yaw_deg"]]).any()))

    def _plot(self, row: int) -> pg.PlotItem:
        plot = self._canvas.addPlot(row=row, col=0)
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.setXRange(-SPAN_S, 0, padding=0)
        plot.showGrid(x=True, y=True, alpha=0.12)
        small = theme.tabular(self.font(), 0.85)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.BORDER))
            axis.setTextPen(pg.mkPen(theme.DIM))
            axis.setStyle(tickFont=small, tickLength=0, hideOverlappingLabels=False)
            # Axes and grid seldom change: from the cache they cost a quarter of the time.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        plot.getAxis("left").setWidth(AXIS_WIDTH)
        plot.getAxis("bottom").setTicks([[(-s, f"{MINUS}{s} s") for s in range(2, int(SPAN_S), 2)]])
        return plot

    @staticmethod
    def _add(plot: pg.PlotItem, item):  # type: ignore[no-untyped-def]
        # ignoreBounds: the ranges are set here, and looking for them at every update costs as much as drawing.
        plot.addItem(item, ignoreBounds=True)
        return item

    @staticmethod
    def _scale(plot: pg.PlotItem, top: float, symmetric: bool) -> None:
        bottom = -top if symmetric else 0.0
        if plot.viewRange()[1] != [bottom, top]:
            plot.setYRange(bottom, top, padding=0)
            shown = [-top * 2 / 3, 0.0, top * 2 / 3] if symmetric else [0.0, top / 2]
            plot.getAxis("left").setTicks([[(v, signed(v) if symmetric else f"{v:g}") for v in shown]])

    def _write_legend(self, has_truth: bool) -> None:
        if has_truth == self._has_truth:
            return
        self._has_truth = has_truth
        parts = [f'<span style="color:{theme.ANGLE_COLOURS[name].name()}">━</span> {name}' for name in ANGLES]
        parts.append(f'<span style="color:{theme.EXPRESSION.name()}">━</span> expression')
        if has_truth:
            parts.append(f'<span style="color:{theme.TRUTH.name()}">╌</span> true pose')
        parts.append(f'<span style="color:{theme.DIM.name()}">bands: ± 1 standard deviation</span>')
        self._legend.setText("&nbsp;&nbsp;&nbsp;&nbsp;".join(parts))


def curve(pen: object) -> pg.PlotCurveItem:
    """A line that breaks where there is no number."""
    return pg.PlotCurveItem(pen=pen, connect="finite", antialias=True)


def signed(degrees: float) -> str:
    return f"{degrees:+.0f}°".replace("-", MINUS) if degrees else "0°"


class Band(pg.GraphicsObject):  # type: ignore[misc]
    """The area between two curves, broken where either has no number (FillBetweenItem can't break)."""

    def __init__(self, colour: QColor) -> None:
        super().__init__()
        self._brush = QColor(colour)
        self._brush.setAlpha(46)
        self._polygons: list[QPolygonF] = []
        self._bounds = QRectF()

    def set_data(self, x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        """All (n,)."""
        self.prepareGeometryChange()
        finite = np.isfinite(low) & np.isfinite(high)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
        self._polygons = [
            QPolygonF(
                [QPointF(x[i], low[i]) for i in range(start, end)]
                + [QPointF(x[i], high[i]) for i in range(end - 1, start - 1, -1)]
            )
            for start, end in edges.reshape(-1, 2)
        ]
        self._bounds = QRectF()
        for polygon in self._polygons:
            self._bounds = self._bounds.united(polygon.boundingRect())
        self.update()

    @property
    def polygons(self) -> list[QPolygonF]:
        return self._polygons

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter | None, option: QStyleOptionGraphicsItem | None, widget: QWidget | None = None
    ) -> None:
        assert painter is not None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._brush)
        for polygon in self._polygons:
            painter.drawPolygon(polygon)


def _largest(values: NDArray[np.float64]) -> float:
    """The largest size among the numbers there are; 0 without any."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0


def _step(value: float, steps: tuple[float, ...]) -> float:
    """The first step that holds ``value``: ranges that jump seldom let the eye compare."""
    return next((step for step in steps if value <= step), steps[-1])
