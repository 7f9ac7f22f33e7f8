"""Measures what a camera grants: requests a format and looks at its pictures for a second."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from app.capture.camera import CameraSource
from app.capture.devices import CameraDevice
from app.capture.source import SourceInfo, SourceState
from app.capture.v4l2_formats import listed_formats
from app.core.camera_format import CameraFormat, parse_camera_format
from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.frames import Frame

MEASURE_S = 1.0
SETTLE_FRAMES = 3  # the first ones may come in a bunch
PATIENCE_S = 4.0  # without a picture for so long a format counts as refused
READ_S = 0.1
RATE_TOLERANCE = 0.02  # 29.97 is 30
SAME_PIXELS = {"YUY2": "YUYV", "JPEG": "MJPG"}  # names that differ from system to system

_USUAL_SIZES = ((1280, 720), (640, 480), (1920, 1080), (960, 540), (800, 600), (640, 360), (320, 240))
_RAW = "YUYV" if sys.platform.startswith("linux") else "YUY2"


@dataclass(frozen=True, slots=True)
class Grant:
    """The format that a camera granted, and the rate measured."""

    asked: CameraFormat
    info: SourceInfo  # the pictures' own size; rate and pixel format as the driver says
    measured_fps: float

    @property
    def format(self) -> CameraFormat:
        """The granted format, as a request."""
        return granted_format(self.info, self.asked)


def granted_format(info: SourceInfo, asked: CameraFormat) -> CameraFormat:
    """What the driver doesn't say is taken as asked for."""
    return CameraFormat(info.width, info.height, info.fps or asked.fps, info.fourcc or asked.fourcc)


def same_format(one: CameraFormat, other: CameraFormat) -> bool:
    """Whether a person would call them the same."""
    pixels = {SAME_PIXELS.get(f.fourcc, f.fourcc) for f in (one, other)}
    sizes = {(f.width, f.height) for f in (one, other)}
    return len(pixels) == len(sizes) == 1 and math.isclose(one.fps, other.fps, rel_tol=RATE_TOLERANCE)


def in_words(form: CameraFormat) -> str:
    """Size, rate and pixels as people read them."""
    return f"{form.width}×{form.height} at {form.fps:.4g} frames a second ({form.fourcc})"


def granted_instead(info: SourceInfo) -> str:
    """A sentence where somebody asked a camera for a format and it granted another one; usually empty."""
    if not info.asked:
        return ""
    asked = parse_camera_format(info.asked)
    granted = granted_format(info, asked)
    if same_format(asked, granted):
        return ""
    return f"The camera {info.name!r} grants {in_words(granted)} instead of {in_words(asked)}."


class RateGauge:
    """The rate of a camera's frames over a second, those included that nobody took in time."""

    def __init__(self) -> None:
        self._seen = 0
        self._first: Frame | None = None
        self._last: Frame | None = None

    def add(self, frame: Frame) -> None:
        """Count a frame; the first ones only let the camera settle."""
        self._seen += 1
        if self._seen == SETTLE_FRAMES:
            self._first = frame
        self._last = frame

    @property
    def complete(self) -> bool:
        """Whether enough frames were seen to tell the rate."""
        return self._span_s >= MEASURE_S

    @property
    def fps(self) -> float:
        """NaN before there are two frames to go by."""
        if self._first is None or self._last is None or self._span_s <= 0:
            return math.nan
        return (self._last.index - self._first.index) / self._span_s

    @property
    def _span_s(self) -> float:
        if self._first is None or self._last is None:
            return 0.0
        return self._last.captured_s - self._first.captured_s


def try_format(camera: CameraSource, asked: CameraFormat) -> Grant:
    """Open ``camera``, which was made to ask for ``asked``, look at its frames for a second, close it.

    Raises SourceError for a camera that can't be opened or sends nothing.
    """
    try:
        info = camera.open()
        gauge = RateGauge()
        heard_s = now_s()
        while True:
            frame = camera.read(READ_S)
            if frame is not None:
                heard_s = now_s()
                gauge.add(frame)
            if gauge.complete:
                return Grant(asked, info, gauge.fps)
            if now_s() - heard_s > PATIENCE_S or camera.status.state is SourceState.LOST:
                raise SourceError(
                    camera.status.message or f"The camera {info.name!r} sends no pictures as {in_words(asked)}."
                )
    finally:
        camera.close()


def candidates(device: CameraDevice) -> tuple[CameraFormat, ...]:
    """The formats to request from this camera: those its driver names, elsewhere the usual ones.

    May take as long as the driver likes.
    """
    listed = listed_formats(device.path) if sys.platform.startswith("linux") and device.path else ()
    return listed or usual_formats()


def usual_formats() -> tuple[CameraFormat, ...]:
    """Where the system doesn't tell what a camera has."""
    kinds = ((30.0, "MJPG"), (60.0, "MJPG"), (30.0, _RAW))
    return tuple(CameraFormat(width, height, fps, fourcc) for width, height in _USUAL_SIZES for fps, fourcc in kinds)
