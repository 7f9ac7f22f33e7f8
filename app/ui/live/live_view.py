"""The picture with what was measured in it.  A plain widget: it paints when something new arrived, nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.core.clock import now_s
from app.core.frames import FrameResult, Image
from app.signals.rates import RateMeter
from app.ui.live.geometry import ViewTransform
from app.ui.live.overlay import OverlayStyle, paint_overlay
from app.ui.shell import theme

SHADE = 200  # of 255: how much of a picture the ground covers behind words


class LiveView(QWidget):
    """Shows the latest result, letterboxed; mirrored for the eye only."""

    first_painted = pyqtSignal()
    painted = pyqtSignal(float)  # a new frame was: milliseconds since its capture
    clicked = pyqtSignal(float, float)  # in frame pixels

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Live picture")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 120)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.result: FrameResult | None = None
        # Whose numbers stand at the faces; None while it is the frame that is shown.
        self.numbers: FrameResult | None = None
        self.mirrored = False
        self.style_shown = OverlayStyle()
        self.message = ("", "")  # title and detail
        self._picture: _Picture | None = None
        self._unpainted = False
        self._painted_once = False
        self.rate = RateMeter()  # pictures that reached the screen

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def show_result(self, result: FrameResult | None) -> None:
        """Show this from now on; None empties the view."""
        if result is not self.result:
            self.result = result
            self._picture = None
            self._unpainted = result is not None
            self.update()

    def show_numbers(self, result: FrameResult | None) -> None:
        """Let the numbers at the faces be this frame's until the next call; the panels show the same frame's."""
        self.numbers = result
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        if mirrored != self.mirrored:
            self.mirrored = mirrored
            self._picture = None
            self.update()

    def set_style(self, style: OverlayStyle) -> None:
        if style != self.style_shown:
            self.style_shown = style
            self.update()

    def set_message(self, title: str, detail: str = "") -> None:
        """Words in the middle of the view, over a dimmed picture if there is one; empty: none."""
        if (title, detail) != self.message:
            self.message = (title, detail)
            self.setAccessibleDescription(f"{title} {detail}".strip())
            self.update()

    def transform(self) -> ViewTransform | None:
        """Frame pixels to widget points; None while there is no picture."""
        if self.result is None:
            return None
        height, width = self.result.frame.image.shape[:2]
        return ViewTransform.fit(width, height, self.width(), self.height(), self.mirrored)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        super().mousePressEvent(event)
        view = self.transform()
        if event is None or event.button() != Qt.MouseButton.LeftButton or view is None:
            return
        point = view.frame_point(event.position().x(), event.position().y())
        if point is not None:
            self.clicked.emit(*point)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.GROUND)
        result, view = self.result, self.transform()
        if result is not None and view is not None:
            ratio = self.devicePixelRatioF()
            target = view.picture
            size = (max(1, round(target.width() * ratio)), max(1, round(target.height() * ratio)))
            # Overlays and tool tips repaint too: the scaled picture is kept until the next frame.
            if self._picture is None or self._picture.size != size:
                self._picture = _Picture(result.frame.image, size, self.mirrored)
            painter.drawImage(target, self._picture.image)
            if self.message[0]:
                painter.fillRect(self.rect(), theme.faded(theme.GROUND, SHADE))
            else:
                style = replace(self.style_shown, font=self.style_shown.font or self.font())
                paint_overlay(painter, result, view, style, self.numbers)
        if self.message[0]:
            self._paint_message(painter, *self.message)
        painter.end()
        if not self._painted_once:
            self._painted_once = True
            self.first_painted.emit()
        if self._unpainted:
            self._unpainted = False
            self.rate.tick()
            if result is not None:
                self.painted.emit((now_s() - result.frame.captured_s) * 1000.0)

    def _paint_message(self, painter: QPainter, title: str, detail: str) -> None:
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        margin = max(self.width() * 0.12, 16.0)
        area = QRectF(margin, 0, self.width() - 2 * margin, self.height())
        lines = []  # each with its font, its colour and its height
        for text, size, colour in ((title, 1.6, theme.TEXT), (detail, 1.05, theme.DIM)):
            if text:
                font = theme.tabular(self.font(), size)
                painter.setFont(font)
                lines.append((text, font, colour, painter.boundingRect(area, flags, text).height()))
        gap = 10.0
        whole = sum(height for *_, height in lines) + gap * (len(lines) - 1)
        area.setTop(max((self.height() - whole) / 2, 4.0))
        for text, font, colour, height in lines:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(QRectF(area.left(), area.top(), area.width(), height), flags, text)
            area.setTop(area.top() + height + gap)


class _Picture:
    """A frame at the size it has on the screen, as a QImage and the array it lies in.

    QImage does not own an array's memory, so both stay together.  OpenCV scales several times
    faster than QPainter's smooth transform, and 32-bit pixels paint about four times faster
    than 24-bit ones.
    """

    def __init__(self, image: Image, size: tuple[int, int], mirrored: bool) -> None:
        import cv2  # on the first frame: the capture has loaded it by then, and the first paint need not wait

        height, width = image.shape[:2]
        # Averaging by a whole factor is fast, by any other five times slower than the rest of a paint.
        whole = min(width // size[0], height // size[1])
        if whole > 1:
            kept = image[: height // whole * whole, : width // whole * whole]
            image = np.asarray(
                cv2.resize(kept, (width // whole, height // whole), interpolation=cv2.INTER_AREA), np.uint8
            )
        grows = size[0] * size[1] > image.shape[0] * image.shape[1]
        if not grows:
            image = _resized(image, size)
        # Mirroring and the fourth channel are for the smaller of the two sizes.
        if mirrored:
            image = np.asarray(cv2.flip(image, 1), np.uint8)
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), np.uint8)
        self.size = size
        self.array = _resized(image, size) if grows else image
        self.image = QImage(self.array.data, size[0], size[1], size[0] * 4, QImage.Format.Format_RGB32)  # type: ignore[call-overload]


def _resized(image: Image, size: tuple[int, int]) -> Image:
    """In (width, height), bilinear; itself where it has that size."""
    import cv2

    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
