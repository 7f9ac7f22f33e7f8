"""The picture as a camera that other programs can choose, with or without what was measured drawn into it."""

from __future__ import annotations

import math

import cv2
import numpy as np

from app.core.clock import now_s
from app.core.drawing import draw_face
from app.core.errors import OutputError
from app.core.frames import FrameResult, Image
from app.outputs.targets import CameraTarget
from app.outputs.threaded import ThreadedOutput
from app.outputs.v4l2 import V4l2Device, find_device

NAME = "virtual_camera"
REOPEN_S = 1.0


class VirtualCameraOutput(ThreadedOutput):
    """One picture a result, faces or not, as captured: never mirrored.

    The first picture has the size, or the device grants another; later pictures are fitted into it,
    for a program that reads the device expects no change.
    """

    def __init__(self, target: CameraTarget) -> None:
        """Raises OutputError where there is no such device."""
        path = target.device or find_device()
        super().__init__(NAME, " ".join(word for word in (str(path), "with overlay" if target.overlay else "") if word))
        self._overlay = target.overlay
        self._path = path
        self._device: V4l2Device | None = V4l2Device(path)
        self._size: tuple[int, int] | None = None  # width and height that the device takes
        self._tried_s = -math.inf
        self._start()

    def _deliver(self, result: FrameResult) -> bool:
        image = result.frame.image
        device = self._opened()
        if device is None:
            return False
        try:
            if self._size is None:
                self._size = device.set_size(max(2, image.shape[1] // 2 * 2), max(2, image.shape[0] // 2 * 2))
            if self._overlay:
                image = drawn(result)
            fitting = fitted(image, *self._size)
            device.write(np.asarray(cv2.cvtColor(fitting, cv2.COLOR_BGR2YUV_I420), np.uint8).data)
        except OutputError:
            self._release()  # it may have been taken away; it is looked for again
            raise
        return True

    def _opened(self) -> V4l2Device | None:
        """The device, opened again where it went away; at most once a second."""
        if self._device is None:
            now = now_s()
            if now - self._tried_s < REOPEN_S:
                raise OutputError(self._tally.problem)
            self._tried_s = now
            self._device = V4l2Device(self._path)
        return self._device

    def _release(self) -> None:
        device, self._device, self._size = self._device, None, None
        if device is not None:
            device.close()


def drawn(result: FrameResult) -> Image:
    """A copy of the frame with its faces drawn as in an exported video, the primary one over the others."""
    image = result.frame.image.copy()
    for shown in reversed(result.shown):
        if shown.face.pose_trained:
            draw_face(image, shown.face, shown.names, shown.angles)
    return image


def fitted(image: Image, width: int, height: int) -> Image:
    """The picture in this size, as large as it goes without distortion, on black."""
    rows, columns = image.shape[:2]
    if (columns, rows) == (width, height):
        return np.ascontiguousarray(image)
    if columns - width in (0, 1) and rows - height in (0, 1):
        return np.ascontiguousarray(image[:height, :width])  # odd sizes: I420 has none
    share = min(width / columns, height / rows)
    size = max(1, round(columns * share)), max(1, round(rows * share))
    out = np.zeros((height, width, 3), np.uint8)
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    out[y : y + size[1], x : x + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return out
