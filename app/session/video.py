"""The recorded video: H.264 or FFV1 in Matroska, every frame at its own time, readable after a crash.

The encoders hold no frame back: after a crash the file ends with the frames that were captured last.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.core.frames import Image
from app.core.threads import encoder_threads
from app.session.codecs import FFV1
from app.session.disk import GuardedFile
from app.session.manifest import VideoInfo

TICKS_PER_S = 1000  # Matroska's own

_SMALLEST = 16  # H.264's macroblock
_LARGE = 1920 * 1088  # above this many pixels the software encoder must hurry
_LOSSLESS_PIXELS = 64 * 64  # smaller pictures can't be cut into slices


@dataclass(frozen=True, slots=True)
class Encoder:
    """One of FFmpeg's encoders, and how it is used here."""

    name: str  # FFmpeg's
    codec: str  # what it makes: h264 or ffv1
    pixels: str  # what it takes: yuv420p or bgr0
    options: tuple[tuple[str, str], ...]


# Measured on 720p camera pictures, one thread, CPU milliseconds a frame, MB a minute and dB:
# superfast 22: 7.1, 13, 39.7;  superfast 18: 10, 30, 40.0;  ultrafast 20: 8, 28, 39.4;  veryfast 22: 13, 9, 39.6.
X264 = Encoder("libx264", "h264", "yuv420p", (("preset", "superfast"), ("crf", "22"), ("tune", "zerolatency")))

# bgr0 is coded as RGB, so every value comes back; a checksum for each slice tells damage from noise.
LOSSLESS = Encoder("ffv1", "ffv1", "bgr0", (("level", "3"), ("slices", "4"), ("slicecrc", "1"), ("context", "0")))


def encoder_of(codec: str) -> Encoder:
    """The one that makes a codec of ``codecs.CODECS``."""
    return LOSSLESS if codec == FFV1 else X264


def padded_size(encoder: Encoder, width: int, height: int) -> tuple[int, int]:
    """The size that the encoder is given: H.264 takes even ones, and no smaller ones than a macroblock."""
    if encoder.codec == FFV1:
        return width, height
    return max(_SMALLEST, width + width % 2), max(_SMALLEST, height + height % 2)


def padded(image: Image, size: tuple[int, int]) -> Image:
    """The image in this size (width, height), its last pixels repeated to the right and below."""
    right, below = size[0] - image.shape[1], size[1] - image.shape[0]
    if right or below:
        return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)
    return image


def add_stream(container: OutputContainer, encoder: Encoder, width: int, height: int) -> VideoStream:
    """A stream of the container that this encoder writes, opened.  ``width``, ``height``: ``padded_size``.

    Raises av.FFmpegError, and ValueError where the library lacks it.
    """
    large = width * height > _LARGE
    options = dict(encoder.options)
    if encoder == X264 and large:
        options["preset"] = "ultrafast"
    if encoder.codec == FFV1 and width * height < _LOSSLESS_PIXELS:
        options["slices"] = "1"
    stream = container.add_stream(encoder.name, rate=30, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = width, height
    stream.pix_fmt = encoder.pixels
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS_PER_S)
    context.gop_size = 1 if encoder.codec == FFV1 else 30  # a second: what a jump to a frame must decode at most
    context.thread_count = encoder_threads(slow=large or encoder.codec == FFV1)
    if encoder.codec == FFV1:
        context.thread_type = "SLICE"  # threads that work on several frames would hold them back
    else:
        # cv2 converts with BT.601 to video range; untagged, players would guess BT.709 from 720 lines on.
        context.colorspace, context.color_range = 6, 1  # AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG
    context.open()
    return stream


def as_frame(image: Image, pixels: str) -> av.VideoFrame:
    """A (height, width, 3) BGR image of even size (any with ``bgr0``) as the encoder wants it."""
    if pixels == "bgr0":
        height, width = image.shape[:2]
        frame = av.VideoFrame(width, height, "bgr0")
        plane = frame.planes[0]  # its lines may be longer than the picture's; from_ndarray doesn't know this format
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[:height, : 4 * width] = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)).reshape(height, -1)
        return frame
    # cv2's conversion costs a quarter of swscale's and keeps 4 dB more.
    planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
    height = image.shape[0]
    if height % 4:  # from_numpy_buffer takes the height of these for one less
        return av.VideoFrame.from_ndarray(planes, format=pixels)
    return av.VideoFrame.from_numpy_buffer(planes, format=pixels)  # without a copy


def ticks(timestamps_s: NDArray[np.float64], per_s: int = TICKS_PER_S) -> NDArray[np.int64]:
    """(N,) times, ``per_s`` a second, at which the video shows frames captured at these increasing seconds.

    Rounded, and each at least one tick after the one before: the table keeps the exact times.
    """
    rounded = np.rint(np.asarray(timestamps_s, np.float64) * per_s).astype(np.int64)
    steps = np.arange(len(rounded))
    shown: NDArray[np.int64] = np.maximum.accumulate(rounded - steps) + steps
    return shown


def next_tick(timestamp_s: float, last: int) -> int:
    """``ticks`` one frame at a time; ``last`` is -1 before the first."""
    return max(round(timestamp_s * TICKS_PER_S), last + 1)


class VideoEncoder:
    """Encodes BGR frames of one size into an open file; not thread-safe.

    Nothing of a frame is held back: after ``encode`` it is in the file once the next one was encoded.
    """

    def __init__(self, file: GuardedFile, width: int, height: int, encoder: Encoder = X264) -> None:
        """Raises av.FFmpegError when the encoder can't be opened."""
        self._file = file
        self.size = (width, height)
        self._last = -1
        self._encoder = encoder
        self._padded = padded_size(encoder, width, height)
        self._container: OutputContainer = av.open(
            self._file,
            "w",
            format="matroska",
            # A cluster is written when it ends, so each frame has one of its own: a crash costs a single frame
            # here, also in the first second.  That is 15 bytes a frame.
            container_options={"cluster_time_limit": "0", "flush_packets": "1"},
        )
        self._stream: VideoStream = add_stream(self._container, encoder, *self._padded)

    @property
    def info(self) -> VideoInfo:
        return VideoInfo(self._encoder.codec, self._encoder.name, *self.size, *self._padded)

    def encode(self, image: Image, timestamp_s: float) -> None:
        """Append a (height, width, 3) frame of the size given at the start.

        ``timestamp_s``: since the first frame, later than the last.  Raises av.FFmpegError.
        """
        shown = next_tick(timestamp_s, self._last)
        frame = as_frame(padded(image, self._padded), self._encoder.pixels)
        frame.pts, frame.time_base = shown, Fraction(1, TICKS_PER_S)
        packets = self._stream.encode(frame)
        self._last = shown
        self._container.mux(packets)

    def finish(self) -> None:
        """Write the index and the duration, or nothing without a frame; the file stays open.

        Raises av.FFmpegError, OSError.
        """
        if self._last >= 0:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        """``finish``, and close the file."""
        try:
            self.finish()
        finally:
            self._file.close()


def fit(image: Image, width: int, height: int) -> tuple[Image, float, int, int]:
    """The image scaled into (width, height) with black bars, its scale and its offset (x, y)."""
    rows, cols = image.shape[:2]
    scale = min(width / cols, height / rows)
    w, h = max(1, round(cols * scale)), max(1, round(rows * scale))
    x, y = (width - w) // 2, (height - h) // 2
    fitted = np.zeros((height, width, 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=method)
    return fitted, scale, x, y
