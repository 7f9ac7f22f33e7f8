"""The video encoders of recordings.

They hold no frame back: after a crash the file ends with the frames that were captured last.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from app.core.frames import Image
from app.core.threads import encoder_threads
from app.session.codecs import FFV1

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
