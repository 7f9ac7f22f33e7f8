"""The edges of fields and the arrows of Qt's own dialogs: Fusion's are dark, which nobody sees on a dark ground."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QIcon, QPainter
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QStyleOption,
    QStyleOptionComplex,
    QWidget,
)

from app.ui.widgets.plain_text import PlainTextStyle

_ARROWS = {
    QStyle.StandardPixmap.SP_ArrowBack,
    QStyle.StandardPixmap.SP_ArrowForward,
    QStyle.StandardPixmap.SP_FileDialogToParent,
}
_FRAMES = {QStyle.PrimitiveElement.PE_FrameLineEdit, QStyle.PrimitiveElement.PE_Frame}


class EdgesStyle(PlainTextStyle):
    """Draws the edge of each field that is written in, in colours that may change where they are."""

    def __init__(self, edge: QColor, focused: QColor, disabled: QColor) -> None:
        super().__init__()
        self._edge, self._focused, self._disabled = edge, focused, disabled

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        if element in _FRAMES and isinstance(widget, QLineEdit | QPlainTextEdit):
            self._draw_edge(option, painter)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        super().drawComplexControl(control, option, painter, widget)
        if control is QStyle.ComplexControl.CC_SpinBox and isinstance(widget, QAbstractSpinBox):
            self._draw_edge(option, painter)

    def _draw_edge(self, option: QStyleOption | None, painter: QPainter | None) -> None:
        if option is None or painter is None:
            return
        colour = self._edge if option.state & QStyle.StateFlag.State_Enabled else self._disabled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._focused if option.state & QStyle.StateFlag.State_HasFocus else colour)
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.restore()

    def standardIcon(
        self, icon: QStyle.StandardPixmap, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> QIcon:
        found = super().standardIcon(icon, option, widget)
        if icon not in _ARROWS or widget is None:
            return found
        drawn = QIcon()
        for size in found.availableSizes():
            pixmap = found.pixmap(size)
            painter = QPainter(pixmap)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(pixmap.rect(), widget.palette().buttonText())
            painter.end()
            drawn.addPixmap(pixmap)
        return drawn
