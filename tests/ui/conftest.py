"""Hand-made results, a settings file of its own for each test, and no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PyQt6 import sip
from PyQt6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.frames import Box, FaceResult, FrameResult
from app.core.launch_options import LaunchOptions
from app.core.plain_locale import use_plain_locale
from app.pipeline import PipelineStatus
from app.session.exporters import exporters_named
from app.session.exporters.base import Progress
from app.session.session import Session
from app.ui.shell import theme
from app.ui.shell.settings import Settings
from app.ui.shell.window import MainWindow
from extractor.backends import DeviceError
from extractor.types import KEYPOINT_NAMES, Angles
from tests.factories import make_face, make_result
from tests.ui.hostile import Bait
from tests.waiting import PATIENCE_S

for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitExposed, QtBot.waitActive):
    wait.__kwdefaults__["timeout"] = int(1000 * PATIENCE_S)  # its own are five seconds

# Where the named keypoints lie in a frontal face, crop coordinates; l is the subject's, so to the image's right.
_LAYOUT = {
    "nose_tip": (0, 0.08), "nasion": (0, -0.18), "subnasale": (0, 0.17),
    "eye_inner": (0.1, -0.17), "eye_outer": (0.28, -0.17), "lid_up": (0.19, -0.21), "lid_low": (0.19, -0.14),
    "brow_inner": (0.08, -0.3), "brow_mid": (0.2, -0.34), "brow_outer": (0.32, -0.28),
    "mouth": (0.15, 0.3), "lip_up": (0, 0.26), "lip_low": (0, 0.36), "chin": (0, 0.55), "alar": (0.09, 0.1),
}  # fmt: skip


def neutral_keypoints() -> np.ndarray:
    """(24, 2) crop coordinates in the order of KEYPOINT_NAMES."""
    points = []
    for name in KEYPOINT_NAMES:
        x, y = _LAYOUT.get(name) or _LAYOUT[name[:-2]]
        points.append((-x if name.endswith("_r") else x, y))
    return np.array(points, np.float32)


def face_around(
    centre: tuple[float, float] = (320, 240),
    side: float = 160,
    angles: Angles = Angles(0, 0, 0),  # noqa: B008  (frozen)
    num_kp: int = 24,
    pose_trained: bool = True,
    exp_magnitude: float = 0.1,
    face_id: int = 1,
    quality: float = float("nan"),
) -> FaceResult:
    """A face whose box is ``side`` wide around ``centre``, frame pixels."""
    half = 1.075 * side
    affine = np.array([[half, 0, centre[0]], [0, half, centre[1]]], np.float32)
    crop_points = neutral_keypoints()[:num_kp]
    kp = np.zeros((num_kp, 3), np.float32)
    kp[:, :2] = crop_points
    parts = exp_magnitude if num_kp == 24 else float("nan")
    return make_face(
        angles,
        num_kp=num_kp,
        box=Box(centre[0] - side / 2, centre[1] - side / 2, side, side),
        score=0.93,
        face_id=face_id,
        crop_to_frame=affine,
        std=Angles(1.5, 1.8, 0.9),
        kp=kp,
        keypoints=crop_points @ affine[:, :2].T + affine[:, 2],
        exp_magnitude=exp_magnitude,
        brow_magnitude=parts * 0.5,
        eye_magnitude=parts * 0.8,
        mouth_magnitude=parts * 1.4,
        pose_trained=pose_trained,
        quality=quality,
    )


def grey_result(
    *faces: FaceResult,
    size: tuple[int, int] = (640, 480),
    truth: Angles | None = None,
    captured_s: float | None = None,
    grey: int = 40,
    index: int = 0,
) -> FrameResult:
    """A plain grey frame of ``size`` (width, height) with these faces."""
    captured_s = time.monotonic() if captured_s is None else captured_s
    image = np.full((size[1], size[0], 3), grey, np.uint8)
    return make_result(index, *faces, captured_s=captured_s, image=image, truth=truth)


def make_status(
    state: SourceState = SourceState.STREAMING, message: str = "", kind: str = "video", **other: object
) -> PipelineStatus:
    """A pipeline that streams, without a network unless one is given."""
    values: dict[str, object] = {
        "source": SourceStatus(state, message),
        "source_info": SourceInfo(kind, "clip.mp4", 640, 480, 30.0, "h264"),
        "network": None,
        "report": None,
        "network_loading": False,
        "network_error": "",
        "capture_fps": 30.0,
        "inference_fps": 25.0,
        "latency_ms": 40.0,
        "latency_p95_ms": 60.0,
        "captured": 100,
        "inferred": 90,
        "skipped": 8,
        "lost": 2,
        "recording": None,
        "recording_active": False,
        "recording_finishing": False,
        **other,
    }
    return PipelineStatus(**values)  # type: ignore[arg-type]


@pytest.fixture
def status() -> Callable[..., PipelineStatus]:
    return make_status


@pytest.fixture
def face() -> Callable[..., FaceResult]:
    return face_around


@pytest.fixture
def result() -> Callable[..., FrameResult]:
    return grey_result


@pytest.fixture
def held_export(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The export of OpenFace's table is at the first of two steps, with half a file, until this is set."""
    go_on = threading.Event()

    def write(session: Session, target: Path, progress: Progress) -> None:
        (target / "openface.csv").write_text("half")
        while not go_on.wait(0.005):
            progress(1, 2)

    (exporter,) = exporters_named("openface")
    monkeypatch.setattr(exporter, "write", write, raising=False)
    yield go_on
    go_on.set()


