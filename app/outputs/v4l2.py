"""A video device that other programs see as a camera: v4l2loopback on Linux, written to by its own interface.

The usual library, pyvirtualcam, is under the GPL's version 2 alone, which this program's version 3
can't be combined with; the few calls of ``linux/videodev2.h`` that it takes are made here.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from pathlib import Path

from app.core.errors import OutputError, os_errors_as, reason

if sys.platform == "linux":
    from fcntl import ioctl
else:

    def ioctl(fd: int, request: int, arg: bytearray) -> int:
        """Only for type checkers and other systems."""
        raise OSError(errno.ENOSYS, "there is no v4l2 here")


NO_LINUX = (
    "A virtual camera needs Linux with v4l2loopback, as the libraries for other systems have another licence; "
    "here let OBS capture this window and start OBS's own virtual camera."
)
NO_DEVICE = (
    "There is no virtual camera: install v4l2loopback (on Debian: v4l2loopback-dkms), then run "
    "'sudo modprobe v4l2loopback exclusive_caps=1 card_label=Motionscope'."
)
DRIVER = b"v4l2 loopback"

_CAPABILITY = struct.Struct("16s32s32sIII12x")  # v4l2_capability: driver, card, bus, version, capabilities, device_caps
# v4l2_format with its v4l2_pix_format: type; width, height, pixelformat, field, bytesperline, sizeimage, ...
_FORMAT = struct.Struct("@I0P12I152x")
_QUERYCAP = (2 << 30) | (_CAPABILITY.size << 16) | (ord("V") << 8) | 0
_S_FMT = (3 << 30) | (_FORMAT.size << 16) | (ord("V") << 8) | 5
_VIDEO_OUTPUT = 2  # both V4L2_CAP_VIDEO_OUTPUT and V4L2_BUF_TYPE_VIDEO_OUTPUT
_DEVICE_CAPS = 0x8000_0000
_FIELD_NONE = 1
_YU12 = int.from_bytes(b"YU12", "little")


class V4l2Device:
    """A video output device, opened for writing."""

    def __init__(self, path: Path) -> None:
        """Raises OutputError when it isn't one, or is not to be had."""
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR)
        except OSError as error:
            raise OutputError(_unavailable(path, error)) from error
        try:
            self.driver, capabilities = self._query()
            if not capabilities & _VIDEO_OUTPUT:
                raise OutputError(f"{path} is a camera that can't be written to; choose one made by v4l2loopback.")
        except OSError as error:
            self.close()
            raise OutputError(f"{path} is no video device.") from error
        except OutputError:
            self.close()
            raise

    def _query(self) -> tuple[bytes, int]:
        buffer = bytearray(_CAPABILITY.size)
        ioctl(self._fd, _QUERYCAP, buffer)
        driver, _, _, _, capabilities, of_device = _CAPABILITY.unpack(buffer)
        return driver.rstrip(b"\0"), of_device if capabilities & _DEVICE_CAPS else capabilities

    def set_size(self, width: int, height: int) -> tuple[int, int]:
        """Ask for pictures of this even size in I420; the size that the device takes.  Raises OutputError."""
        pixels = (width, height, _YU12, _FIELD_NONE, width, width * height * 3 // 2, 0, 0, 0, 0, 0, 0)
        buffer = bytearray(_FORMAT.pack(_VIDEO_OUTPUT, *pixels))
        try:
            ioctl(self._fd, _S_FMT, buffer)
        except OSError as error:
            raise OutputError(
                f"{self.path} takes no pictures of {width}x{height}: {reason(error)}; close programs that read it."
            ) from error
        _, granted_width, granted_height, pixel_format, *_ = _FORMAT.unpack(buffer)
        if pixel_format != _YU12 or granted_width % 2 or granted_height % 2:
            raise OutputError(f"{self.path} takes no I420 pictures; close programs that read it and try again.")
        return granted_width, granted_height

    def write(self, picture: bytes | memoryview) -> None:
        """A whole picture; raises OutputError when the device is gone."""
        with os_errors_as(OutputError, f"The virtual camera {self.path} takes no pictures"):
            os.write(self._fd, picture)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def find_device(folder: Path = Path("/dev")) -> Path:
    """The first of v4l2loopback's devices that can be written to.  Raises OutputError."""
    if sys.platform != "linux":
        raise OutputError(NO_LINUX)
    forbidden = ""
    for path in sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name)):
        try:
            device = V4l2Device(path)
        except OutputError as error:
            if isinstance(error.__cause__, PermissionError):
                forbidden = str(error)
            continue
        found = device.driver == DRIVER
        device.close()
        if found:
            return path
    raise OutputError(forbidden or NO_DEVICE)


def _unavailable(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"There is no {path}. {NO_DEVICE}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} may not be written to: add your user to the group 'video' and log in again."
    return f"{path} can't be opened: {reason(error)}."
