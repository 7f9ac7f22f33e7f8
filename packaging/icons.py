"""The icon in every size that a system asks for, from its one drawing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from PyQt6.QtCore import QBuffer, QRectF, Qt
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtSvg import QSvgRenderer

SIDES = (16, 24, 32, 48, 64, 128, 256, 512)
LARGEST_ICO = 256  # what the format can say


def render(drawing: Path, side: int) -> Image.Image:
    """The drawing in a square of ``side`` pixels.  Raises ValueError where it can't be read."""
    renderer = QSvgRenderer(str(drawing))
    if not renderer.isValid():
        raise ValueError(f"{drawing} is not a drawing that Qt can read.")
    image = QImage(side, side, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return Image.open(io.BytesIO(bytes(buffer.data())))


def write_theme(drawing: Path, folder: Path) -> None:
    """As freedesktop.org's icon themes want it: ``hicolor/SIDExSIDE/apps`` and the drawing itself."""
    for side in SIDES:
        target = folder / "hicolor" / f"{side}x{side}" / "apps" / "motionscope.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        render(drawing, side).save(target)
    scalable = folder / "hicolor" / "scalable" / "apps" / "motionscope.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    scalable.write_bytes(drawing.read_bytes())


def write_for(drawing: Path, folder: Path, platform: str = sys.platform) -> Path:
    """The one file that PyInstaller wants on this system: ICO on Windows, ICNS on macOS, PNG elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [render(drawing, side) for side in SIDES]
    if platform == "win32":
        path = folder / "motionscope.ico"
        fitting = [image for image in images if image.width <= LARGEST_ICO]
        fitting[-1].save(path, sizes=[image.size for image in fitting], append_images=fitting[:-1])
    elif platform == "darwin":
        path = folder / "motionscope.icns"
        images[-1].save(path, append_images=images[:-1])
    else:
        path = folder / "motionscope.png"
        images[-1].save(path)
    return path
