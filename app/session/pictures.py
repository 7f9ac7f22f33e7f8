"""Pictures of a video by number, for looking at it: kept around the cursor, decoded on a thread of their own.

A jump goes to the key frame before the frame that is wanted and decodes on from there; what is
decoded on the way is kept, so that steps backwards cost nothing.  Of several requests the latest
counts, and one that became stale is given up between two frames.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.core.containers import open_container
from app.core.errors import SessionError
from app.core.film import LEAP_S, FilmFrames, film_stream, has_times, leaps, length_s, shown_picture
from app.core.frames import Image
from app.session.manifest import Manifest
from app.session.video import TICKS_PER_S, ticks

CACHE_BYTES = 192 * 1024 * 1024
"""The memory for decoded frames; at 1280x720 about 140 of them, more than a jump decodes."""

_READ_ON_S = 1.0  # up to here what lies between is decoded rather than jumped over
_ROUNDED_S = 0.02  # a file's length may lack so much of its last frame's time
_PREVIEW_S = 0.08  # a jump that takes longer shows what it passes


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Frame ``number`` of the video as (H, W, 3) BGR; without ``exact`` another one stands in, it can't be decoded."""

    number: int
    image: Image
    exact: bool = True


class PictureReader:
    """Frames of a video by number, with a cache; not thread-safe.

    The number of a frame is its place in ``times_s``: a frame is the one whose time is the
    nearest to it.  Where the file's own times can't be those, as in two films joined, frames are counted
    from the start, and every jump back decodes from there.  ``size`` (width, height) cuts padding off.
    """

    def __init__(
        self, path: Path, times_s: NDArray[np.float64], size: tuple[int, int] | None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        """``times_s``: (N,) increasing seconds from the first frame.  Raises SessionError."""
        self._path = path
        self._times = np.asarray(times_s, np.float64)
        self._size = size
        self._room = cache_bytes
        self._kept: OrderedDict[int, av.VideoFrame] = OrderedDict()  # as decoded: half the bytes of BGR
        self._kept_bytes = 0
        self._at = -1  # number of the frame decoded last; -1: unknown
        self._counts = size is None  # as long as a measured file is read from its start: as it was measured
        self._open()
        try:
            first = next(self._decoded, None)
            if first is None:
                raise SessionError(f"The video {path} can't be decoded: not one picture in it is readable.")
            self._start_s = first.time or 0.0
            self._by_time = size is not None or (has_times(self._container, self._stream) and self._agrees())
            self._cache(first)
        except BaseException:
            self._container.close()
            raise

    def _open(self) -> None:
        try:
            self._container = open_container(self._path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise SessionError(f"The video {self._path} can't be opened: it is damaged or no video.") from error
        stream = film_stream(self._container)
        if stream is None or stream.codec_context is None:
            self._container.close()
            raise SessionError(f"{self._path} contains no video.")
        self._stream = stream
        self._stream.thread_type = "AUTO"
        self._decoded = self._decode()

    def _agrees(self) -> bool:
        """Whether the table can have the file's own times: where these start over or leap, it goes on evenly."""
        length = length_s(self._container, self._stream, self._start_s)
        last = self._times[-1] if len(self._times) else 0.0
        return length == 0 or -_ROUNDED_S < length - last < (LEAP_S if leaps(self._container) else np.inf)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def kept(self) -> tuple[int, ...]:
        """The numbers of the frames in the cache, the least recently used first."""
        return tuple(self._kept)

    def frame_at(self, number: int, go_on: Callable[[Picture | None], bool] = lambda passed: True) -> Picture | None:
        """The picture of a frame.

        ``go_on`` is asked between two frames, with the picture passed on the way where that takes
        long, and otherwise with None; where it says no, None is returned.  Raises IndexError, and
        SessionError when the frame can't be decoded.
        """
        if not 0 <= number < len(self._times):
            raise IndexError(f"frame {number} of {len(self._times)}")
        kept = self._kept.get(number)
        if kept is not None:
            self._kept.move_to_end(number)
            return self._picture(number, kept)
        ahead_s = self._times[number] - self._times[self._at] if 0 <= self._at < number else np.inf
        if self._by_time and ahead_s > _READ_ON_S:
            self._jump(number)
        elif ahead_s == np.inf:
            self._start_over()
        shown_s = time.perf_counter()
        nearest: tuple[int, av.VideoFrame] | None = None
        for frame in self._decoded:
            k = self._cache(frame)
            if k == number:
                return self._picture(k, frame)
            if k > number:
                # Its own picture can't be decoded: the one before it stands in for it, as in a player.
                nearest = nearest or (k, frame)
                break
            nearest = (k, frame)
            passed = None
            if time.perf_counter() - shown_s > _PREVIEW_S:
                shown_s = time.perf_counter()
                passed = self._picture(k, frame)
            if not go_on(passed):
                return None
        if nearest is None:
            self._at = -1
            raise SessionError(f"Frame {number} of {self._path} is missing or can't be decoded.")
        return self._picture(number, nearest[1], exact=False)

    def image_at(self, number: int) -> Image:
        """(H, W, 3) BGR of a frame, its own.  Raises IndexError, and SessionError when it can't be decoded."""
        picture = self.frame_at(number)
        if picture is None or not picture.exact:
            raise SessionError(f"Frame {number} of the video is missing or can't be decoded.")
        return picture.image

    def _start_over(self) -> None:
        self._at = -1
        self._decoded.close()
        self._container.close()
        self._open()

    def _jump(self, number: int) -> None:
        wanted_s = self._times[number] + self._start_s
        base = self._stream.time_base
        assert base is not None
        self._at = -1
        self._counts = False
        for back_s in (0.0, 2.0, 10.0, np.inf):  # some containers land behind what was asked for
            target = int((max(self._start_s, wanted_s - back_s) + 1e-4) / base)
            try:
                self._decoded.close()
                self._container.seek(target, stream=self._stream, backward=True)
            except av.FFmpegError as error:
                if back_s == np.inf:
                    raise SessionError(f"The video {self._path} can't be searched: it is damaged.") from error
                continue
            self._decoded = self._decode()
            first = next(self._decoded, None)
            if first is None:
                continue
            if self._number_of(first) <= number or back_s == np.inf:
                self._decoded = _again(first, self._decoded)
                return

    def _decode(self) -> Generator[av.VideoFrame, None, None]:
        for decoded in FilmFrames(self._container, self._stream):
            yield decoded.frame

    def _number_of(self, frame: av.VideoFrame) -> int:
        if self._counts:
            return self._at + 1
        shown_s = (frame.time or 0.0) - self._start_s
        return int(np.abs(self._times - shown_s).argmin()) if len(self._times) else 0

    def _cache(self, frame: av.VideoFrame) -> int:
        number = self._at = self._number_of(frame)
        if number not in self._kept:
            self._kept[number] = frame
            self._kept_bytes += _bytes(frame)
            while self._kept_bytes > self._room and len(self._kept) > 1:
                self._kept_bytes -= _bytes(self._kept.popitem(last=False)[1])
        return number

    def _picture(self, number: int, frame: av.VideoFrame, exact: bool = True) -> Picture:
        image = shown_picture(frame, self._stream)
        if self._size is not None:
            image = image[: self._size[1], : self._size[0]]
        return Picture(number, image, exact)

    def close(self) -> None:
        self._kept.clear()
        self._decoded.close()
        self._container.close()

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_pictures(
    video: Path, manifest: Manifest, times_s: NDArray[np.float64], cache_bytes: int = CACHE_BYTES
) -> PictureReader:
    """The pictures of a session's video; ``times_s`` are its table's.  Raises SessionError."""
    info = manifest.video
    if info is None:  # a measured file: its times are its own
        return PictureReader(video, times_s - times_s[:1].sum(), None, cache_bytes)
    return PictureReader(video, ticks(times_s) / TICKS_PER_S, (info.width, info.height), cache_bytes)


def _again(first: av.VideoFrame, others: Generator[av.VideoFrame, None, None]) -> Generator[av.VideoFrame, None, None]:
    """A generator as before its first frame was taken."""
    yield first
    yield from others


def _bytes(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
