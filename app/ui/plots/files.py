"""Plots as files: a picture, a drawing, a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QBuffer, QPoint, QRect, QRectF, QSize
from PyQt6.QtGui import QImage, QPainter, QTextDocument
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QLabel, QWidget

from app.core.errors import reason
from app.ui.plots.canvas import PlotCanvas
from app.ui.plots.parts import Floats, cache_axes
from app.ui.plots.signals import COLUMN, PlotSignal
from app.ui.shell import theme
from app.ui.shell.dialogs import png_of
from extractor import files

FILTER = "Picture (*.png);;Drawing (*.svg);;Table (*.csv)"
MARGIN = 8
PNG_RATIO = 2.0  # pixels a screen point: to be printed


def save(
    path: Path, figure: QWidget, legend: QLabel, canvas: PlotCanvas, rows: Floats, signals: Sequence[PlotSignal]
) -> str:
    """Write the figure, or the rows, by the path's ending; what went wrong, or nothing."""
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            write_csv(path, rows, signals)
        elif kind == ".svg":
            write_svg(path, figure, legend, canvas)
        elif kind == ".png":
            write_png(path, figure)
        else:
            return f"{path.name} can't be saved: its name must end in .png, .svg or .csv."
    except OSError as error:
        return f"The plots can't be saved as {path}: {reason(error)}."
    return ""


def columns_of(signals: Sequence[PlotSignal]) -> list[str]:
    """Columns of the history that these curves show, each once."""
    names = [name for s in signals for name in (s.column, s.std, s.true, s.measured) if name]
    return list(dict.fromkeys(names))


def write_csv(path: Path, rows: Floats, signals: Sequence[PlotSignal]) -> None:
    """A row a result, and whose it is; ``time_s`` counts from the newest, so it is negative; empty: no number."""
    names = columns_of(signals)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["time_s", "face_id", *names])
    for row in rows:
        values = [row[COLUMN[name]] for name in ("face_id", *names)]
        writer.writerow(
            [f"{row[0] - rows[-1, 0]:.4f}", *(f"{value:.6g}" if np.isfinite(value) else "" for value in values)]
        )
    files.write_whole(path, text.getvalue().encode())


def write_png(path: Path, figure: QWidget) -> None:
    """Save a picture of the plots, at least twice as fine as the screen's points."""
    image = figure.grab().toImage()
    if image.devicePixelRatio() < PNG_RATIO:
        image = QImage(figure.size() * PNG_RATIO, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(PNG_RATIO)
        figure.render(image)
    files.write_whole(path, png_of(image))


def write_svg(path: Path, figure: QWidget, legend: QLabel, canvas: PlotCanvas) -> None:
    """Lines and text, not pixels."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    size = QSize(figure.width(), figure.height())
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setTitle("Motionscope: plots")
    words = QTextDocument()
    words.setDefaultFont(legend.font())
    words.setHtml(f'<span style="color:{theme.TEXT.name()}">{legend.text()}</span>')
    words.setTextWidth(legend.width() - 2 * MARGIN)
    for row in canvas.rows:
        cache_axes(row.plot, False)
    painter = QPainter(generator)
    try:
        painter.fillRect(QRect(QPoint(), size), theme.BASE)
        painter.translate(MARGIN, 0)
        words.drawContents(painter)
        painter.translate(-MARGIN, 0)
        # The view's own way: a widget's would go through pixels.
        canvas.render(painter, QRectF(0, canvas.y(), canvas.width(), canvas.height()))
    finally:
        painter.end()
        for row in canvas.rows:
            cache_axes(row.plot, True)
    files.write_whole(path, buffer.data().data())
