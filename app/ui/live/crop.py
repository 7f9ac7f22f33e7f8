"""The network's input, pixel for pixel."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QImage, QKeyEvent, QPainter, QPen, QWheelEvent

from app.core.frames import FrameResult, Image
from app.faces.crop import CropTransform, extract
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.shell import theme
from app.ui.widgets.building import there
from app.ui.widgets.painted import NO_FACE, NO_SOURCE, PaintedDock

LARGEST_ZOOM = 16
PAN_KEYS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Crop(PaintedDock):
    """A dock; the pixels are made again from the frame by the very function that made the input, so they are
    the same.  Never mirrored, and never smoothed.
    """

    def __init__(self, context: DockContext) -> None:
        super().__init__("The network's input", 26, 9)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setToolTip(
            "The picture as the network gets it. Plus and minus or the wheel zoom, arrow keys or the mouse move it, "
            "0 fits it"
        )
        self._context = context
        self.pixels: Image | None = None  # (S, S, 3) RGB
        self._side = 0  # of the square, in frame pixels
        self._zoom = 0  # whole screen pixels a pixel; 0: as large as fits
        self.shift = QPointF()

    def show_result(self, result: FrameResult | None, history: History) -> None:
        network = self._context.network
        self.pixels, message = None, ""
        if result is None:
            message = NO_SOURCE
        elif result.primary is None or network is None:
            message = NO_FACE
        else:
            transform = CropTransform.from_affine(result.primary.crop_to_frame, network.crop.input_size)
            self.pixels, self._side = extract(result.frame.image, transform), transform.side
        self.describe(message, self.legend())

    def legend(self) -> str:
        """Its size and where it comes from; empty without one."""
        if self.pixels is None:
            return ""
        size = len(self.pixels)
        return f"{size} × {size} RGB, from {self._side} × {self._side} px of the frame"

    @property
    def zoom(self) -> float:
        """Device pixels a pixel of the input, as drawn; a whole number wherever there is room for one of 2 or more."""
        if self._zoom or self.pixels is None:
            return float(self._zoom or 1)
        room = max(min(self._room().width(), self._room().height()) * self.devicePixelRatioF(), 16.0)
        fitting = room / len(self.pixels)
        return float(int(fitting)) if fitting >= 2 else fitting

    def _room(self) -> QRectF:
        return QRectF(0, 0, self.width(), self.height() - self.fontMetrics().height() * 1.2 - 8)

    def area(self, size: int) -> QRectF:
        """Where the picture lies: in the middle, moved."""
        side = size * self.zoom / self.devicePixelRatioF()
        area = QRectF(0, 0, side, side)
        area.moveCenter(self._room().center() + self.shift)
        area.moveTo(round(area.left()), round(area.top()))
        return area

    def paint(self, painter: QPainter) -> None:
        pixels = there(self.pixels)
        size, room = len(pixels), self._room()
        data: Any = pixels.data
        image = QImage(data, size, size, 3 * size, QImage.Format.Format_RGB888)
        area = self.area(size)
        painter.save()
        painter.setClipRect(room)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # nearest neighbour
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(area, image)
        under = self.pixel_under_mouse(area, size)
        if under is not None and self.zoom >= 3:
            step = area.width() / size
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.drawRect(QRectF(area.left() + under[0] * step, area.top() + under[1] * step, step, step))
        painter.restore()
        self._paint_legend(painter, pixels, under, QRectF(self.rect()).adjusted(0, room.bottom(), 0, 0))

    def _paint_legend(self, painter: QPainter, pixels: Image, under: tuple[int, int] | None, area: QRectF) -> None:
        font = theme.tabular(self.font(), 0.92)
        text = f"{self.legend()}, {self.zoom:.2g}×"
        if under is not None:
            x, y = under
            red, green, blue = (int(v) for v in pixels[y, x])
            text = f"x {x}  y {y}   R {red}  G {green}  B {blue}"
        elif QFontMetricsF(font).horizontalAdvance(text) > area.width() - 16:
            text = f"{len(pixels)} × {len(pixels)} from {self._side} px, {self.zoom:.2g}×"
        painter.setFont(font)
        painter.setPen(theme.DIM)
        painter.drawText(area.adjusted(8, 0, -8, -2), Qt.AlignmentFlag.AlignCenter, text)

    def pixel_under_mouse(self, area: QRectF, size: int) -> tuple[int, int] | None:
        mouse = self.mouse
        if mouse is None or not area.contains(mouse) or not self._room().contains(mouse):
            return None
        step = area.width() / size
        x, y = int((mouse.x() - area.left()) / step), int((mouse.y() - area.top()) / step)
        return min(x, size - 1), min(y, size - 1)

    def fit(self) -> None:
        self._zoom, self.shift = 0, QPointF()
        self.update()

    def zoom_by(self, steps: int) -> None:
        before = self.zoom
        self._zoom = min(max(int(before) + steps, 1), LARGEST_ZOOM)
        self.shift *= self._zoom / before
        self.update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in PAN_KEYS:
            self.shift += QPointF(*PAN_KEYS[event.key()]) * 16
            self.update()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and event.angleDelta().y():
            self.zoom_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()

    def drag(self, by: QPointF) -> None:
        self.shift += by
