"""Damaged videos and pictures: they are measured as far as they go, or one sentence says why not."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import av
import cv2
import numpy as np

from app.capture.images import ImageSource, read_image
from app.capture.source import SourceState
from app.capture.video import VideoSource
from app.core.errors import UserError
from app.session.pictures import PictureReader
from app.session.recovery import copy_packets
from tests.fuzz.mutators import damage_bytes

NAME = "media"
EXPECTED: tuple[type[Exception], ...] = (UserError,)
FRAMES = 12
VIDEOS = {
    "h264.mp4": ("mp4", "libx264"), "h264.mkv": ("matroska", "libx264"), "vp9.webm": ("webm", "libvpx-vp9"),
    "mpeg4.avi": ("avi", "mpeg4"), "ffv1.mkv": ("matroska", "ffv1"), "mjpeg.mov": ("mov", "mjpeg"),
    "h264.ts": ("mpegts", "libx264"), "anim.gif": ("gif", "gif"),
}  # fmt: skip
PICTURES = (".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm")


def prepare(folder: Path) -> None:
    """A dozen frames in each container, and one picture of each kind."""
    folder.mkdir(parents=True)
    for name, (container, codec) in VIDEOS.items():
        with av.open(str(folder / name), "w", format=container) as file:
            stream = file.add_stream(codec, rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = {"gif": "rgb8", "ffv1": "bgr0", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
            for k in range(FRAMES):
                frame = av.VideoFrame.from_ndarray(_image(k), format="bgr24").reformat(format=stream.pix_fmt)
                frame.pts = k
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    for ending in PICTURES:
        (folder / f"picture{ending}").write_bytes(cv2.imencode(ending, _image(3))[1].tobytes())


def _image(number: int) -> np.ndarray:
    ramp = np.linspace(0, 200, 64, dtype=np.float32)[None, :, None] + 4 * number
    return np.broadcast_to(ramp, (48, 64, 3)).astype(np.uint8)


def damage(rng: random.Random, sound: Path, folder: Path) -> None:
    """One file."""
    source = rng.choice(sorted(sound.iterdir()))
    (folder / source.name).write_bytes(damage_bytes(rng, source.read_bytes()))


def attempt(folder: Path) -> None:
    """As a source, as a recorded video, as a picture."""
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(*EXPECTED):
            read_image(path)
        for source in (VideoSource(path, paced=False), ImageSource(path, paced=False)):
            with contextlib.suppress(*EXPECTED), contextlib.closing(source):
                source.open()
                for _ in range(4 * FRAMES):
                    if source.status.state is not SourceState.STREAMING:
                        break
                    source.read(1.0)
        with contextlib.suppress(*EXPECTED):
            reader = PictureReader(path, np.arange(FRAMES) / 25, None)
            try:
                for k in (0, FRAMES - 1, 3):
                    with contextlib.suppress(*EXPECTED):
                        reader.frame_at(k)
            finally:
                reader.close()
        with contextlib.suppress(av.FFmpegError):
            copy_packets(path, path.with_suffix(".copy.mkv"), "video")
