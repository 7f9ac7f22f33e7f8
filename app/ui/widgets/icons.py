"""The toolbar's icons: strokes on a 24 x 24 grid, drawn in the theme's colours at any size."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap, QPixmapCache
from PyQt6.QtSvg import QSvgRenderer

from app.ui.shell import theme

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
}


def icon(name: str, colour: QColor = theme.TEXT) -> QIcon:
    """The icon of this name; greyed for disabled actions."""
    result = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, theme.DISABLED)):
        for ratio in (1, 2, 3):
            result.addPixmap(_pixmap(name, tint, ratio), mode)
    return result


def _pixmap(name: str, colour: QColor, ratio: int, side: int = 20) -> QPixmap:
    key = f"icon {name} {colour.name()} {side * ratio}"
    kept = QPixmapCache.find(key)
    if kept is not None:
        return kept
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour.name()}" '
        f'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{_SHAPES[name]}</svg>'
    ).replace("{c}", colour.name())
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side * ratio, side * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, pixmap)
    return pixmap
