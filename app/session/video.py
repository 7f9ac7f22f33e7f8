"""The recorded video: H.264 in Matroska, every frame at its own time, readable after a crash."""

from __future__ import annotations

import os
from fractions import Fraction

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.core.frames import Image
from app.session.disk import GuardedFile
from app.session.manifest import VideoInfo

TICKS_PER_S = 1000  # Matroska's own
_SMALLEST = 16  # H.264's macroblock
_LARGE = 1920 * 1088  # above this many pixels the encoder must hurry

# Measured on 720p camera pictures, one thread, CPU milliseconds a frame, MB a minute and dB:
# superfast 22: 7.1, 13, 39.7;  superfast 18: 10, 30, 40.0;  ultrafast 20: 8, 28, 39.4;  veryfast 22: 13, 9, 39.6.
_PRESET, _HURRIED, _CRF = "superfast", "ultrafast", "22"


def ticks(timestamps_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) milliseconds at which the video shows frames captured at these increasing seconds.

    Rounded, and each at least one tick after the one before: the table keeps the exact times.
    """
    rounded = np.rint(np.asarray(timestamps_s) * TICKS_PER_S).astype(np.int64)
    steps = np.arange(len(rounded))
    shown: NDArray[np.int64] = np.maximum.accumulate(rounded - steps) + steps
    return shown


def next_tick(timestamp_s: float, last: int) -> int:
    """``ticks`` one frame at a time; ``last`` is -1 before the first."""
    return max(round(timestamp_s * TICKS_PER_S), last + 1)


class VideoEncoder:
    """Encodes BGR frames of one size into an open file; not thread-safe.

    Nothing of a frame is held back: after ``encode`` it is in the file once half a second more was encoded.
    """

    def __init__(self, file: GuardedFile, width: int, height: int) -> None:
        self.info = VideoInfo(
            codec="h264",
            encoder="libx264",
            width=width,
            height=height,
            padded_width=max(_SMALLEST, width + width % 2),
            padded_height=max(_SMALLEST, height + height % 2),
        )
        self._file = file
        self._last = -1
        self._container: OutputContainer = av.open(
            file,
            "w",
            format="matroska",
            # A cluster is written when it ends: half a second is what a crash may cost here.
            container_options={"cluster_time_limit": "500", "flush_packets": "1"},
        )
        self._stream = self._add_stream()

    def _add_stream(self) -> VideoStream:
        large = self.info.width * self.info.height > _LARGE
        options = {"preset": _HURRIED if large else _PRESET, "crf": _CRF, "tune": "zerolatency"}
        stream = self._container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height = self.info.padded_width, self.info.padded_height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_S)
        context.gop_size = 30  # a second: what a jump to a frame must decode at most
        context.thread_count = min(4, max(1, (os.cpu_count() or 1) // 2)) if large else 1
        # cv2 converts with BT.601 to video range; untagged, players would guess BT.709 from 720 lines on.
        context.colorspace, context.color_range = 6, 1  # AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG
        return stream

    def encode(self, image: Image, timestamp_s: float) -> None:
        """Append a (height, width, 3) frame of the size given at the start.

        ``timestamp_s``: since the first frame, later than the last.  Raises av.FFmpegError.
        """
        info = self.info
        right, below = info.padded_width - info.width, info.padded_height - info.height
        if right or below:
            image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        # cv2's conversion costs a quarter of swscale's and keeps 4 dB more.
        frame = av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), format="yuv420p")  # type: ignore[arg-type]
        self._last = next_tick(timestamp_s, self._last)
        frame.pts = self._last
        frame.time_base = Fraction(1, TICKS_PER_S)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write the index and the duration, and close the file.  Raises av.FFmpegError, OSError."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
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
