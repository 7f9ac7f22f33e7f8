"""The format requested from a camera: written as ``1280x720@30:MJPG``, and remembered for each camera."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.errors import UserError

LEAST_SIDE, MOST_SIDE = 16, 16384
MOST_FPS = 1000.0
_WRITTEN = re.compile(r"(\d{1,6})\s*[x×]\s*(\d{1,6})(?:\s*@\s*(\d{1,5}(?:\.\d{1,6})?))?(?:\s*:\s*([A-Za-z0-9]{3,4}))?")


@dataclass(frozen=True, slots=True)
class CameraFormat:
    """A format requested from a camera, which may grant another one."""

    width: int = 1280
    height: int = 720
    fps: float = 30.0
    fourcc: str = "MJPG"  # uncompressed video at this size doesn't fit through USB 2 at 30 frames a second

    def __str__(self) -> str:
        """As ``parse_camera_format`` reads it."""
        return f"{self.width}x{self.height}@{self.fps:.6g}:{self.fourcc}"


@dataclass(frozen=True, slots=True)
class KnownCamera:
    """A camera that somebody chose, by what the system calls it, and the format to ask it for."""

    name: str
    path: str  # may be empty
    format: CameraFormat


@dataclass(frozen=True, slots=True)
class CameraRequest:
    """The requested format and the formats remembered for known cameras."""

    format: CameraFormat | None = None  # asked of any camera, whatever is remembered
    known: tuple[KnownCamera, ...] = ()  # the one chosen last comes first


def parse_camera_format(text: str) -> CameraFormat:
    """``1280x720@30:MJPG``; rate and pixel format may be left out.  Raises UserError."""
    usual = CameraFormat()
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{text!r} is not a camera format; write one like 1280x720@30 or 640x480@60:MJPG.")
    width, height = int(match[1]), int(match[2])
    fps = float(match[3]) if match[3] else usual.fps
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE):
        raise UserError(f"No camera gives pictures of {width}x{height}; write a format like 1280x720@30.")
    if not 0 < fps <= MOST_FPS:
        raise UserError(f"No camera gives {fps:g} pictures a second; write a format like 1280x720@30.")
    return CameraFormat(width, height, fps, match[4].upper() if match[4] else usual.fourcc)
