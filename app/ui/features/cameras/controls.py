"""What the window knows of cameras: which was chosen in which format, and who has the camera now."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QMainWindow

from app.core.camera_format import CameraFormat, CameraRequest, KnownCamera
from app.ui.features.cameras.remembered import known_cameras, remember
from app.ui.shell import settings
from app.ui.shell.controller import FREE_S, RECORDING, Controller
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings
from app.ui.shell.status_line import StatusLabel
from app.ui.widgets.background import Background
from app.ui.widgets.building import there

if TYPE_CHECKING:  # they import OpenCV, which the window does not wait for
    from app.capture.devices import CameraDevice
    from app.capture.grants import Grant
    from app.capture.preview import CameraPreview
    from app.capture.source import SourceInfo
    from app.pipeline import PipelineStatus


def short(width: int, height: int, fps: float, fourcc: str) -> str:
    """Size, rate and pixel format, as far as they are known."""
    parts = [f"{width}×{height}", f"{fps:.4g} fps" if fps else "", fourcc]
    return "  ".join(part for part in parts if part)


class FormatLabel(StatusLabel):
    """The format of the camera that runs, at the right end of the status bar; hidden while none does."""

    def __init__(self) -> None:
        super().__init__("Camera format")
        self.setProperty("dim", True)

    def show_camera(self, info: SourceInfo | None, measured_fps: float) -> None:
        if info is None or info.kind != "camera":
            self.hide()
            return
        measured = f"{measured_fps:.1f}" if math.isfinite(measured_fps) and measured_fps else "not yet known"
        asked = f"; it was asked for {info.asked}" if info.asked else ""
        tip = f"What the camera grants{asked}. Measured frames a second: {measured}. Ctrl+5 changes it."
        self.show_text(short(info.width, info.height, info.fps, info.fourcc), tip)


class CameraControls(QObject):
    """Lends the camera to the chooser and gives it back; it is never open twice."""

    def __init__(
        self, window: QMainWindow, controller: Controller, store: Settings, asked: CameraFormat | None = None
    ) -> None:
        """``asked``: by the command line, of any camera, until one is chosen."""
        super().__init__(window)
        self._controller = controller
        self._settings = store
        self._asked = asked
        self._preview: CameraPreview | None = None
        self._known: dict[CameraDevice, list[Grant]] = {}  # what cameras granted
        self._recording = False
        self.background = Background(self, controller.complain, serial=True)
        self.label = FormatLabel()
        there(window.statusBar()).addPermanentWidget(self.label)
        store.watch(self, (settings.CAMERAS,), self._forget_asked)
        self._apply()

    def _apply(self) -> None:
        self._controller.camera_request = CameraRequest(self._asked, known_cameras(self._settings))

    def _forget_asked(self) -> None:
        """A camera was chosen, or all are forgotten."""
        self._asked = None
        self._apply()

    def show_status(self, status: PipelineStatus) -> None:
        self._recording = status.recording_active or status.recording_finishing
        self.label.show_camera(status.source_info, status.capture_fps)

    def may_choose(self) -> bool:
        """Whether the chooser may have the camera; a notice says why not."""
        if self._recording:
            self._controller.notify(RECORDING, Severity.WARNING)
        return not self._recording

    def borrow(self, ready: Callable[[CameraPreview], object]) -> None:
        """Close the source's camera; ``ready`` gets a preview as soon as it is free."""
        self._controller.lend_camera()

        def work() -> type[CameraPreview]:
            from app.capture.preview import CameraPreview

            self._controller.wait_camera_free()
            return CameraPreview

        def done(make: type[CameraPreview]) -> None:
            self._preview = make(known=self._known)
            ready(self._preview)

        self.background.run("free camera", work, done, latest=True)

    def give_back(self, device: CameraDevice | None = None, form: CameraFormat | None = None) -> None:
        """End the preview, then let the source have its camera again, or ``device`` in the format ``form``."""
        if device is not None and form is not None:
            remember(self._settings, KnownCamera(device.name, device.path, form))
            self._controller.choose_source(str(device.index))
        preview, self._preview = self._preview, None
        if preview is not None:
            preview.close()

        def work() -> None:
            if preview is not None:
                preview.join(FREE_S)

        self.background.run("free camera", work, lambda _: self._controller.take_camera_back(), latest=True)

    def close(self) -> None:
        self.background.close(2.0)
