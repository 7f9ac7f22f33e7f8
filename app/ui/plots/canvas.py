"""The plots themselves: one above the other on one time axis, with a crosshair through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import PyQt6.QtWidgets  # noqa: F401  (before pyqtgraph, which binds to the Qt it finds loaded)
import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent

from app.signals.history import broken_at_faces
from app.ui.plots.parts import Floats, band, cache_axes, curve, largest, outline, range_around, step_above, thinned
from app.ui.plots.signals import COLUMN, GROUPS, PlotGroup, PlotSignal, Range
from app.ui.shell import settings, theme
from app.ui.widgets.formatting import MINUS

HEADROOM = 1.08
KEY_SHARE = 1 / 100  # of the span, that an arrow key moves the crosshair


def colour_of(signal: PlotSignal) -> QColor:
    """As the theme has it now."""
    return (theme.EXPRESSION, *theme.ANGLE_COLOURS.values())[signal.colour]


@dataclass(slots=True)
class _Row:
    """A group's plot and the items in it."""

    group: PlotGroup
    plot: pg.PlotItem
    zero: pg.InfiniteLine
    cross: pg.InfiniteLine
    curves: dict[str, pg.PlotCurveItem] = field(default_factory=dict)
    truths: dict[str, pg.PlotCurveItem] = field(default_factory=dict)
    measured: dict[str, pg.PlotCurveItem] = field(default_factory=dict)
    bands: dict[str, pg.PlotCurveItem] = field(default_factory=dict)


class PlotCanvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """``pointed`` gives the place of the crosshair in seconds (negative: ago), NaN when there is none."""

    pointed = pyqtSignal(float)
    rows: Sequence[_Row] = ()  # Qt tells of a change of palette already while it makes the widget

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Curves")
        self.setToolTip("Point at a curve for its values, or use the arrow keys")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setFrameShape(pg.GraphicsLayoutWidget.Shape.NoFrame)
        self._signals: tuple[PlotSignal, ...] = ()
        self._span_s = 10.0
        self.cross_s = float("nan")

    def show_signals(self, signals: Sequence[PlotSignal], span_s: float) -> None:
        """These curves from now on; ``draw`` follows."""
        self._signals, self._span_s = tuple(signals), float(span_s)
        self._build()

    def _build(self) -> None:
        self.ci.clear()
        self.setBackground(theme.BASE)
        self.ci.layout.setContentsMargins(4, 4, 10, 2)
        self.ci.layout.setSpacing(4)
        for number in range(len(self.rows)):  # rows of the layout before
            self.ci.layout.setRowStretchFactor(number, 0)
        used = [signal.group for signal in self._signals]
        groups = [group for group in dict.fromkeys((*GROUPS, *used)) if group in used]
        self.rows = [self._row(number, group, number == len(groups) - 1) for number, group in enumerate(groups)]
        for number, row in enumerate(self.rows):
            if number:
                row.plot.setXLink(self.rows[0].plot)
            self.ci.layout.setRowStretchFactor(number, row.group.weight)
        height = QFontMetricsF(self.font()).height()
        self.setMinimumHeight(round(sum(2.4 if group.weight < 5 else 4 for group in groups) * height + 1.5 * height))
        self.point_at(self.cross_s)

    def _row(self, number: int, group: PlotGroup, last: bool) -> _Row:
        plot = self.addPlot(row=number, col=0, enableMenu=False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.setXRange(-self._span_s, 0, padding=0)
        plot.showGrid(x=True, y=True, alpha=0.14)
        small = theme.tabular(self.font(), 0.85)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setStyle(tickFont=small, tickLength=0, hideOverlappingLabels=False)
        cache_axes(plot, True)
        metrics = QFontMetricsF(small)
        plot.getAxis("left").setWidth(round(metrics.horizontalAdvance(f"{MINUS}0.00 /min") * 0.9) + 8)
        bottom = plot.getAxis("bottom")
        bottom.setStyle(showValues=last)
        step = next(s for s in (1, 2, 5, 10, 20, 60) if self._span_s / s <= 6 or s == 60)
        ticks = [(-s, f"{MINUS}{settings.span_text(s)}") for s in range(step, int(self._span_s), step)]
        bottom.setTicks([ticks])
        bottom.setHeight(round(metrics.height()) + 4 if last else 2)
        zero, cross = pg.InfiniteLine(0, angle=0), pg.InfiniteLine(0, angle=90)
        cross.hide()
        row = _Row(group, plot, zero, cross)
        if group.range is Range.SYMMETRIC:
            plot.addItem(zero)
        for signal in (signal for signal in self._signals if signal.group is group):
            self._add_items(row, signal)
        plot.addItem(cross, ignoreBounds=True)
        self._colour(row)
        return row

    @staticmethod
    def _add_items(row: _Row, signal: PlotSignal) -> None:
        if signal.std:
            row.bands[signal.name] = band()
        if signal.true:
            row.truths[signal.name] = curve()
        if signal.measured:
            row.measured[signal.name] = curve()
        row.curves[signal.name] = curve()
        for items in (row.bands, row.measured, row.truths, row.curves):
            if signal.name in items:
                # ignoreBounds: the ranges are set here; looking for them at every update costs as much as drawing.
                row.plot.addItem(items[signal.name], ignoreBounds=True)

    def changeEvent(self, event: QEvent | None) -> None:
        """Nothing is made anew where the theme has changed: Qt walks through the items while it says so."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and self.rows:
            self.setBackground(theme.BASE)
            for row in self.rows:
                self._colour(row)

    def _colour(self, row: _Row) -> None:
        for side in ("left", "bottom"):
            row.plot.getAxis(side).setPen(pg.mkPen(theme.BORDER))
            row.plot.getAxis(side).setTextPen(pg.mkPen(theme.DIM))
        row.zero.setPen(pg.mkPen(theme.BORDER))
        row.cross.setPen(pg.mkPen(theme.DIM, style=Qt.PenStyle.DashLine))
        for signal in (signal for signal in self._signals if signal.group is row.group):
            colour = colour_of(signal)
            row.curves[signal.name].setPen(pg.mkPen(colour, width=1.6))
            if signal.std:
                row.bands[signal.name].setBrush(theme.faded(colour, 46))
            if signal.true:
                row.truths[signal.name].setPen(pg.mkPen(theme.TRUTH, width=1, style=Qt.PenStyle.DashLine))
            if signal.measured:
                row.measured[signal.name].setPen(pg.mkPen(theme.faded(colour, 120), width=1))

    def draw(self, rows: Floats, with_measured: bool) -> None:
        """Show these rows of the history, oldest first; the newest stands at the right edge."""
        width_s = self._span_s / max(self.width(), 200)
        rows = broken_at_faces(rows)
        for row in self.rows:
            shown: list[Floats] = []
            for signal in (signal for signal in self._signals if signal.group is row.group):
                shown += self._draw_signal(row, signal, rows, width_s, with_measured)
            self._scale(row, np.concatenate(shown) if shown else np.empty(0))

    @staticmethod
    def _draw_signal(row: _Row, signal: PlotSignal, rows: Floats, width_s: float, with_measured: bool) -> list[Floats]:
        """Give its items their data; the numbers that its axis must hold."""
        newest = rows[-1, 0] if len(rows) else 0.0
        values = rows[:, COLUMN[signal.column]]
        x, y = thinned(rows[:, 0], values[:, None], width_s)
        row.curves[signal.name].setData(x - newest, y[:, 0])
        shown = [values]
        if signal.std:
            std = rows[:, COLUMN[signal.std]]
            x, y = thinned(rows[:, 0], np.column_stack([values - std, values + std]), width_s)
            thin = len(y) != len(values)
            low, high = (y[0::2, 0], y[1::2, 1]) if thin else (y[:, 0], y[:, 1])
            row.bands[signal.name].setData(*outline((x[::2] if thin else x) - newest, low, high))
        for column, items, on in ((signal.true, row.truths, True), (signal.measured, row.measured, with_measured)):
            if not column:
                continue
            more = rows[:, COLUMN[column]]
            if on and np.isfinite(more).any():
                x, y = thinned(rows[:, 0], more[:, None], width_s)
                items[signal.name].setData(x - newest, y[:, 0])
                shown.append(more)
            else:
                items[signal.name].setData(np.empty(0), np.empty(0))
        return shown

    @staticmethod
    def _scale(row: _Row, values: Floats) -> None:
        group, plot = row.group, row.plot
        if group.range is Range.FREE:
            low, high = range_around(values, group.least)
            ticks = [low + (high - low) * share for share in (0.25, 0.75)]
        else:
            high = step_above(largest(values) * (1.0 if group.least == 1.0 else HEADROOM), group.least)
            low = -high if group.range is Range.SYMMETRIC else 0.0
            inner = high / 2 if high > 4 * group.least else high * 2 / 3  # 10, 20, 40; 50, 100
            ticks = [-inner, 0.0, inner] if low < 0 else [0.0, high / 2]
            if group.weight < 5:
                ticks = [-high / 2, high / 2] if low < 0 else ticks
            if group.least == 1.0:
                low, high = -0.05, high * 1.05
        if plot.viewRange()[1] != [low, high]:
            plot.setYRange(low, high, padding=0)
            sign = group.range is Range.SYMMETRIC
            plot.getAxis("left").setTicks([[(v, number(v, group.unit, sign)) for v in ticks]])

    def point_at(self, seconds: float) -> None:
        """The crosshair there (negative: ago); NaN: none."""
        self.cross_s = seconds
        for row in self.rows:
            row.cross.setVisible(bool(np.isfinite(seconds)))
            if np.isfinite(seconds):
                row.cross.setPos(seconds)
        self.pointed.emit(seconds)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self.rows:
            box = self.rows[0].plot.getViewBox()
            at = box.mapSceneToView(self.mapToScene(event.position().toPoint())).x()
            self.point_at(at if -self._span_s <= at <= 0 else float("nan"))

    def leaveEvent(self, event: QEvent | None) -> None:
        self.point_at(float("nan"))
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        self.point_at(float("nan"))
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key())) if event is not None else None
        if steps is None:
            super().keyPressEvent(event)
            return
        start = self.cross_s if np.isfinite(self.cross_s) else 0.0
        self.point_at(min(max(start + steps * self._span_s * KEY_SHARE, -self._span_s), 0.0))

    def minimumSizeHint(self) -> QSize:
        return QSize(round(QFontMetricsF(self.font()).averageCharWidth() * 30), self.minimumHeight())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()  # pyqtgraph's own is a fixed number of pixels


def number(value: float, unit: str, sign: bool = False, digits: int = 3) -> str:
    """For an axis or a legend."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:+.{digits}g}" if sign and value else f"{value:.{digits}g}"
    return text.replace("-", MINUS) + unit
