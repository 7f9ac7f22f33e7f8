"""The recorded video: H.264 or FFV1 in Matroska, every frame at its own time, readable after a crash."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.core.frames import Image
from app.session.disk import GuardedFile
from app.session.encoders import TICKS_PER_S as TICKS_PER_S
from app.session.encoders import X264, Encoder, add_stream, as_frame, padded_size
from app.session.manifest import VideoInfo


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
        frame = as_frame(self._padded_image(image), self._encoder.pixels)
        frame.pts, frame.time_base = shown, Fraction(1, TICKS_PER_S)
        packets = self._stream.encode(frame)
        self._last = shown
        self._container.mux(packets)

    def _padded_image(self, image: Image) -> Image:
        right, below = self._padded[0] - self.size[0], self._padded[1] - self.size[1]
        if right or below:
            return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)
        return image

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
