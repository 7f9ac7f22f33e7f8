"""Painting of the timeline: functions of frozen values, apart from the widget."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from app.session.annotations import Annotation
from app.ui.review.content import Content
from app.ui.review.scale import TimeScale
from app.ui.review.traces import Piece, Trace
from app.ui.shell import theme
from app.ui.widgets.formatting import MINUS, clock

TICKS_APART = 90.0  # points
BAND_ALPHA = 46
SHADE_ALPHA = 40
POINT_SIZE = 5.0  # half its width, in points


@dataclass(frozen=True, slots=True)
class Lane:
    """A horizontal strip in which ``low`` to ``high`` lie from its bottom to its top."""

    rect: QRectF
    low: float
    high: float
    unit: str = ""  # after its numbers

    def y(self, value: float) -> float:
        return self.rect.bottom() - (value - self.low) / (self.high - self.low) * self.rect.height()

    def ys(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        share = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        return self.rect.bottom() - share * self.rect.height()


ROOMY = 6  # lines of text that the lanes need together, so that positions get one, too


@dataclass(frozen=True, slots=True)
class Lanes:
    """The strips of the timeline from top to bottom.

    ``place`` only where positions are known and have room, ``difference`` only while two tables are compared.
    """

    ruler: QRectF
    annotations: QRectF
    angles: Lane
    expression: Lane
    place: Lane | None
    difference: Lane | None
    overview: QRectF

    @property
    def curves(self) -> list[Lane]:
        return [lane for lane in (self.angles, self.expression, self.place, self.difference) if lane is not None]

    @property
    def bottom(self) -> float:
        """The lower edge of the lowest lane with curves."""
        return self.curves[-1].rect.bottom()

    @classmethod
    def of(cls, width: float, height: float, gutter: float, line: float, content: Content) -> Lanes:
        """For a widget of this size; ``gutter``: room for labels on the left, ``line``: a line's height."""
        right = max(width - gutter - 8, 1.0)
        ruler, annotations, overview = line + 4, 1.5 * line + 4, 0.9 * line
        rest = max(height - ruler - annotations - overview - 14, 30.0)
        placed = bool(content.top_place) and rest >= ROOMY * line  # else no lane of the three could be read
        shares = [5, 2, *[2] * placed, *[2] * (content.second is not None)]
        heights = [rest * share / sum(shares) - 4 for share in shares]
        tops = np.cumsum([ruler + annotations, *(h + 4 for h in heights)])
        strips = iter([QRectF(gutter, top, right, h) for top, h in zip(tops, heights, strict=False)])

        def symmetric(top: float, unit: str) -> Lane:
            return Lane(next(strips), -top, top, unit)

        return cls(
            QRectF(gutter, 0, right, ruler),
            QRectF(gutter, ruler, right, annotations),
            symmetric(content.top_deg, "°"),
            Lane(next(strips), 0.0, content.top_expression),
            symmetric(content.top_place, " cm") if placed else None,
            symmetric(content.top_difference, "°") if content.second is not None else None,
            QRectF(gutter, height - overview - 3, right, overview),
        )


def paint_traces(painter: QPainter, content: Content, scale: TimeScale, lanes: Lanes, font: QFont) -> None:
    """Grid, bands and curves: all that stays while the cursor moves."""
    _paint_grid(painter, scale, lanes, font)
    _paint_low_quality(painter, content, scale, lanes.angles.rect)
    rows = np.searchsorted(content.times_s, (scale.start_s, scale.end_s))
    window = (float(rows[0]) - 1, float(rows[1]) + 1, round(scale.width))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw = _Curves(painter, content.times_s, scale, window)
    painter.save()
    painter.setClipRect(lanes.angles.rect)
    for name, band in content.series.bands.items():
        draw.band(band, lanes.angles, theme.ANGLE_COLOURS[name])
    shown = [(content.series, _pen)]
    if content.second is not None:
        shown.insert(0, (content.second.series, _second_pen))  # below the first one
    for series, pen in shown:
        draw.curves(series.angles, lanes.angles, theme.ANGLE_COLOURS, pen)
        draw.curves({"": series.expression}, lanes.expression, {"": theme.EXPRESSION}, pen)
        draw.curves(series.places, lanes.place, theme.PLACE_COLOURS, pen)
    if content.second is not None:
        draw.curves(content.second.difference, lanes.difference, theme.ANGLE_COLOURS, _pen)
    painter.restore()
    _paint_names(painter, lanes, font, shaded=bool(content.series.low_before[-1]))


