"""The common part of painted docks: a ground, words where there is nothing to show, a frame that shows the focus."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.core.frames import FrameResult
from app.ui.shell import theme

NO_SOURCE = "No source is open."
NO_FACE = "No face found."
UNTRAINED = "Pose heads untrained: these weights measure nothing here."


class PaintedDock(QWidget):
    """Subclasses ``paint`` what there is to see; sizes come from the font, so that they follow the system's."""

    def __init__(self, name: str, columns: int, rows: int) -> None:
        """``columns`` and ``rows`` of text are the least that it can be read at."""
        super().__init__()
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._least = (columns, rows)
        self.message = NO_SOURCE  # why there is nothing to see; empty: there is something
        self.mouse: QPointF | None = None  # where it points
        self._pressed: QPointF | None = None

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * self._least[0], metrics.height() * self._least[1])

    def sizeHint(self) -> QSize:
        least = self.minimumSizeHint()
        return QSize(round(least.width() * 1.25), round(least.height() * 1.3))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.BASE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.message:
            self.paint_message(painter, self.message)
        else:
            self.paint(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def describe(self, message: str, view: str) -> None:
        """Show ``message``, or paint anew where there is none; ``view``: what is to be seen, for a screen reader."""
        self.message = message
        self.setAccessibleDescription(message or view)
        self.update()

    def paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def drag(self, by: QPointF) -> None:
        """The mouse has moved so far with a button down; for subclasses that can be dragged."""

    def zoom_by(self, steps: int) -> None:
        """Closer or farther by so many steps; for subclasses that can be zoomed."""

    def fit(self) -> None:
        """As at first; for subclasses that can be zoomed or dragged."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        match event.key() if event is not None else None:
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(1)
            case Qt.Key.Key_Minus:
                self.zoom_by(-1)
            case Qt.Key.Key_0 | Qt.Key.Key_Home:
                self.fit()
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        assert event is not None
        self.mouse = event.position()
        if self._pressed is not None:
            by, self._pressed = self.mouse - self._pressed, self.mouse
            self.drag(by)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._pressed = None

    def leaveEvent(self, event: QEvent | None) -> None:
        self.mouse = None
        self.update()

    def paint_message(self, painter: QPainter, words: str) -> None:
        """In the middle, instead of a view."""
        painter.setPen(theme.DIM)
        margin = self.fontMetrics().height()
        area = QRectF(self.rect()).adjusted(margin, 0, -margin, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)


def missing(result: FrameResult | None) -> str:
    """The reason why nothing of the primary face is shown; empty where something is."""
    if result is None:
        return NO_SOURCE
    if result.primary is None:
        return NO_FACE
    return "" if result.primary.pose_trained else UNTRAINED
