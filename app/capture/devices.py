"""Lists and opens cameras, and says what to do when one can't be opened."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

_BACKENDS: dict[str, tuple[int, ...]] = {
    "linux": (cv2.CAP_V4L2,),
    # DirectShow opens at once, honours MJPG and knows virtual cameras; Media Foundation opens slowly.
    "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}

_GUESSED = 4  # indices offered where cameras can't be listed

_LOG_LEVEL_ERROR = 2  # of OpenCV, which has no name for it in Python


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera as the system names it; the index moves when others come and go, the path doesn't."""

    index: int
    name: str
    path: str  # what stays the same: a device path or a unique identifier; may be empty
    backend: int  # cv2.CAP_...


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used; tests put a fake here."""

    def isOpened(self) -> bool: ...
    def set(self, prop: int, value: float) -> bool: ...
    def get(self, prop: int) -> float: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


CaptureFactory = Callable[[int, int], Capture]
"""Index and backend to an open capture, or to one that says it is not open."""


def list_cameras() -> tuple[CameraDevice, ...]:
    """The cameras by index, without opening any of them."""
    for backend in _backends():
        cameras = _enumerate(backend)
        if cameras:
            return cameras
    return ()


def can_list_cameras() -> bool:
    """Whether this system can name its cameras; elsewhere an index is taken on trust."""
    return bool(_backends())


def offered_cameras() -> tuple[CameraDevice, ...]:
    """The cameras to choose from, or the first indices where the system can't list any."""
    cameras = list_cameras()
    if cameras or can_list_cameras():
        return cameras
    return tuple(CameraDevice(index, f"Camera {index}", "", cv2.CAP_ANY) for index in range(_GUESSED))


def find_again(device: CameraDevice, cameras: Iterable[CameraDevice]) -> CameraDevice | None:
    """The same camera in a later list: by path, else by name; None while it is missing."""
    cameras = tuple(cameras)
    same_path = [c for c in cameras if c.path and (c.path, c.name) == (device.path, device.name)]
    same_name = [c for c in cameras if c.name == device.name]
    # Two cameras of one make differ in their index only, if at all.
    same_name.sort(key=lambda c: abs(c.index - device.index))
    return next(iter(same_path + same_name), None)


def open_capture(index: int, backend: int) -> Capture:
    """``cv2.VideoCapture`` without its warnings: the caller says that a camera can't be opened."""
    # Read when Media Foundation is first used: its hardware transforms take seconds to start.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    # The request for permission must come from a program's own code, outside the main thread.
    os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.setLogLevel(_LOG_LEVEL_ERROR)
    return cv2.VideoCapture(index, backend)


def why_not(device: CameraDevice) -> str:
    """One sentence: the camera can't be used, and what to try."""
    beginning = f"The camera {device.name!r} can't be opened: "
    if sys.platform.startswith("linux"):
        node = Path(device.path or f"/dev/video{device.index}")
        if not node.exists():
            return f"The camera {device.name!r} is no longer there: check its cable."
        if not os.access(node, os.R_OK | os.W_OK):
            return (
                beginning + "your account may not use cameras; add it to the group 'video' "
                "(sudo usermod -aG video $USER) and log in again."
            )
        return beginning + "another program is probably using it; close that program and try again."
    if sys.platform == "darwin":
        return beginning + (
            "close other programs that use it, and allow the terminal (or the app that started this program) "
            "under System Settings > Privacy & Security > Camera."
        )
    return beginning + (
        "close other programs that use it, and check that Settings > Privacy & security > Camera lets desktop apps in."
    )


def allow_camera(timeout_s: float) -> bool:
    """On macOS ask the person for the permission that this program needs; True elsewhere.

    The system asks once; afterwards it remembers the answer.
    """
    if sys.platform != "darwin":
        return True
    try:
        foundation: Any = importlib.import_module("AVFoundation")
        video = foundation.AVMediaTypeVideo
        status = foundation.AVCaptureDevice.authorizationStatusForMediaType_(video)
    except (ImportError, AttributeError):
        return True  # then opening the camera will tell
    undetermined, authorised = 0, 3
    if status != undetermined:
        return bool(status == authorised)
    answered = threading.Event()
    answer: list[bool] = []

    def on_answer(granted: bool) -> None:
        answer.append(bool(granted))
        answered.set()

    foundation.AVCaptureDevice.requestAccessForMediaType_completionHandler_(video, on_answer)
    return answered.wait(timeout_s) and answer[0]


def is_black(image: np.ndarray[Any, Any]) -> bool:
    """Whether a picture shows nothing at all, as with a closed shutter; samples every 16th pixel."""
    return bool(image[::16, ::16].max(initial=0) < 12)


def _backends() -> tuple[int, ...]:
    return _BACKENDS.get("linux" if sys.platform.startswith("linux") else sys.platform, ())


def _enumerate(backend: int) -> tuple[CameraDevice, ...]:
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        found = enumerate_cameras(backend)
    except (ImportError, OSError, NotImplementedError, AttributeError):  # no driver interface on this system
        return ()
    cameras = [CameraDevice(c.index, c.name or f"Camera {c.index}", c.path or "", backend) for c in found]
    return tuple(sorted(cameras, key=lambda camera: camera.index))