def low_quality_pixels(content: Content, scale: TimeScale, pixels: int) -> NDArray[np.bool_]:
    """(pixels,) across the view, whether a frame of low quality is shown there, however many frames are in it."""
    edges_s = scale.start_s + np.arange(pixels + 1) / pixels * scale.span_s
    rows = np.searchsorted(content.times_s, edges_s, side="right")
    first = np.maximum(rows[:-1] - 1, 0)  # the frame that is on the screen where the pixel begins
    return content.series.low_quality(first, np.maximum(rows[1:], first + 1))


def _paint_low_quality(painter: QPainter, content: Content, scale: TimeScale, rect: QRectF) -> None:
    """Shade every pixel in which a frame of low quality is shown."""
    low = low_quality_pixels(content, scale, max(round(rect.width()), 1))
    starts = np.flatnonzero(np.diff(low.astype(np.int8), prepend=0, append=0))
    wash = theme.faded(theme.WARNING, SHADE_ALPHA)
    for left, right in starts.reshape(-1, 2).tolist():
        painter.fillRect(QRectF(rect.left() + left, rect.top(), right - left, rect.height()), wash)


def _pen(colour: QColor) -> QPen:
    return QPen(colour, 1.5)


def _second_pen(colour: QColor) -> QPen:
    """The compared table's: paler and dashed."""
    pen = QPen(theme.faded(colour, 170), 1.2)
    pen.setDashPattern([4, 3])
    return pen


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """Draws curves of one table in one window of rows."""

    painter: QPainter
    times_s: NDArray[np.float64]
    scale: TimeScale
    window: tuple[float, float, int]  # first row, end, pixels

    def curves(
        self, traces: dict[str, Trace], lane: Lane | None, colours: dict[str, QColor], pen: Callable[[QColor], QPen]
    ) -> None:
        """Draw these in their lane, if it is there."""
        if lane is not None:
            self.painter.setClipRect(lane.rect)
            for name, trace in traces.items():
                self._curve(trace, lane, pen(colours[name]))

    def _curve(self, trace: Trace, lane: Lane, pen: QPen) -> None:
        piece = trace.piece(*self.window)
        dense = piece.low is not piece.high
        if dense:  # stacked strokes: a dashed line would only be noise
            pen = QPen(pen)
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setWidthF(1.0)
        self.painter.setPen(pen)
        for x, low, high in self._runs(piece, lane):
            if len(x) == 1 and not dense:
                self.painter.drawPoint(QPointF(x[0], low[0]))
            elif dense:
                # A stroke from the least to the greatest, the next one from the greatest to the least.
                ys = np.stack([low, high], axis=1)
                ys[1::2] = ys[1::2, ::-1]
                self.painter.drawPolyline(polygon(np.repeat(x, 2), ys.ravel()))
            else:
                self.painter.drawPolyline(polygon(x, low))

    def band(self, trace: Trace, lane: Lane, colour: QColor) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(theme.faded(colour, BAND_ALPHA))
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # five times faster, and hardly to be seen
        for x, low, high in self._runs(trace.piece(*self.window), lane):
            self.painter.drawPolygon(polygon(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _runs(
        self, piece: Piece, lane: Lane
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
        """x, lower and upper y of each stretch without a gap."""
        if not len(piece.rows):
            return []
        times = np.interp(piece.rows, np.arange(len(self.times_s)), self.times_s)
        x = self.scale.left + (times - self.scale.start_s) / self.scale.span_s * self.scale.width
        low, high = lane.ys(piece.low), lane.ys(piece.high)
        finite = np.isfinite(low) & np.isfinite(high)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
        return [(x[a:b], low[a:b], high[a:b]) for a, b in edges.reshape(-1, 2)]


def polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """(n,) points as Qt's own array of doubles, filled at once: a QPointF for each would take as long as drawing."""
    result = QPolygonF()
    result.fill(QPointF(), len(x))
    if len(x):
        memory = result.data()
        memory.setsize(16 * len(x))
        points = np.frombuffer(memory, np.float64).reshape(-1, 2)  # type: ignore[call-overload]
        points[:, 0], points[:, 1] = x, y
    return result


def _write_small(painter: QPainter, font: QFont) -> QFontMetricsF:
    """From here on, with the font whose metrics these are."""
    small = theme.tabular(font, 0.85)
    painter.setFont(small)
    return QFontMetricsF(small)


def _paint_grid(painter: QPainter, scale: TimeScale, lanes: Lanes, font: QFont) -> None:
    painter.fillRect(lanes.annotations, theme.WINDOW)
    metrics = _write_small(painter, font)
    faint = theme.faded(theme.TEXT, 22)
    for time, label in scale.ticks(TICKS_APART):
        x = scale.x(time)
        painter.setPen(faint)
        for lane in lanes.curves:
            painter.drawLine(QPointF(x, lane.rect.top()), QPointF(x, lane.rect.bottom()))
        painter.setPen(theme.DIM)
        width = metrics.horizontalAdvance(label)
        left = min(max(x - width / 2, lanes.ruler.left()), lanes.ruler.right() - width)
        painter.drawText(QPointF(left, lanes.ruler.bottom() - metrics.descent() - 2), label)
    for lane in lanes.curves:
        symmetric = lane.low < 0
        painter.setPen(QPen(theme.BORDER, 1))
        painter.drawLine(lane.rect.bottomLeft(), lane.rect.bottomRight())
        values = [-lane.high * 2 / 3, 0.0, lane.high * 2 / 3] if symmetric else [0.0, lane.high / 2]
        if lane.rect.height() < 3 * metrics.height():
            values = [0.0]
        for value in values:
            y = lane.y(value)
            painter.setPen(faint if value else QPen(theme.BORDER, 1))
            painter.drawLine(QPointF(lane.rect.left(), y), QPointF(lane.rect.right(), y))
            painter.setPen(theme.DIM)
            text = (f"{value:+.3g}" if value and symmetric else f"{value:.3g}").replace("-", MINUS) + lane.unit
            top = min(y - metrics.height() / 2, lane.rect.bottom() - metrics.height() + 2)
            painter.drawText(QRectF(0, top, lane.rect.left() - 6, metrics.height()), Qt.AlignmentFlag.AlignRight, text)


def _paint_names(painter: QPainter, lanes: Lanes, font: QFont, *, shaded: bool) -> None:
    """The lanes' names, on a ground of their own, for curves may pass there."""
    metrics = _write_small(painter, font)
    ground = theme.faded(theme.BASE, 200)
    angles = "angles, shaded where the quality is low" if shaded else "angles"
    names = {angles: lanes.angles, "expression": lanes.expression, "difference": lanes.difference}
    names["x, y and distance from their mean"] = lanes.place
    for name, lane in names.items():
        if lane is None:
            continue
        rect = QRectF(lane.rect.left() + 2, lane.rect.top(), metrics.horizontalAdvance(name) + 8, metrics.height())
        painter.fillRect(rect, ground)
        painter.setPen(theme.DIM)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, name)


def paint_overview(painter: QPainter, rect: QRectF, measured: NDArray[np.float32]) -> None:
    """The whole session as a bar, bright where a face was measured: (M,) shares of as many equal parts."""
    painter.fillRect(rect, theme.RAISED)
    pixels = np.zeros((1, len(measured), 4), np.uint8)  # B, G, R, A
    pixels[..., :3] = theme.ACCENT.blue(), theme.ACCENT.green(), theme.ACCENT.red()
    pixels[..., 3] = np.where(measured > 0, 40 + 90 * measured, 0)
    row = QImage(pixels.tobytes(), len(measured), 1, 4 * len(measured), QImage.Format.Format_ARGB32)
    painter.drawImage(rect, row)  # drawn before ``pixels`` goes


def paint_window(painter: QPainter, rect: QRectF, scale: TimeScale) -> None:
    """The stretch that is shown, as a frame on the bar of the whole session."""
    left = rect.left() + scale.start_s / scale.total_s * rect.width()
    width = max(scale.span_s / scale.total_s * rect.width(), 4.0)
    frame = QRectF(left, rect.top() + 0.5, width, rect.height() - 1)
    painter.fillRect(frame, theme.faded(theme.TEXT, 36))
    painter.setPen(QPen(theme.TEXT, 1.2))
    painter.drawRect(frame)


def annotation_rect(annotation: Annotation, scale: TimeScale, lane: QRectF) -> QRectF:
    """Where an annotation lies in its lane: an interval as long as it lasts, a point as a lozenge."""
    left = scale.x(annotation.onset_s)
    if annotation.duration_s <= 0:
        return QRectF(left - POINT_SIZE, lane.top() + 3, 2 * POINT_SIZE, lane.height() - 6)
    return QRectF(
        left, lane.top() + 3, max(scale.x(annotation.onset_s + annotation.duration_s) - left, 3.0), lane.height() - 6
    )


def annotation_colours(annotations: Iterable[Annotation], known: Iterable[str] = ()) -> dict[str, QColor]:
    """A colour for each label, different from the curves' colours; few labels are far from one another.

    The labels ``known`` from an earlier call keep theirs.
    """
    hues = (45, 265, 190, 320, 20, 150, 230, 90, 345)
    labels = list(dict.fromkeys([*known, *sorted({annotation.label for annotation in annotations})]))
    return {label: QColor.fromHsv(hues[k % len(hues)], 130, 225) for k, label in enumerate(labels)}


def paint_annotations(
    painter: QPainter,
    annotations: Sequence[Annotation],
    colours: Mapping[str, QColor],
    chosen: int,
    scale: TimeScale,
    lanes: Lanes,
    font: QFont,
) -> None:
    """Annotations in their lane, their onsets as lines through the curves; ``chosen`` stands out."""
    metrics = _write_small(painter, font)
    lane = lanes.annotations
    bottom = lanes.bottom
    painter.save()
    painter.setClipRect(QRectF(lane.left() - POINT_SIZE, lane.top(), lane.width() + 2 * POINT_SIZE, bottom))
    order = sorted(range(len(annotations)), key=lambda k: annotations[k].onset_s)
    follower = dict(itertools.pairwise(order))
    # The chosen one is drawn last, over the others.
    for k in sorted(order, key=lambda k: k == chosen):
        annotation = annotations[k]
        rect = annotation_rect(annotation, scale, lane)
        if rect.right() < lane.left() or rect.left() > lane.right():
            continue
        colour = colours[annotation.label]
        painter.setPen(QPen(theme.faded(colour, 190 if k == chosen else 110), 1))
        top = lanes.angles.rect.top()
        x = scale.x(annotation.onset_s)
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        if annotation.duration_s > 0:
            wash = theme.faded(colour, 34 if k == chosen else 20)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.fillRect(QRectF(rect.left(), top, rect.width(), bottom - top), wash)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(rect, theme.WINDOW)  # one over another must not grow too bright for its label
        painter.setPen(QPen(theme.TEXT, 1.6) if k == chosen else QPen(colour, 1))
        if annotation.duration_s > 0:
            painter.setBrush(theme.faded(colour, 120))
            painter.drawRoundedRect(rect, 2, 2)
        else:
            painter.setBrush(colour)
            painter.drawPolygon(_lozenge(rect))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        text = annotation.label or "marker"
        start = max(rect.left() + 5, lane.left() + 4) if annotation.duration_s > 0 else rect.right() + 3
        after = follower.get(k)
        room = lane.right() if after is None else annotation_rect(annotations[after], scale, lane).left() - 3
        width = metrics.horizontalAdvance(text)
        if start + width <= room or k == chosen:  # half a word helps nobody
            if start + width > room:  # the chosen one's goes over what is behind it
                painter.fillRect(QRectF(start - 2, rect.top(), width + 4, rect.height()), theme.WINDOW)
            painter.setPen(theme.TEXT)
            painter.drawText(QPointF(start, rect.center().y() + metrics.ascent() / 2 - 1), text)
    painter.restore()


def _lozenge(rect: QRectF) -> QPolygonF:
    middle = rect.center()
    half = min(rect.width(), rect.height()) / 2
    return QPolygonF([middle + QPointF(dx * half, dy * half) for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0))])


