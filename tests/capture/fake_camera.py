"""A camera without hardware: stands where ``cv2.VideoCapture`` stands.

    camera = FakeCamera(fps=200)
    source = CameraSource(camera.device, timing=QUICK, capture_factory=camera.open, lister=camera.list)

Everything a test does to it (``unplug``, ``stall``, ``hang_reads`` ...) takes effect at once, on
captures that are open as well.
"""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np

from app.capture.camera_worker import CameraTiming
from app.capture.devices import CameraDevice

QUICK = CameraTiming(
    open_s=2.0, first_s=0.2, stall_s=0.2, hang_s=0.5, failing_s=0.05, retry_s=(0.01, 0.02), close_s=0.2, black_s=0.1
)
"""The real times are seconds; no test needs to wait that long."""


class FakeCamera:
    """The device; ``open`` is the capture factory and ``list`` the system's list of cameras."""

    def __init__(
        self,
        name: str = "Fake camera",
        *,
        index: int = 0,
        size: tuple[int, int] = (320, 240),  # granted, whatever is asked
        fps: float = 100.0,
        reported_fps: float | None = None,
        fourcc: str = "MJPG",
        image: np.ndarray | None = None,  # sent in place of the counting pattern
    ) -> None:
        self.device = CameraDevice(index, name, f"/dev/fake/{name}", cv2.CAP_ANY + 1)
        self.size = size
        self.fps = fps
        self.reported_fps = fps if reported_fps is None else reported_fps
        self.fourcc = fourcc
        self.image = image
        self.refuses = False  # as when another program has it
        self.asked: list[tuple[int, float]] = []  # set() calls, in order
        self.opened = 0
        self.released = 0
        self.delivered = 0
        self._plugged = True
        self._broken = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._open_free = threading.Event()
        self._open_free.set()
        self._read_free = threading.Event()
        self._read_free.set()

    # ------------------------------------------------------------------ what can happen to it

    def unplug(self) -> None:
        """Gone from the list; open captures fail."""
        self._plugged = False

    def plug_in(self, index: int | None = None) -> None:
        """Back, perhaps under another index."""
        if index is not None:
            self.device = CameraDevice(index, self.device.name, self.device.path, self.device.backend)
        self._plugged = True

    def fail_reads(self, failing: bool = True) -> None:
        """Reads return at once without a picture."""
        self._broken = failing

    def stall(self, stalled: bool = True) -> None:
        """No frames, and reads wait; the driver wakes up now and then, as V4L2 does."""
        self._flowing.clear() if stalled else self._flowing.set()

    def hang_open(self, hanging: bool = True) -> None:
        self._open_free.clear() if hanging else self._open_free.set()

    def hang_reads(self, hanging: bool = True) -> None:
        """The driver doesn't return from grab."""
        self._read_free.clear() if hanging else self._read_free.set()

    def free(self) -> None:
        """Let go of everything that hangs; call it at the end of a test."""
        for event in (self._flowing, self._open_free, self._read_free):
            event.set()

    # ------------------------------------------------------------------ what the source sees

    def list(self) -> tuple[CameraDevice, ...]:
        return (self.device,) if self._plugged else ()

    def open(self, index: int, backend: int) -> FakeCapture:
        self.opened += 1
        self._open_free.wait()
        works = self._plugged and not self.refuses and (index, backend) == (self.device.index, self.device.backend)
        return FakeCapture(self, works)

    def picture(self, number: int) -> np.ndarray:
        if self.image is not None:
            return self.image.copy()
        width, height = self.size
        picture = np.full((height, width, 3), 90, np.uint8)
        picture[:, : number % width] = 180
        return picture


class FakeCapture:
    """One opening of it, with the methods of ``cv2.VideoCapture``."""

    def __init__(self, camera: FakeCamera, works: bool) -> None:
        self._camera = camera
        self._works = works
        self._due_s = time.monotonic()

    def isOpened(self) -> bool:
        return self._works

    def set(self, prop: int, value: float) -> bool:
        self._camera.asked.append((prop, value))
        return False

    def get(self, prop: int) -> float:
        camera = self._camera
        return {
            cv2.CAP_PROP_FRAME_WIDTH: float(camera.size[0]),
            cv2.CAP_PROP_FRAME_HEIGHT: float(camera.size[1]),
            cv2.CAP_PROP_FPS: camera.reported_fps,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*camera.fourcc)),
        }.get(prop, 0.0)

    def grab(self) -> bool:
        camera = self._camera
        camera._read_free.wait()
        if camera._broken or not camera._plugged or not self._works:
            return False
        while not camera._flowing.wait(0.01):
            if camera._broken or not camera._plugged:
                return False
        self._due_s = max(self._due_s + 1 / camera.fps, time.monotonic() - 1 / camera.fps)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        return True

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        if self._camera._broken:
            return False, None
        self._camera.delivered += 1
        return True, self._camera.picture(self._camera.delivered)

    def release(self) -> None:
        if self._works:
            self._camera.released += 1
        self._works = False
