"""The one way from a path to FFmpeg: to read a video that somebody else may have made, and to write one."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer, OutputContainer


def open_container(path: Path, kind: str | None = None) -> InputContainer:
    """Open a media file to read; ``kind`` is FFmpeg's name of the only format that it may have.

    A playlist in a video's place reaches for no network.  Raises av.FFmpegError, OSError and ValueError.
    """
    return av.open(_name(path), format=kind, options={"protocol_whitelist": "file"}, metadata_errors="replace")


def create_container(path: Path, kind: str, options: dict[str, str]) -> OutputContainer:
    """Open a media file to write, in FFmpeg's format ``kind`` with its ``options``.  Raises as ``open_container``."""
    return av.open(_name(path), "w", format=kind, container_options=options)


def _name(path: Path) -> str:
    # FFmpeg takes what stands before a colon for a protocol: "12:30.mp4", "file:x".  No protocol begins with a slash.
    return str(path.absolute())
