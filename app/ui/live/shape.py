"""The keypoints in space: the neutral face, its expression as arrows, and what both make together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent

from app.core.face_marks import FaceLines, face_curves, face_lines
from app.core.frames import FrameResult
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.live.space import Eye, Projection
from app.ui.shell import theme
from app.ui.widgets.building import there
from app.ui.widgets.painted import PaintedDock, missing

GAINS = (1, 2, 5, 10)  # an expression moves a keypoint by some hundredths of the face
DEG_PER_POINT = 0.5  # of the mouse
DEG_PER_KEY = 10.0
ZOOM_STEP = 1.15
TURN_KEYS: dict[int, tuple[float, float]] = {
    Qt.Key.Key_Left: (-DEG_PER_KEY, 0.0),
    Qt.Key.Key_Right: (DEG_PER_KEY, 0.0),
    Qt.Key.Key_Up: (0.0, DEG_PER_KEY),
    Qt.Key.Key_Down: (0.0, -DEG_PER_KEY),
}
AXES = (("pitch", (1, 0, 0)), ("yaw", (0, 1, 0)), ("roll", (0, 0, -1)))
"""The head's axes as drawn: to the image's right, down, out of the face; each in its angle's colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Keypoints (K, 3) around the neutral face's centre, in units of its radius, and the head's axes (3, 3)."""

    neutral: NDArray[np.float64]
    driven: NDArray[np.float64]
    axes: NDArray[np.float64]  # rows


def shape_of(result: FrameResult, gain: float = 1.0, held: bool = False) -> Shape:
    """The primary face as shown: ``kp @ R.T`` and ``kp @ R.T + gain * exp``, in the camera frame.

    ``held`` turns both back by the head's own rotation, as if it looked straight ahead.  Scale and t
    are left out: they say where the head is in the crop, not what its shape is.
    """
    shown = result.shown_primary
    if shown is None:
        raise ValueError("the result has no primary face")
    face = shown.face
    rotation = np.asarray(face.rotation, np.float64)
    kp, exp = np.asarray(face.kp, np.float64), np.asarray(face.exp, np.float64)
    # Centre and radius are the head's own, so that a turn changes neither place nor size.
    kp = kp - (kp.min(axis=0) + kp.max(axis=0)) / 2
    radius = max(float(np.linalg.norm(kp, axis=1).max(initial=0.0)), 1e-6)
    axes = np.array([axis for _, axis in AXES], np.float64)
    if held:
        neutral, moved = kp, exp @ rotation
    else:
        neutral, moved, axes = kp @ rotation.T, exp, axes @ rotation.T
    return Shape(neutral / radius, (neutral + gain * moved) / radius, axes)


