"""A camera on the network as a source: connected to by the address that somebody typed, and to nothing else."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import av
import av.error
import cv2
from av.video.stream import VideoStream

from app.capture.camera import CameraSource
from app.capture.camera_worker import CameraKind, CameraTiming
from app.capture.devices import CameraDevice
from app.capture.video import MOST_FILM_PIXELS
from app.core.addresses import CameraAddress
from app.core.containers import open_stream
from app.core.errors import SourceError
from app.core.film import film_stream, has_times, shown_picture

_LETTERS = {"mjpeg": "MJPG"}  # four, as cameras are described elsewhere

READ_SHARE = 0.5  # of the time after which a silent camera's thread is given up, a read ends by itself

NETWORK = CameraKind(
    "network",
    "The camera at {name} gave no picture within {seconds:.0f} seconds: check its address, and that both are "
    "in one network.",
    "The camera at {name} sends no pictures that can be decoded: try another address or format of it.",
    "The connection to the camera at {name} is cut; it is made again by itself.",
    "The camera at {name} has sent no picture for {seconds:.0f} seconds; check it and the network.",
    lambda device: f"The camera at {device.name} can't be reached: check its address, and that it is switched on.",
    lambda timeout_s: True,
    buffers=True,
)


def network_camera(address: CameraAddress, timing: CameraTiming | None = None) -> CameraSource:
    """Not yet connected; ``open`` connects, and a connection that is cut is made again.

    Frames carry the time at which they came here: how long a camera and a network take is not known.
    """
    timing = timing or CameraTiming()
    device = CameraDevice(-1, address.label, "", cv2.CAP_ANY)
    return CameraSource(
        device,
        timing=timing,
        capture_factory=lambda _index, _backend: _Stream(address, timing),
        lister=lambda: (device,),
        kind=NETWORK,
    )


class _Stream:
    """A connection as ``app.capture.devices.Capture``."""

    def __init__(self, address: CameraAddress, timing: CameraTiming) -> None:
        """Connect.  Raises SourceError."""
        try:
            self._container = open_stream(address, timing.open_s * READ_SHARE, timing.hang_s * READ_SHARE)
        except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError, av.error.PermissionError):
            raise SourceError(
                f"The camera at {address.label} asks for another name and password; they go before the host, as in "
                "rtsp://NAME:PASSWORD@HOST."
            ) from None
        except (av.error.HTTPNotFoundError, av.error.FileNotFoundError):
            raise SourceError(f"The camera at {address.label} has nothing at this path: check the address.") from None
        except (av.error.TimeoutError, av.error.ExitError):  # the latter where PyAV ends the wait
            raise SourceError(NETWORK.silent.format(name=address.label, seconds=timing.open_s * READ_SHARE)) from None
        except (av.error.InvalidDataError, av.error.ArgumentError):
            raise SourceError(
                f"What is at {address.label} is no camera's stream: look up its address for RTSP or MJPEG."
            ) from None
        except (av.error.FFmpegError, OSError, ValueError):  # their messages hold the address, password and all
            raise SourceError(NETWORK.why_not(CameraDevice(-1, address.label, "", cv2.CAP_ANY))) from None
        try:
            stream = film_stream(self._container)
            if stream is None or stream.codec_context is None:
                raise SourceError(f"What is at {address.label} holds no video that can be decoded.")
            if stream.codec_context.width * stream.codec_context.height > MOST_FILM_PIXELS:
                raise SourceError(f"The pictures of the camera at {address.label} are larger than any camera's.")
            stream.codec_context.options = {"max_pixels": str(MOST_FILM_PIXELS)}
            stream.codec_context.flags |= av.codec.context.Flags.low_delay
        except BaseException:
            self._container.close()
            raise
        self._stream: VideoStream = stream
        self._frames = self._decode()
        self._frame: av.VideoFrame | None = None

    def isOpened(self) -> bool:
        return True

    def set(self, prop: int, value: float) -> bool:
        return False  # what it sends is set in the camera

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_FPS and has_times(self._container, self._stream):  # elsewhere FFmpeg says 25
            return float(self._stream.average_rate or self._stream.guessed_rate or 0)
        if prop == cv2.CAP_PROP_FOURCC:
            name = self._stream.codec_context.name
            return float(cv2.VideoWriter.fourcc(*_LETTERS.get(name, name.upper()[:4].ljust(4))))
        return 0.0

    def grab(self) -> bool:
        """Wait for the next frame; False when the connection is cut."""
        self._frame = next(self._frames, None)
        return self._frame is not None

    def retrieve(self) -> tuple[bool, Any]:
        return (False, None) if self._frame is None else (True, shown_picture(self._frame, self._stream))

    def release(self) -> None:
        self._frames.close()
        self._container.close()

    def _decode(self) -> Generator[av.VideoFrame, None, None]:
        try:
            for packet in self._container.demux(self._stream):
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError:  # a later one may be sound
                    continue
        except (av.error.FFmpegError, OSError):  # cut, or silent for too long
            return
