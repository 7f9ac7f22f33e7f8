"""The formats that a Linux camera's driver lists, by the enumerating calls of ``linux/videodev2.h``.

They need no streaming and are allowed while another program has the camera.  What a driver names is
not yet what the camera grants: ``app.capture.grants`` asks for each.  linuxpy, the library for this,
leaves out sizes and rates that are given as ranges and brings 7,500 lines for three calls.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator

from app.core.camera_format import CameraFormat

if sys.platform == "linux":
    from fcntl import ioctl as _ioctl
else:

    def _ioctl(fd: int, request: int, arg: bytearray) -> int:
        raise OSError(errno.ENOSYS, "there is no v4l2 here")


Ioctl = Callable[[int, int, bytearray], int]

READABLE = ("MJPG", "JPEG", "YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "BGR3", "RGB3", "GREY")
"""The formats that OpenCV decodes; it does not decode H.264 and the like."""
COMMON_SIZES = (
    (320, 240), (640, 360), (640, 480), (800, 600), (960, 540), (960, 720), (1024, 768), (1280, 720), (1280, 960),
    (1920, 1080), (2560, 1440), (3840, 2160),
)  # fmt: skip
COMMON_RATES = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0, 60.0, 90.0, 120.0)
UNKNOWN_RATE = 30.0  # where a driver names no rates

MOST = 128  # entries of one list; drivers have been seen that never end it
_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE; 2 is continuous, 3 stepwise

_FMTDESC = struct.Struct("=III32sII12x")  # index, type, flags, description, pixelformat, mbus_code
_FRMSIZE = struct.Struct("=III6I8x")  # index, pixel_format, type; width, height, or min, max, step of each
_FRMIVAL = struct.Struct("=IIIII6I8x")  # index, pixel_format, width, height, type; seconds, or min, max, step of them


def _request(number: int, size: int) -> int:
    """``_IOWR('V', number, size)``"""
    return (3 << 30) | (size << 16) | (ord("V") << 8) | number


_ENUM_FMT = _request(2, _FMTDESC.size)
_ENUM_FRAMESIZES = _request(74, _FRMSIZE.size)
_ENUM_FRAMEINTERVALS = _request(75, _FRMIVAL.size)


def listed_formats(path: str, ioctl: Ioctl = _ioctl) -> tuple[CameraFormat, ...]:
    """Every readable format that the driver of the device file ``path`` names, ranges by their common values.

    Empty where it can't be asked.  May take as long as the driver likes: not for the window's thread.
    """
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return ()
    try:
        formats = [
            CameraFormat(width, height, rate, fourcc)
            for code, fourcc in _pixel_formats(fd, ioctl)
            for width, height in _sizes(fd, ioctl, code)
            for rate in _rates(fd, ioctl, code, width, height)
        ]
    finally:
        os.close(fd)
    return tuple(dict.fromkeys(formats))


def _pixel_formats(fd: int, ioctl: Ioctl) -> Iterator[tuple[int, str]]:
    for _, _, _, _, code, _ in _entries(fd, ioctl, _ENUM_FMT, _FMTDESC, (_CAPTURE, 0, b"", 0, 0)):
        fourcc = code.to_bytes(4, "little").decode("ascii", "replace").strip()
        if fourcc in READABLE:
            yield code, fourcc


def _sizes(fd: int, ioctl: Ioctl, code: int) -> Iterator[tuple[int, int]]:
    for _, _, kind, *numbers in _entries(fd, ioctl, _ENUM_FRAMESIZES, _FRMSIZE, (code, *[0] * 7)):
        if kind == _DISCRETE:
            yield numbers[0], numbers[1]
            continue
        least_w, most_w, step_w, least_h, most_h, step_h = numbers
        for width, height in dict.fromkeys((*COMMON_SIZES, (most_w, most_h))):
            if _within(width, least_w, most_w, step_w) and _within(height, least_h, most_h, step_h):
                yield width, height
        return  # one entry says it all


def _rates(fd: int, ioctl: Ioctl, code: int, width: int, height: int) -> Iterator[float]:
    """Frames a second; what the driver lists is the time between two of them."""
    known = False
    for entry in _entries(fd, ioctl, _ENUM_FRAMEINTERVALS, _FRMIVAL, (code, width, height, *[0] * 7)):
        kind, *numbers = entry[4:]
        if kind == _DISCRETE:
            if numbers[0] and numbers[1]:
                known = True
                yield round(numbers[1] / numbers[0], 3)
            continue
        shortest, longest = numbers[0] / max(numbers[1], 1), numbers[2] / max(numbers[3], 1)
        fastest = [round(1 / shortest, 3)] if shortest > 0 else []
        for rate in dict.fromkeys((*COMMON_RATES, *fastest)):
            if shortest - 1e-6 <= 1 / rate <= longest + 1e-6:
                known = True
                yield rate
        break
    if not known:
        yield UNKNOWN_RATE


def _within(value: int, least: int, most: int, step: int) -> bool:
    return least <= value <= most and (value - least) % max(step, 1) == 0


def _entries(
    fd: int, ioctl: Ioctl, request: int, layout: struct.Struct, question: tuple[int | bytes, ...]
) -> Iterator[tuple[int, ...]]:
    """The driver's answers to ``question`` with index 0, 1, 2 ..., until it has no more."""
    for index in range(MOST):
        buffer = bytearray(layout.pack(index, *question))
        try:
            ioctl(fd, request, buffer)
        except OSError:  # EINVAL behind the last one, ENOTTY where the driver doesn't know the call
            return
        yield layout.unpack(buffer)
