"""Icons: strokes on a 24 x 24 grid, drawn in the theme's colours at any size."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from app.ui.shell import theme

_MARK = '<path d="M12 {}v5.6m0 4.8v.1" stroke="{{g}}" stroke-width="2.6"/>'  # an exclamation mark
_SHAPES = {
    "start": '<path d="M8 5.5v13l10.5-6.5z" fill="{c}"/>',
    "pause": '<path d="M8.5 6v12M15.5 6v12" stroke-width="3"/>',
    "stop": '<rect x="6.5" y="6.5" width="11" height="11" rx="1.5" fill="{c}"/>',
    "record": '<circle cx="12" cy="12" r="6" fill="{c}" stroke="none"/>',
    "mirror": '<path d="M12 4v2.5M12 9.5v2M12 14.5v2M12 19v1.5M9 7v10H3.5zM15 7v10h5.5z"/>',
    "axes": '<path d="M10 14V4M10 14h10M10 14l-6 6"/><circle cx="10" cy="14" r="1.4" fill="{c}"/>',
    "keypoints": '<circle cx="7" cy="8" r="1.4" fill="{c}"/><circle cx="17" cy="8" r="1.4" fill="{c}"/>'
    '<circle cx="12" cy="12.5" r="1.4" fill="{c}"/><path d="M7 17c3 2.2 7 2.2 10 0"/>',
    "box": '<path d="M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15"/>',
    "expression": '<path d="M4 7h12M4 12h7M4 17h15"/>',
    "label": '<path d="M5 6.5V5h14v1.5M12 5v14M9.5 19h5"/>',
    "screenshot": '<path d="M4 8h3.5L9 5.5h6L16.5 8H20v11H4z"/><circle cx="12" cy="13" r="3.2"/>',
    "full_screen": '<path d="M14 4.5h5.5V10M19.5 4.5l-6 6M10 19.5H4.5V14M4.5 19.5l6-6"/>',
    "float": '<path d="M8.5 8.5v-4h11v11h-4M4.5 8.5h11v11h-11z"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "help": '<path d="M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4"/><circle cx="12" cy="17.5" r="0.7" fill="{c}"/>',
    "more": '<path d="M6 6l6 6-6 6M13 6l6 6-6 6"/>',
    "dot": '<circle cx="12" cy="12" r="5.2" fill="{c}" stroke="none"/>',
    "ring": '<circle cx="12" cy="12" r="6.2" stroke-width="3.2"/>',
    "triangle": '<path d="M12 1.6L22.4 22.4H1.6z" fill="{c}" stroke="none"/>' + _MARK.format(9.4),
    "square": '<rect x="1.6" y="1.6" width="20.8" height="20.8" rx="3.2" fill="{c}" stroke="none"/>'
    + _MARK.format(6.8),
}


def icon(name: str, colour: QColor = theme.TEXT) -> QIcon:
    """The icon of this name; greyed for disabled actions.  It follows ``colour`` where the theme changes that."""
    return QIcon(_Strokes(name, colour))


class _Strokes(QIconEngine):
    """Paints one of the shapes in the colour that is right by then."""

    def __init__(self, name: str, colour: QColor) -> None:
        super().__init__()
        self._name, self._colour = name, colour

    def clone(self) -> QIconEngine:
        return _Strokes(self._name, self._colour)

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = theme.DISABLED if mode is QIcon.Mode.Disabled else self._colour
        thickness = max(1.7, 30 / max(rect.width(), 1))  # more than a pixel, however small
        shape = _SHAPES[self._name].replace("{c}", colour.name()).replace("{g}", theme.GROUND.name())
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour.name()}" '
            f'stroke-width="{thickness:g}" stroke-linecap="round" stroke-linejoin="round">{shape}</svg>'
        )
        QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap
