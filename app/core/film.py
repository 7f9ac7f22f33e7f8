"""The film in a video file: which stream it is, each frame's time, and the picture that a player would show.

Whoever plays, measures, reviews or exports a file goes through here, so that all of them mean the
same picture by the same number and see it alike.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import av
import av.error
import cv2
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData, SideDataContainer
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from app.core.frames import Image

FALLBACK_FPS = 30.0
RESTART_S = 0.2  # a time that runs back by more starts over, as in two films joined; by less it is a slip
LEAP_S = 10.0  # the same forwards, in formats whose clocks leap
MOST_HELD = 16  # B-frames between two others; H.264 and HEVC refer to no more
MOST_STRETCH = 8.0  # a pixel's sides that differ by more are no camera's


@dataclass(frozen=True, slots=True, eq=False)
class FilmFrame:
    """A decoded frame and its time in seconds from the first one, increasing.

    ``damaged``: the decoder made up a part of it, or may have, in it or in a frame that it is built on.
    """

    frame: av.VideoFrame
    time_s: float
    damaged: bool = False


def film_stream(container: InputContainer) -> VideoStream | None:
    """The stream that a player shows: the default one, neither a cover nor a thumbnail; None without any."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (stream.disposition.attached_pic | stream.disposition.timed_thumbnails)
    ]
    return max(
        streams,
        key=lambda s: (s.codec_context is not None, s.frames != 1, bool(s.disposition & s.disposition.default)),
        default=None,
    )


def length_s(container: InputContainer, stream: VideoStream, begins_s: float) -> float:
    """How long the film is that begins at this time of the file's, as the file says; 0 where it doesn't."""
    from_zero = "matroska" in container.format.name  # its length ends where the film does, whenever that begins
    if stream.duration is not None and stream.time_base is not None:
        length = float(stream.duration * stream.time_base)
        # FFmpeg takes the file's length for a stream's that says none.
        from_zero = from_zero and container.duration is not None and length >= container.duration / av.time_base - 0.001
    elif container.duration is None or container.streams.audio:
        return 0.0
    else:
        length = container.duration / av.time_base
    return max(0.0, length - begins_s) if from_zero else length


def has_times(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the file says when each frame is shown; where it doesn't, counting from the start alone finds a frame."""
    return not _is_timeless(container) and not _has_decoding_times_only(container, stream)


def leaps(container: InputContainer) -> bool:
    """Whether the format's clock may leap on the way, as a broadcast's does."""
    return bool(av.format.Flags(container.format.flags) & av.format.Flags.ts_discont)


def _is_timeless(container: InputContainer) -> bool:
    return bool(av.format.Flags(container.format.flags) & av.format.Flags.no_timestamps)


def _has_decoding_times_only(container: InputContainer, stream: VideoStream) -> bool:
    # AVI says when packets are decoded; FFmpeg makes up the rest, wrongly where frames are reordered.
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


class FilmFrames:
    """Decodes a stream from where its container stands; ``broken`` counts the parts that can't be decoded."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.broken = 0
        self.count = 0  # frames so far
        self.damaged = 0  # of them
        self._doubtful = False  # whether what comes before the next key frame is built on something damaged
        self.begins_s = 0.0  # the first frame's time in the file
        self._timeless = _is_timeless(container)
        # Without times the demuxer says 25 a second, whatever the stream says.
        rate = stream.guessed_rate if self._timeless else stream.average_rate or stream.guessed_rate
        self.fps = float(rate) if rate else 0.0
        self._container = container
        self._stream = stream
        self._step_s = 1 / (self.fps or FALLBACK_FPS)
        self._shown_s = self._step_s
        self._sort_decoding_times = _has_decoding_times_only(container, stream)
        self._leaps = leaps(container)
        self._decoding_times: list[int] = []  # a heap, for the packets in the decoder
        self._zero_s: float | None = None
        self._last_s = -self._step_s

    @property
    def end_s(self) -> float:
        """When the last frame so far is over."""
        return self._last_s + self._shown_s

    def __iter__(self) -> Generator[FilmFrame, None, None]:
        held: list[FilmFrame] = []  # B-frames, which may be built on what is shown after them
        corrupt = False  # one of them
        for film_frame in self._decode():
            frame = film_frame.frame
            if frame.key_frame:
                self._doubtful = False
            corrupt |= frame.is_corrupt
            self._doubtful |= frame.is_corrupt
            held.append(replace(film_frame, damaged=self._doubtful))
            if frame.pict_type == PictureType.B and len(held) <= MOST_HELD:
                continue
            yield from self._settled(held, corrupt)
            held, corrupt = [], False
        yield from self._settled(held, corrupt)

    def _settled(self, held: list[FilmFrame], corrupt: bool) -> Generator[FilmFrame, None, None]:
        for film_frame in held:
            damaged = film_frame.damaged or corrupt
            self.count += 1
            self.damaged += damaged
            yield replace(film_frame, damaged=damaged)

    def _decode(self) -> Generator[FilmFrame, None, None]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError):  # unreadable from here on
                self.broken += 1
                return
            if packet is None:
                return
            dts = packet.dts if self._sort_decoding_times and packet.size > 0 else None
            if dts is not None:
                heapq.heappush(self._decoding_times, dts)
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, OSError):  # a later packet may be sound
                self.broken += 1
                self._doubtful = True
                if dts is not None:
                    heapq.heappop(self._decoding_times)
                continue
            for frame in frames:
                yield FilmFrame(frame, self._time_s(frame))

    def _time_s(self, frame: av.VideoFrame) -> float:
        time_s = self._own_time_s(frame)
        if time_s is not None:
            if self._zero_s is None:
                self._zero_s = self.begins_s = time_s
            step_s = time_s - self._zero_s - self._last_s
            if step_s < -RESTART_S or (self._leaps and step_s > LEAP_S):
                self._zero_s = time_s - self._last_s - self._step_s
            time_s -= self._zero_s
        if time_s is None or time_s <= self._last_s:
            time_s = self._last_s + self._step_s
        self._last_s = time_s
        base = frame.time_base
        self._shown_s = self._step_s
        if frame.duration and base and not self._timeless:
            self._shown_s = float(frame.duration * base)
        return time_s

    def _own_time_s(self, frame: av.VideoFrame) -> float | None:
        if not self._sort_decoding_times:
            return frame.time
        # Pictures come out in the order of their times, one for each packet.
        base = self._stream.time_base
        return float(heapq.heappop(self._decoding_times) * base) if self._decoding_times and base else None


_ONE_THREAD: Any = {"threads": 1} if "threads" in (VideoReformatter.reformat.__doc__ or "") else {}  # since PyAV 17
_converters = threading.local()


def _converter() -> VideoReformatter:
    """This thread's own: with one for each frame, which is the default, come threads of their own for each frame."""
    if not hasattr(_converters, "one"):
        _converters.one = VideoReformatter()
    converter: VideoReformatter = _converters.one
    return converter


def shown_picture(frame: av.VideoFrame, stream: VideoStream) -> Image:
    """(H, W, 3) BGR as a player shows it: with square pixels, turned and mirrored as the file says."""
    image = np.asarray(_converter().reformat(frame, format="bgr24", **_ONE_THREAD).to_ndarray(), np.uint8)
    aspect = stream.sample_aspect_ratio
    if aspect and aspect != 1 and 1 / MOST_STRETCH <= aspect <= MOST_STRETCH:
        height, width = image.shape[:2]
        method = cv2.INTER_AREA if aspect < 1 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, (max(1, round(width * aspect)), height), interpolation=method), np.uint8)
    a, b, c, d = _display_matrix(frame)
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, a, d = image.transpose(1, 0, 2), c, b
    if a < 0:
        image = image[:, ::-1]
    if d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)


def _display_matrix(frame: av.VideoFrame) -> tuple[float, float, float, float]:
    """a, b, c, d of x' = a x + c y, y' = b x + d y, from the stored pixels to the shown ones."""
    try:
        # Not frame.side_data: that and the frame would hold each other, and keep the picture until some later time.
        matrix = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]  # the stub forgets it
    except ValueError:  # PyAV can't list what stands beside it, such as Exif, but knows the angle
        angle = np.deg2rad(frame.rotation)
        return float(np.cos(angle)), -float(np.sin(angle)), float(np.sin(angle)), float(np.cos(angle))
    if not isinstance(matrix, SideData):
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    return a, b, c, d
