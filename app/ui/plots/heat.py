"""The expression of every keypoint over time, as a strip of colours."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import PyQt6.QtWidgets  # noqa: F401  (before pyqtgraph, which binds to the Qt it finds loaded)
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from app.core.frames import FrameResult
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.features.faces.colours import face_colour
from app.ui.live.overlay import are_several
from app.ui.shell import theme
from app.ui.widgets.formatting import MINUS
from app.ui.widgets.painted import NO_FACE, NO_SOURCE, PaintedDock

COLOUR_MAP = "cividis"
"""Even in lightness and hue with normal and with colour-deficient vision (Nunez, Anderton and Renslow 2018)."""

SPANS_S = (5.0, 10.0, 30.0, 60.0, 300.0)
STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # full scale, in units of the neutral keypoints
MAX_COLUMNS = 1200


class Heat(PaintedDock):
    """A dock."""

    def __init__(self, context: DockContext, span_s: float = 10.0) -> None:
        super().__init__("Expression of each keypoint over time", 30, 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setToolTip(
            "How far each keypoint lies from where it is in the neutral face. Plus and minus change the time span"
        )
        self._context = context
        self.span_s = span_s
        self._history: History | None = None
        self._values: NDArray[np.float32] = np.empty((0, 0), np.float32)  # (K, columns), NaN where there is none
        self._several_s = -np.inf  # when there were last several faces, on the clock of the history
        self._oldest_s = np.inf
        self._faces: NDArray[np.float32] = np.empty(0, np.float32)  # (columns,) whose they are
        self.top = STEPS[0]
        self._otherwise = NO_SOURCE  # is said where the history holds nothing
        table = pg.colormap.get(COLOUR_MAP).getLookupTable(nPts=255)
        self._map = [QColor(*(int(v) for v in row[:3])).rgb() for row in table]

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self._history = history
        self._otherwise = NO_SOURCE if result is None else NO_FACE
        if result is not None and are_several(result):
            self._several_s = result.frame.captured_s
        self._take()

    def _take(self) -> None:
        """What the strip shows, of the history: one value for each keypoint and each column."""
        if self._history is None:
            return
        times, values, faces = self._history.last_expression(self.span_s)
        self._oldest_s = times[0] if len(times) else np.inf
        self._values = columns_of(times, values, self.span_s, self._columns())
        self._faces = columns_of(times, faces[:, None].astype(np.float32), self.span_s, self._columns())[0]
        finite = self._values[np.isfinite(self._values)]
        if not len(finite):
            self.describe(self._otherwise, "")
            return
        highest = float(np.percentile(finite, 99.5))
        self.top = next((step for step in STEPS if highest <= step), STEPS[-1])
        strongest = self.labels()[int(np.argmax(np.nan_to_num(self._values, nan=-1.0).max(axis=1)))]
        self.describe("", f"Last {self.span_s:g} s, most of all {strongest}, {highest:.3f}")

    def _columns(self) -> int:
        return int(min(max(self.areas()[0].width(), 50), MAX_COLUMNS))

    def labels(self) -> list[str]:
        names, count = self._context.keypoint_names, len(self._values)
        return [names[k] if names is not None and k < len(names) else f"kp {k}" for k in range(count)]

    def areas(self) -> tuple[QRectF, QRectF]:
        """The strip, and the scale of colours at its right."""
        metrics = QFontMetricsF(self._small())
        left = max((metrics.horizontalAdvance(label) for label in self.labels()), default=60.0) + 14
        right = metrics.horizontalAdvance("0.00") + 30
        strip = QRectF(left, 6, self.width() - left - right - 8, self.height() - metrics.height() - 12)
        return strip, QRectF(strip.right() + 12, 6, 10, strip.height())

    def _small(self) -> Any:
        return theme.tabular(self.font(), 0.85)

    def paint(self, painter: QPainter) -> None:
        strip, scale = self.areas()
        self._paint_strip(painter, strip)
        self._paint_names(painter, strip)
        self._paint_times(painter, strip)
        self._paint_scale(painter, scale)
        self._paint_faces(painter, strip)
        self._paint_hover(painter, strip)

    def _paint_strip(self, painter: QPainter, strip: QRectF) -> None:
        finite = np.isfinite(self._values)
        levels = np.clip(np.where(finite, self._values, 0) / self.top * 254, 0, 254).astype(np.uint8)
        levels[~finite] = 255
        levels = np.ascontiguousarray(levels)
        data: Any = levels.data
        image = QImage(data, levels.shape[1], len(levels), levels.shape[1], QImage.Format.Format_Indexed8)
        image.setColorTable([*self._map, theme.BASE.rgb()])
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(strip, image)
        painter.setPen(QPen(theme.BORDER, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(strip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_faces(self, painter: QPainter, strip: QRectF) -> None:
        """A line above it in the colour of the face, where there were several within the span."""
        if not self._tells_apart():
            return
        ids = self._faces
        edges = np.flatnonzero(np.diff(np.nan_to_num(ids, nan=-1.0), prepend=-2.0, append=-2.0))
        step = strip.width() / len(ids)
        for start, end in itertools.pairwise(edges):
            if np.isfinite(ids[start]):
                place = QRectF(strip.left() + start * step, strip.top() - 5, (end - start) * step, 4)
                painter.fillRect(place, face_colour(int(ids[start])))

    def _tells_apart(self) -> bool:
        return bool(self._several_s >= self._oldest_s)

    def _paint_names(self, painter: QPainter, strip: QRectF) -> None:
        """As many as fit without touching each other."""
        font = self._small()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        labels = self.labels()
        row = strip.height() / len(labels)
        every = max(1, int(np.ceil(metrics.height() * 0.86 / row)))
        under = self._under_mouse(strip)
        for k, label in enumerate(labels):
            pointed_at = under is not None and k == under[0]  # always named; its neighbours make room
            if pointed_at or (k % every == 0 and (under is None or abs(k - under[0]) >= every)):
                painter.setPen(theme.TEXT if pointed_at else theme.DIM)
                place = QRectF(
                    0, strip.top() + (k + 0.5) * row - metrics.height() / 2, strip.left() - 7, metrics.height()
                )
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)

    def _paint_times(self, painter: QPainter, strip: QRectF) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(theme.DIM)
        ticks = [(0.0, f"{MINUS}{self.span_s:g} s"), (0.5, f"{MINUS}{self.span_s / 2:g} s"), (1.0, "now")]
        if sum(metrics.horizontalAdvance(text) + 12 for _, text in ticks) > strip.width():
            del ticks[1]
        for share, text in ticks:
            width = metrics.horizontalAdvance(text) + 4
            x = min(max(strip.left() + share * strip.width() - width / 2, strip.left()), strip.right() - width)
            painter.drawText(QRectF(x, strip.bottom() + 3, width, metrics.height()), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_scale(self, painter: QPainter, scale: QRectF) -> None:
        step = scale.height() / len(self._map)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for i, colour in enumerate(self._map):
            painter.fillRect(
                QRectF(scale.left(), scale.bottom() - (i + 1) * step, scale.width(), step + 1), QColor(colour)
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.DIM)
        height = painter.fontMetrics().height()
        for text, y in ((f"{self.top:g}", scale.top()), ("0", scale.bottom() - height)):
            painter.drawText(QRectF(scale.right() + 5, y, 60, height), Qt.AlignmentFlag.AlignLeft, text)

    def _paint_hover(self, painter: QPainter, strip: QRectF) -> None:
        under = self._under_mouse(strip)
        if under is None:
            return
        k, column = under
        value = float(self._values[k, column])
        ago = (1 - (column + 0.5) / self._values.shape[1]) * self.span_s
        number = f"{value:.3f}" if np.isfinite(value) else "no face"
        text = f"{self.labels()[k]}   {MINUS}{ago:.1f} s   {number}"
        if self._tells_apart() and np.isfinite(self._faces[column]):
            text += f"   face {int(self._faces[column])}"
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 14, metrics.height() + 6)
        assert self.mouse is not None
        box.moveTo(
            min(self.mouse.x() + 12, strip.right() - box.width()), max(self.mouse.y() - box.height() - 6, strip.top())
        )
        painter.setPen(QPen(theme.BORDER, 1))
        painter.setBrush(theme.RAISED)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme.TEXT)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _under_mouse(self, strip: QRectF) -> tuple[int, int] | None:
        """The keypoint and the column there."""
        if self.mouse is None or not strip.contains(self.mouse) or not self._values.size:
            return None
        rows, columns = self._values.shape
        k = int((self.mouse.y() - strip.top()) / strip.height() * rows)
        column = int((self.mouse.x() - strip.left()) / strip.width() * columns)
        return min(k, rows - 1), min(column, columns - 1)

    def zoom_by(self, steps: int) -> None:
        """Another time span."""
        place = SPANS_S.index(self.span_s) + steps
        self.span_s = SPANS_S[min(max(place, 0), len(SPANS_S) - 1)]
        self._take()


def columns_of(
    times: NDArray[np.float64], values: NDArray[np.float32], span_s: float, columns: int
) -> NDArray[np.float32]:
    """(n,) times and (n, K) values as (K, columns) over the last ``span_s``, the newest at the right.

    Each column has the largest value within it: a blink lasts two frames and must not vanish in five
    minutes.  A column between two values less than half a second apart repeats the one before; where
    nothing was measured for longer it is NaN.
    """
    count = values.shape[1]
    result = np.full((columns, count), np.nan, np.float32)
    if len(times) and count:
        place = np.floor((times - times[-1] + span_s) / span_s * columns).astype(int).clip(0, columns - 1)
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        result[place[starts]] = np.fmax.reduceat(values, starts, axis=0)
        filled = np.zeros(columns, np.bool_)
        filled[place[starts]] = True
        before = np.maximum.accumulate(np.where(filled, np.arange(columns), -1))
        age_s = (np.arange(columns) - before) * span_s / columns
        repeat = (~filled) & (before >= 0) & (age_s < 0.5)
        result[repeat] = result[before[repeat]]
    return np.ascontiguousarray(result.T)
