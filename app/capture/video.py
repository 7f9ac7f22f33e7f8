"""A video file as a source: PyAV, exact presentation times, paced like a camera or as fast as it is read."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from app.capture.pacing import Pacer
from app.capture.source import FileSource, SourceInfo, SourceState, SourceStatus
from app.core.containers import open_container
from app.core.errors import SourceError
from app.core.film import FALLBACK_FPS, FilmFrames, film_stream, length_s, shown_picture
from app.core.frames import Frame, Image
from app.core.threads import decoder_threads

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv",
     ".3gp", ".mjpeg", ".gif", ".asf", ".divx", ".dv", ".f4v", ".mxf", ".vob", ".h264", ".264", ".h265", ".265",
     ".hevc", ".m2v", ".ivf"}
)  # fmt: skip

SHORT_BY_S = 0.5  # a file whose pictures end so much before its own length is damaged
MOST_FILM_PIXELS = 2**26  # 8192 x 8192, the largest that cameras record


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame, its presentation time from the start of the file, and whether a part of it is made up."""

    image: Image
    media_s: float
    damaged: bool


class VideoSource(FileSource):
    """Plays ``path``: at its own pace or, with ``paced=False``, as fast as it is read; once or in a loop.

    A damaged file plays as far as it can be read; ``status`` then says where it ended.
    """

    kind = "video"

    def __init__(
        self,
        path: str | Path,
        *,
        paced: bool = True,
        loop: bool = False,
        pacer: Pacer | None = None,
        threads: int | None = None,
    ) -> None:
        """``threads``: of the decoder, each of which holds a few frames; None: as ``app.core.threads`` says."""
        self._path = Path(path).expanduser()
        self._threads = threads
        self._paced = paced
        self._loop = loop
        self._pacer = pacer or Pacer()
        self._file: _VideoFile | None = None

    def open(self) -> SourceInfo:
        """Open the file and decode its first frame; raises SourceError when there is none."""
        self.close()
        self._status = SourceStatus(SourceState.OPENING)
        try:
            self._file = _VideoFile(self._path, self._threads)
        except SourceError as error:
            self._status = SourceStatus(SourceState.FAILED, str(error))
            raise
        self._next: Picture | None = self._file.first
        self._index = 0
        self._offset_s = 0.0  # media time of earlier plays
        height, width = self._file.first.image.shape[:2]
        self._info = SourceInfo(self.kind, self._path.name, width, height, self._file.fps, self._file.codec)
        self._status = SourceStatus(SourceState.STREAMING)
        return self._info

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame when it is due; None while it is not, and at the end."""
        if self._file is None:
            return None
        if self._next is None and self._status.state is SourceState.STREAMING:
            self._advance(self._file)  # here rather than after the last frame, which would have been delayed
        picture = self._next
        if picture is None:
            return None
        due_s = self._offset_s + picture.media_s
        captured = self._pacer.wait(due_s, timeout_s) if self._paced else self._pacer.now()
        if captured is None:
            return None
        frame = Frame(self._index, picture.image, captured, picture.media_s, damaged=picture.damaged)
        self._index += 1
        self._next = None
        return frame

    def _advance(self, file: _VideoFile) -> None:
        self._next = next(file.pictures, None)
        if self._next is not None:
            return
        problem = file.problem
        if not self._loop:
            self._status = SourceStatus(SourceState.ENDED, problem)
            return
        self._status = SourceStatus(SourceState.STREAMING, problem)
        self._offset_s += file.played_s
        file.close()
        self._file = _VideoFile(self._path, self._threads)  # a fresh start is more dependable than seeking
        self._next = self._file.first

    @property
    def length_s(self) -> float:
        """How long the file says it is; 0 where it doesn't say."""
        return self._file.length_s if self._file else 0.0

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
            if self._status.state is not SourceState.ENDED:
                self._status = SourceStatus(SourceState.CLOSED)


class _VideoFile:
    """One pass through a file: its ``first`` picture is decoded already, ``pictures`` are those after it."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._path = path
        self._container = _open(path)
        try:
            stream = film_stream(self._container)
            if stream is None:
                raise SourceError(f"{path.name} contains no video.")
            context = stream.codec_context
            if context is None:
                raise SourceError(f"{path.name} can't be decoded: FFmpeg doesn't know what its video is.")
            if context.width * context.height > MOST_FILM_PIXELS:  # a small file may claim more than the memory holds
                size = f"{context.width} x {context.height}"
                raise SourceError(f"{path.name} is refused: its pictures of {size} pixels are larger than any film's.")
            context.options = {"max_pixels": str(MOST_FILM_PIXELS)}  # pictures that grow later are not decoded
            stream.thread_type = "AUTO"
            context.thread_count = threads or decoder_threads()
            self._stream = stream
            self._frames = FilmFrames(self._container, stream)
            self.fps = self._frames.fps
            self.codec = str(context.name)
            self.pictures = self._decode()
            first = next(self.pictures, None)
            if first is None:
                raise SourceError(f"{path.name} can't be decoded: not one picture in it is readable.")
            self.first = first
        except BaseException:
            self._container.close()
            raise

    @property
    def played_s(self) -> float:
        """The seconds from the start to the end of the last picture shown so far."""
        return self._frames.end_s

    @property
    def problem(self) -> str:
        """One sentence when the file turned out to be damaged; call it at the end."""
        length, played = self.length_s, self.played_s
        if length - played > max(SHORT_BY_S, 2 / (self.fps or FALLBACK_FPS)):
            return (
                f"{self._path.name} is damaged or incomplete: only the first {played:.1f} of its "
                f"{length:.1f} seconds can be read."
            )
        if self._frames.damaged:
            return (
                f"{self._path.name} is damaged: {self._frames.damaged} of its {self._frames.count} frames are "
                "incomplete, or built on one that is, and were not measured."
            )
        if self._frames.broken:
            return f"{self._path.name} is damaged: {self._frames.broken} of its parts could not be decoded."
        return ""

    @property
    def length_s(self) -> float:
        """As the file says; 0 where it doesn't."""
        return length_s(self._container, self._stream, self._frames.begins_s)

    def _decode(self) -> Generator[Picture, None, None]:
        for decoded in self._frames:
            yield Picture(shown_picture(decoded.frame, self._stream), decoded.time_s, decoded.damaged)

    def close(self) -> None:
        self.pictures.close()
        self._container.close()


def _open(path: Path) -> av.container.InputContainer:
    try:
        # A playlist must not reach for the network.
        return open_container(path)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist.") from None
    except PermissionError:
        raise SourceError(f"{path} can't be read: permission denied.") from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a folder, not a video.") from None
    except (av.error.FFmpegError, OSError, ValueError):
        raise SourceError(f"{path.name} is not a video, or it is damaged or cut short.") from None
