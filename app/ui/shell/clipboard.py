"""Copies to the clipboard: the picture with its overlay, the numbers as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtGui import QFont, QGuiApplication, QImage, QPainter

from app.core.frames import FrameResult
from app.ui.live.geometry import ViewTransform
from app.ui.live.live_view import LiveView
from app.ui.live.numbers_table import as_text, number_rows
from app.ui.live.overlay import OverlayStyle, paint_overlay
from app.ui.shell.controller import Controller
from app.ui.shell.help import report
from app.ui.shell.messages import Severity
from app.ui.widgets.building import copy_text, there

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

DESIGNED_FOR = 600  # pixels of a picture's shorter side at which text has the system's size; larger with larger ones
NOTHING = "There is nothing to copy yet: start a source first."


class Clipboard:
    """Copies what the view shows."""

    def __init__(self, view: LiveView, controller: Controller) -> None:
        self._view = view
        self._controller = controller

    def copy_picture(self) -> None:
        """The frame at its own resolution, mirrored as it is shown, with what is drawn over it."""
        result = self._view.result
        if result is None:
            self._controller.notify(NOTHING)
            return
        image = picture(result, self._view.style_shown, self._view.mirrored, self._view.font())
        there(QGuiApplication.clipboard()).setImage(image)
        self._controller.notify(f"Copied the picture, {image.width()}×{image.height()}.", Severity.GOOD)

    def copy_numbers(self) -> None:
        """Every number of the primary face, tab-separated, with a heading."""
        result = self._view.result
        if result is None:
            self._controller.notify(NOTHING)
            return
        rows = number_rows(result, self._view.style_shown.keypoint_names)
        copy_text(as_text(rows))
        self._controller.notify(f"Copied {len(rows)} numbers, tab-separated.", Severity.GOOD)

    def copy_report(self, status: PipelineStatus | None) -> None:
        """Copy the text of ``help.report``."""
        copy_text(report(status))
        text = "A report is on the clipboard: versions, engine and platform, without faces, names or paths."
        self._controller.notify(text, Severity.GOOD)


def picture(result: FrameResult, style: OverlayStyle, mirrored: bool, font: QFont) -> QImage:
    """The frame with its overlay, in frame pixels."""
    height, width = result.frame.image.shape[:2]
    pixels = np.ascontiguousarray(result.frame.image[:, ::-1] if mirrored else result.frame.image)
    shared = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_BGR888)  # type: ignore[call-overload]
    image: QImage = shared.convertToFormat(QImage.Format.Format_RGB32)  # a copy that owns its pixels
    scaled = QFont(font)
    scaled.setPointSizeF(font.pointSizeF() * max(min(width, height) / DESIGNED_FOR, 1.0))
    painter = QPainter(image)
    view = ViewTransform.fit(width, height, width, height, mirrored)
    paint_overlay(painter, result, view, replace(style, font=scaled))
    painter.end()
    return image