class ShapeView(PaintedDock):
    """A dock; mirrored where the picture is."""

    def __init__(self, context: DockContext) -> None:
        super().__init__("Keypoints in space", 30, 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(
            "Arrow keys or the mouse turn it, the wheel or plus and minus zoom, E enlarges the expression, "
            "H holds the head straight, 0 or a double click looks from the camera again"
        )
        self._context = context
        self._result: FrameResult | None = None
        self.eye = Eye()
        self.gain = 1
        self.held = False

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self._result = result
        self.describe(missing(result), self._legend())

    def _legend(self) -> str:
        parts = [f"expression ×{self.gain}"]
        if self.held:
            parts.append("held straight")
        if (self.eye.turn_deg, self.eye.tilt_deg) != (0.0, 0.0):
            parts.append(f"from {self.eye.turn_deg:+.0f}°, {self.eye.tilt_deg:+.0f}°".replace("-", "−"))
        return ", ".join(parts)

    def paint(self, painter: QPainter) -> None:
        shape = shape_of(there(self._result), self.gain, self.held)
        line = self.fontMetrics().height()
        room = QRectF(0, line * 1.4, self.width(), self.height() - line * 2.8)
        radius = min(room.width(), room.height()) * 0.5 * self.eye.zoom
        project = Projection(
            self.eye.rotation(), (room.center().x(), room.center().y()), max(radius, 1.0), self._context.view.mirrored
        )
        neutral, _ = project(shape.neutral)
        driven, near = project(shape.driven)
        if not np.isfinite(driven).all():
            self.paint_message(painter, "The keypoints are no numbers.")
            return
        lines = face_lines(self._context.keypoint_names)
        size = min(max(radius / 50, 1.7), 3.2)
        self._paint_head_axes(painter, project, shape)
        _paint_lines(painter, neutral, lines, QPen(theme.DIM, 1, Qt.PenStyle.DotLine))
        painter.setPen(QPen(theme.DIM, 1))
        painter.setBrush(theme.BASE)
        for x, y in neutral:
            painter.drawEllipse(QPointF(x, y), size, size)
        _paint_lines(painter, driven, lines, QPen(theme.TEXT, size * 0.6))
        painter.setPen(QPen(theme.BASE, 0.8))
        for k in np.argsort(near):  # the nearest last, and larger
            painter.setBrush(_mixed(theme.TEXT, theme.BASE, min(max((near[k] - 0.8) / 0.4, 0.35), 1.0)))
            painter.drawEllipse(QPointF(*driven[k]), size * 1.35 * near[k], size * 1.35 * near[k])
        arrow = QPen(theme.EXPRESSION, max(size * 0.7, 1.4), cap=Qt.PenCapStyle.RoundCap)
        for start, end in zip(neutral, driven, strict=True):
            _paint_arrow(painter, start, end, arrow, size * 2.6)
        self._paint_legend(painter, line)

    def _paint_head_axes(self, painter: QPainter, project: Projection, shape: Shape) -> None:
        tips, _ = project(np.vstack([np.zeros(3), shape.axes * 0.5]))
        origin = QPointF(*tips[0])
        for (name, _), tip in zip(AXES, tips[1:], strict=True):
            colour = theme.faded(theme.ANGLE_COLOURS[name], 150)
            painter.setPen(QPen(colour, 1.6, cap=Qt.PenCapStyle.RoundCap))
            painter.drawLine(origin, QPointF(*tip))

    def _paint_legend(self, painter: QPainter, line: int) -> None:
        font = theme.tabular(self.font(), 0.92)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        x, y = 10.0, line * 0.85
        for name, paint in (
            ("neutral", self._mark_neutral),
            ("expression", self._mark_arrow),
            ("driven", self._mark_driven),
        ):
            paint(painter, QPointF(x, y))
            painter.setPen(theme.DIM)
            painter.drawText(QPointF(x + 12, y + metrics.ascent() / 2 - 1), name)
            x += 12 + metrics.horizontalAdvance(name) + 16
        painter.setPen(theme.DIM)
        area = QRectF(10, self.height() - line * 1.4, self.width() - 20, line * 1.4)
        text = metrics.elidedText(self._legend(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    @staticmethod
    def _mark_neutral(painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(theme.DIM, 1))
        painter.setBrush(theme.BASE)
        painter.drawEllipse(at, 3, 3)

    @staticmethod
    def _mark_driven(painter: QPainter, at: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.TEXT)
        painter.drawEllipse(at, 3.2, 3.2)

    @staticmethod
    def _mark_arrow(painter: QPainter, at: QPointF) -> None:
        pen = QPen(theme.EXPRESSION, 1.6, cap=Qt.PenCapStyle.RoundCap)
        _paint_arrow(painter, np.array([at.x() - 5, at.y()]), np.array([at.x() + 6, at.y()]), pen, 5)

    def set_eye(self, eye: Eye) -> None:
        self.eye = eye
        self.update()

    def zoom_by(self, steps: float) -> None:
        self.set_eye(self.eye.zoomed(ZOOM_STEP**steps))

    def fit(self) -> None:
        self.set_eye(Eye())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        key = event.key() if event is not None else None
        if key in TURN_KEYS:
            self.set_eye(self.eye.turned(*TURN_KEYS[key]))
        elif key == Qt.Key.Key_E:
            self.gain = GAINS[(GAINS.index(self.gain) + 1) % len(GAINS)]
            self.update()
        elif key == Qt.Key.Key_H:
            self.held = not self.held
            self.update()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and event.angleDelta().y():
            self.zoom_by(event.angleDelta().y() / 120)
            event.accept()

    def drag(self, by: QPointF) -> None:
        sign = 1 if self._context.view.mirrored else -1
        self.set_eye(self.eye.turned(sign * by.x() * DEG_PER_POINT, by.y() * DEG_PER_POINT))

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.fit()


def _paint_lines(painter: QPainter, points: NDArray[np.float64], lines: FaceLines, pen: QPen) -> None:
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for curve in face_curves(points, lines):
        painter.drawPolyline(QPolygonF([QPointF(*point) for point in curve]))


def _paint_arrow(painter: QPainter, start: NDArray[Any], end: NDArray[Any], pen: QPen, head: float) -> None:
    """Draw an arrow, with a head where it is long enough to have one."""
    step = end - start
    length = float(np.hypot(*step))
    if length < 1.0:
        return
    painter.setPen(pen)
    painter.drawLine(QPointF(*start), QPointF(*end))
    head = min(head, length * 0.6)
    along = step / length * head
    across = np.array([-along[1], along[0]]) * 0.5
    for side in (across, -across):
        painter.drawLine(QPointF(*end), QPointF(*(end - along + side)))


def _mixed(a: QColor, b: QColor, share: float) -> QColor:
    """``share`` of a, the rest of b."""
    parts = [round(x * share + y * (1 - share)) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)]
    return QColor(*parts)
