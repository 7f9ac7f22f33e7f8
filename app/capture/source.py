"""The protocol of a source of frames; each kind of source has a file beside this one."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Protocol, runtime_checkable

from app.core.frames import Frame
from app.core.records import Between, Side

MOST_FPS = 1e6
DEMO = "demo"  # the kind of the built-in demo, and the word that chooses it


class SourceState(enum.Enum):
    """The state of a source; the window shows ``SourceStatus.message`` beside it."""

    CLOSED = "closed"
    OPENING = "opening"
    STREAMING = "streaming"
    STALLED = "stalled"  # open, but no frame for a while
    LOST = "lost"  # vanished; it is being reopened
    ENDED = "ended"  # a file without loop, played to its end
    FAILED = "failed"  # can't go on by itself


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The state of a source, and why."""

    state: SourceState
    message: str = ""  # one sentence for the person at the screen, empty while all is well


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The granted properties of a source, not the requested ones."""

    kind: str  # "camera", "network", "video", "images", DEMO
    name: str  # for people: a camera's or a file's name, or a host without name and password
    width: Side
    height: Side
    fps: Annotated[float, Between(0, MOST_FPS)]  # nominal; 0 where unknown
    fourcc: str = ""  # the camera's pixel format or the file's codec
    asked: str = ""  # the format that somebody asked the camera for, as ``CameraFormat`` is written

    def __post_init__(self) -> None:
        if not 0 <= self.fps <= MOST_FPS:  # a driver may say anything, and it goes into session.json
            object.__setattr__(self, "fps", 0.0)


@runtime_checkable
class Interruptible(Protocol):
    """A source whose ``open`` may take long."""

    def interrupt(self) -> None:
        """Let ``open`` wait no longer, now or ever; it raises SourceError.  For another thread."""
        ...


@runtime_checkable
class Buffering(Protocol):
    """A source that may keep frames until they are read."""

    @property
    def buffers(self) -> bool:
        """Whether frames that are not read in time are kept."""
        ...


class Source(Protocol):
    """Frames in order.  All calls but ``status`` come from one thread: the capture thread."""

    def open(self) -> SourceInfo:
        """Start; may take seconds.  Raises SourceError."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, at its own pace; None when none came in time or the source has ended.

        Never drops a frame knowingly; a lost camera reopens itself while this returns None.
        Raises SourceError when the source can't go on.
        """
        ...

    @property
    def info(self) -> SourceInfo | None:
        """As granted; None before ``open``.  A reopened camera may come back with other values."""
        ...

    @property
    def status(self) -> SourceStatus: ...

    def close(self) -> None:
        """Free the device; returns within a second even when the driver hangs.  Idempotent."""
        ...


class FileSource:
    """The common part of sources that read files."""

    _info: SourceInfo | None = None
    _status = SourceStatus(SourceState.CLOSED)

    @property
    def info(self) -> SourceInfo | None:
        return self._info

    @property
    def status(self) -> SourceStatus:
        return self._status
