"""The one way to FFmpeg: to read a video that somebody else may have made or a camera's stream, and to write one."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from app.core.addresses import CameraAddress

_PROTOCOLS = {
    "rtsp": "rtsp,rtp,tcp",
    "rtsps": "rtsp,rtp,tcp,tls",
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
}
"""What each may use; no playlist, so that a stream leads nowhere but to its own camera."""

_STREAM_FORMATS = "rtsp,rtp,sdp,mpjpeg,mjpeg,jpeg_pipe,mpegts,flv,matroska,webm"


def open_container(path: Path, kind: str | None = None) -> InputContainer:
    """Open a media file to read; ``kind`` is FFmpeg's name of the only format that it may have.

    A playlist in a video's place reaches for no network.  Raises av.FFmpegError, OSError and ValueError.
    """
    return av.open(_name(path), format=kind, options={"protocol_whitelist": "file"}, metadata_errors="replace")


def open_stream(address: CameraAddress, open_s: float, read_s: float) -> InputContainer:
    """Connect to a camera, which has ``open_s`` seconds to answer and afterwards ``read_s`` for each read.

    Raises as ``open_container``; messages of these errors hold the whole address and are not to be shown.
    """
    scheme = address.url.partition(":")[0]
    options = {
        "protocol_whitelist": _PROTOCOLS[scheme],
        "format_whitelist": _STREAM_FORMATS,
        "fflags": "nobuffer",
        "analyzeduration": "500000",  # microseconds: what is looked at before the first picture makes that late
        "fpsprobesize": "0",
    }
    if scheme.startswith("rtsp"):
        options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}  # over UDP pictures arrive with holes
    else:
        options |= {"http_proxy": "", "seekable": "0"}  # to the camera itself
    return av.open(address.url, options=options, timeout=(open_s, read_s), metadata_errors="replace")


def create_container(path: Path, kind: str, options: dict[str, str]) -> OutputContainer:
    """Open a media file to write, in FFmpeg's format ``kind`` with its ``options``.  Raises as ``open_container``."""
    return av.open(_name(path), "w", format=kind, container_options=options)


def _name(path: Path) -> str:
    # FFmpeg takes what stands before a colon for a protocol: "12:30.mp4", "file:x".  No protocol begins with a slash.
    return str(path.absolute())