def paint_selection(painter: QPainter, selection: tuple[float, float] | None, scale: TimeScale, lanes: Lanes) -> None:
    """The selected stretch, through all lanes."""
    if selection is None:
        return
    bottom = lanes.bottom
    left = max(scale.x(selection[0]), lanes.ruler.left())
    right = min(scale.x(selection[1]), lanes.ruler.right())
    if right < left:
        return
    painter.fillRect(QRectF(left, 0, right - left, bottom), theme.faded(theme.ACCENT, 38))
    painter.setPen(QPen(theme.ACCENT, 1))
    for x in (left, right):
        painter.drawLine(QPointF(x, 0), QPointF(x, bottom))


def paint_cursor(painter: QPainter, time_s: float, scale: TimeScale, lanes: Lanes) -> None:
    """The line and the time of the frame that is shown."""
    x = scale.x(time_s)
    rect = lanes.overview
    place = rect.left() + time_s / scale.total_s * rect.width()
    painter.setPen(QPen(theme.TEXT, 1.4))
    painter.drawLine(QPointF(place, rect.top()), QPointF(place, rect.bottom()))
    if not lanes.ruler.left() - 1 <= x <= lanes.ruler.right() + 1:
        return
    bottom = lanes.bottom
    painter.drawLine(QPointF(x, lanes.ruler.bottom() - 6), QPointF(x, bottom))
    _paint_time(painter, time_s, x, lanes.ruler)


def _paint_time(painter: QPainter, time_s: float, x: float, ruler: QRectF) -> None:
    """The cursor's head says its time, in place of the ruler's number that it covers."""
    painter.save()
    metrics = _write_small(painter, painter.font())
    text = clock(time_s, 1)
    width, height = metrics.horizontalAdvance(text) + 10, metrics.height() + 1
    left = min(max(x - width / 2, ruler.left()), ruler.right() - width)
    head = QRectF(left, ruler.bottom() - height, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.TEXT)
    painter.drawRoundedRect(head, 3, 3)
    painter.setPen(theme.BASE)
    painter.drawText(head, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
