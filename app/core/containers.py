"""The one way to open a video that somebody else may have made."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer


def open_container(path: Path, kind: str | None = None) -> InputContainer:
    """Open a media file to read; ``kind`` is FFmpeg's name of the only format that it may have.

    A playlist in a video's place reaches for no network.  Raises av.FFmpegError, OSError and ValueError.
    """
    return av.open(str(path), format=kind, options={"protocol_whitelist": "file"}, metadata_errors="replace")
