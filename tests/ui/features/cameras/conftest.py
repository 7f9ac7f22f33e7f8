"""Two fake cameras behind ``cv2.VideoCapture``, and the chooser in a real window over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.capture import grants, preview
from app.capture.camera_worker import CameraTiming
from app.core.camera_format import CameraFormat
from app.pipeline import Pipeline
from app.ui.features.cameras.chooser import CameraChooser
from app.ui.shell.window import MainWindow
from tests.capture.choosy_camera import ChoosyCamera, connect
from tests.capture.fake_camera import QUICK
from tests.ui.find import dialog

WAIT_MS = 30_000
HD = CameraFormat(640, 360, 60.0, "MJPG")
FAST = CameraFormat(320, 240, 120.0, "MJPG")
RAW = CameraFormat(320, 240, 60.0, "YUYV")


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[ChoosyCamera]]:
    monkeypatch.setattr(grants, "MEASURE_S", 0.1)
    monkeypatch.setattr(preview, "RETRY_S", 0.1)
    monkeypatch.setattr(grants, "listed_formats", lambda path: (HD, FAST, RAW))
    monkeypatch.setattr("app.capture.camera.CameraTiming", lambda: QUICK)
    assert CameraTiming().stall_s > QUICK.stall_s
    cameras = [
        ChoosyCamera("HD Webcam", formats=[HD, FAST, RAW], index=0),
        ChoosyCamera("Other", formats=[RAW], index=1),
    ]
    connect(monkeypatch, tmp_path, *cameras)
    yield cameras
    for camera in cameras:
        camera.free()
        assert camera.collisions == 0, f"{camera.device.name} was opened while it was open"


@pytest.fixture
def live(cameras: list[ChoosyCamera], play: Callable[..., MainWindow]) -> Callable[..., MainWindow]:
    """A window that shows the first camera."""
    return lambda **options: play(**{"source": "0", **options})


@pytest.fixture
def choose(qtbot: QtBot) -> Callable[[MainWindow], CameraChooser]:
    """Open the chooser and wait until it shows a picture."""

    def choose(window: MainWindow) -> CameraChooser:
        window.commands["cameras"].trigger()
        chooser = dialog(window, "Camera and format")
        assert isinstance(chooser, CameraChooser)

        def shows() -> bool:
            measured = any(row.measured_fps is not None for row in chooser.table.rows)
            return chooser.view.result is not None and measured

        qtbot.waitUntil(shows, timeout=WAIT_MS)
        return chooser

    return choose


@pytest.fixture
def window(idle_window: MainWindow) -> Iterator[MainWindow]:
    """With a pipeline that has no source."""
    idle_window.controller.pipeline = pipeline = Pipeline()
    yield idle_window
    idle_window.controller.pipeline = None
    pipeline.close()
