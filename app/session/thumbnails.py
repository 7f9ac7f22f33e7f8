"""A small picture of each session for lists, kept in the program's cache, where its owner alone can read it.

They are pictures of faces: they go with the session that is deleted, and once a session is gone in another way.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.containers import open_container
from app.core.errors import SessionError
from app.core.film import film_stream, shown_picture
from app.core.frames import Image
from app.session.folders import VIDEO, part
from app.session.manifest import Manifest
from app.session.session import find_video
from extractor import files
from extractor.user_cache import cache_folder

WIDTH, HEIGHT = 192, 108
"""The most that a thumbnail has, in pixels."""

_PLACE = 0.3  # of the length: by then people sit
_MOST_BYTES = 1 << 20
_QUALITY = 85
_NETWORK = ("\\\\", "//")  # a path that begins so leads to another computer, which a list must not visit by itself


def thumbnail(folder: Path) -> bytes | None:
    """A JPEG of the session, at most 192 x 108 pixels, from the cache or made now; None where it has no picture.

    A video that is a link is left alone.  Blocks; raises nothing.
    """
    try:
        found = _video_of(folder)
        if found is None:
            return None
        video, size, kind = found
        status = video.stat()
        cached = _place(folder) / f"{_key(folder.name)}-{status.st_mtime_ns:x}-{status.st_size:x}.jpg"
        with contextlib.suppress(OSError):
            if not files.is_link(cached):
                return files.read(cached, _MOST_BYTES)
        data = _encoded(_picture(video, size, kind))
    except (SessionError, OSError, ValueError, IndexError, av.FFmpegError, cv2.error):
        return None  # a list goes without it; review says what is wrong with the video
    with contextlib.suppress(OSError):
        forget(folder)  # an earlier one
        files.make_folder(cached.parent)
        files.write_whole(cached, data, durable=False, private=True)
        if not folder.is_dir():  # it went while its picture was made
            forget(folder)
    return data


def forget(folder: Path) -> None:
    """Remove a session's thumbnail from the cache; raises nothing."""
    with contextlib.suppress(OSError):
        for path in _place(folder).glob(f"{_key(folder.name)}-*"):
            files.remove(path)


def keep_only(parent: Path, names: Iterable[str]) -> None:
    """Remove the thumbnails of the sessions directly in ``parent``, except of these names; raises nothing."""
    kept = {_key(name) for name in names}
    with contextlib.suppress(OSError):
        for path in _place(parent / "any").iterdir():
            if path.name.partition("-")[0] not in kept:
                files.remove(path)


def _place(folder: Path) -> Path:
    """The folder of the thumbnails of a session and its neighbours."""
    return cache_folder() / "thumbnails" / _key(os.path.abspath(folder.parent))  # noqa: PTH100


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _video_of(folder: Path) -> tuple[Path, tuple[int, int] | None, str | None] | None:
    """The video, its pictures' size without padding, and FFmpeg's name of its format where that is known."""
    manifest = Manifest.read(folder)
    info = manifest.video
    size = (info.width, info.height) if info is not None else None
    if manifest.header.media is None:
        for video in (folder / VIDEO, part(folder / VIDEO)):
            if video.is_file():
                files.refuse_links(video, folder)
                return video, size, "matroska"
        return None
    if manifest.header.media.path.startswith(_NETWORK):
        return None
    measured, _ = find_video(folder, manifest)
    if measured is None:
        return None
    files.refuse_links(measured)
    return measured, None, None


def _picture(video: Path, size: tuple[int, int] | None, kind: str | None) -> Image:
    """A key frame a third into the video, or its first one, as (H, W, 3) BGR.  Raises what FFmpeg does, ValueError."""
    with open_container(video, kind) as container:
        stream = film_stream(container)
        if stream is None or stream.codec_context is None:
            raise ValueError("no video")
        stream.codec_context.skip_frame = "NONKEY"
        if container.duration:
            with contextlib.suppress(av.FFmpegError):
                container.seek((container.start_time or 0) + int(_PLACE * container.duration))
        frame = next(iter(container.decode(stream)), None)
        if frame is None:
            container.seek(0)
            frame = next(container.decode(stream))
        image = shown_picture(frame, stream)
    return image if size is None else image[: size[1], : size[0]]


def _encoded(image: Image) -> bytes:
    height, width = image.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height, 1.0)
    small = cv2.resize(
        image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1]).tobytes()
