"""The format of the camera that runs, at the right end of the status bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QLabel

if TYPE_CHECKING:
    from app.capture.source import SourceInfo


def short(width: int, height: int, fps: float, fourcc: str) -> str:
    """Size, rate and pixel format, as far as they are known."""
    parts = [f"{width}×{height}", f"{fps:.4g} fps" if fps else "", fourcc]
    return "  ".join(part for part in parts if part)


class FormatLabel(QLabel):
    """Empty while no camera runs."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("dim", True)
        self.setContentsMargins(8, 0, 10, 0)
        self.setAccessibleName("Camera format")
        self.hide()

    def show_camera(self, info: SourceInfo | None, measured_fps: float) -> None:
        if info is None or info.kind != "camera":
            self.hide()
            return
        text = short(info.width, info.height, info.fps, info.fourcc)
        if text != self.text():
            self.setText(text)
            self.setAccessibleDescription(text)
        measured = f"{measured_fps:.1f}" if math.isfinite(measured_fps) and measured_fps else "not yet known"
        asked = f"; it was asked for {info.asked}" if info.asked else ""
        self.setToolTip(f"What the camera grants{asked}. Measured frames a second: {measured}. Ctrl+5 changes it.")
        self.show()