@pytest.fixture
def store(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def make_window(qtbot: QtBot, store: Settings) -> Iterator[Callable[..., MainWindow]]:
    """Windows with settings of their own, closed properly at the end of the test; ``idle``: no pipeline starts.

    They ask for the keyboard, which on a bare X server no window manager gives them.
    """
    windows: list[MainWindow] = []
    ended: list[MainWindow] = []

    def make(idle: bool = False, **options: object) -> MainWindow:
        window = MainWindow(LaunchOptions(**options), store)  # type: ignore[arg-type]
        windows.append(window)
        window.view.first_painted.connect(window.activateWindow)
        window.ended.connect(lambda _: ended.append(window))
        if idle:
            window.start = lambda: None  # type: ignore[method-assign]
        return window

    yield make
    for window in windows:
        if window not in ended:
            with qtbot.waitSignal(window.ended, timeout=30_000):
                window.close()
        sip.delete(window)


@pytest.fixture
def idle_window(make_window: Callable[..., MainWindow], qtbot: QtBot) -> MainWindow:
    """A window on the screen that has the keyboard, whose pipeline never starts."""
    window = make_window(idle=True)
    with qtbot.waitActive(window, timeout=20_000):
        window.show()
    return window


@pytest.fixture
def play(
    no_network: None, make_window: Callable[..., MainWindow], qtbot: QtBot, clip: Path
) -> Callable[..., MainWindow]:
    """A window that shows the pictures of the clip or of another source; no network measures them."""

    def open_window(**options: object) -> MainWindow:
        window = make_window(**{"source": str(clip), **options})
        with qtbot.waitExposed(window):
            window.show()
        qtbot.waitUntil(lambda: window.view.result is not None, timeout=30_000)
        return window

    return open_window


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows without torch: pictures flow, the network is said to be missing, everything else is real."""

    def refuse(*choice: object, **more: object) -> None:
        raise DeviceError("There is no network in this test.")

    monkeypatch.setattr("extractor.backends.create_backend", refuse)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a moving grey bar, without a face."""
    path = tmp_path_factory.mktemp("clip") / "bar.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for i in range(50):
            image = np.full((240, 320, 3), 60, np.uint8)
            image[:, i * 6 : i * 6 + 20] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["motionscope"]


@pytest.fixture(autouse=True)
def _as_application(qapp: QApplication) -> None:
    """What ``make_application`` does: the theme, and a point in the numbers that C libraries read."""
    if not qapp.styleSheet():
        theme.apply(qapp)
        use_plain_locale()


@pytest.fixture(autouse=True)
def _no_thread_left(qapp: QApplication) -> Iterator[None]:
    """A test that leaves a thread running fails; threads of libraries' pools, made once, don't count."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 15
    left: list[threading.Thread] = []
    while time.monotonic() < deadline:
        left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
        if not left:
            return
        left[0].join(0.05)
    pytest.fail(f"threads left running: {', '.join(thread.name for thread in left)}")


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bait]:
    monkeypatch.chdir(tmp_path)
    bait = Bait(tmp_path / "bait.png")
    yield bait
    QToolTip.hideText()
    bait.close()
