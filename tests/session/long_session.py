"""A long session made up in seconds: tiny pictures whose brightness tells their number, numbers that sway."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.capture.source import SourceInfo
from app.session.annotations import Annotation, encode_annotations
from app.session.folders import ANNOTATIONS, FRAMES, VIDEO
from app.session.manifest import COMPLETE, Manifest, SessionHeader
from app.session.table import columns
from app.session.video import VideoEncoder
from extractor.types import KEYPOINT_NAMES

WIDTH, HEIGHT = 96, 64
LOST = 50  # every so many frames has no face
LOW, LOW_QUALITY, THRESHOLD = range(60, 90), 0.2, 0.5
"""These frames are of low quality."""


def make_session(folder: Path, frames: int, rate: float = 30.0, video: bool = True) -> Path:
    """A whole session of so many frames, an annotation a minute."""
    folder.mkdir(parents=True)
    times = np.arange(frames) / rate
    info = None
    if video:
        encoder = VideoEncoder((folder / VIDEO).open("wb"), WIDTH, HEIGHT)
        ramp = np.linspace(0, 40, WIDTH, dtype=np.uint8)[None, :, None]
        for k in range(frames):
            encoder.encode(np.broadcast_to(ramp + grey(k), (HEIGHT, WIDTH, 3)).astype(np.uint8), float(times[k]))
        encoder.close()
        info = encoder.info
    header = SessionHeader(
        SourceInfo("camera", "Test camera", WIDTH, HEIGHT, rate, "MJPG"),
        num_kp=24,
        weights_name="weights.safetensors",
        keypoint_names=KEYPOINT_NAMES,
        participant="P01",
        task="long",
        pictures=video,
        quality_threshold=THRESHOLD,
    )
    write_table(folder / FRAMES, times)
    annotations = [
        Annotation(t, 2.0 if k % 2 else 0.0, f"minute {k % 3}", "", round(t * rate))
        for k, t in enumerate(np.arange(0, times[-1], 60.0).tolist())
    ]
    (folder / ANNOTATIONS).write_bytes(encode_annotations(annotations))
    manifest = Manifest(header, state=COMPLETE, frames=frames, inferred=frames, duration_s=float(times[-1]), video=info)
    replace(manifest, first_frame_monotonic_s=0.0).write(folder)
    return folder


def grey(frame: int) -> int:
    """What a picture's brightness tells; it survives H.264."""
    return 20 + frame * 7 % 180


def angles(times: np.ndarray, offset: float = 0.0) -> np.ndarray:
    """(N, 3) pitch, yaw, roll."""
    return np.stack([8 * np.sin(0.7 * times), 30 * np.sin(0.31 * times), 4 * np.cos(times)], axis=1) + offset


def write_table(path: Path, times: np.ndarray, offset: float = 0.0) -> None:
    """``frames.csv`` with 24 keypoints; every ``LOST``th row has no face."""
    names = columns("frame", 24)
    poses = angles(times, offset)
    points = np.linspace(20, 60, 48)
    tail = ",".join(f"{value:.3f}" for value in points)
    rest = "0.12500,-0.25000,1.25000,0.031250,30.000,20.000,30.000,36.000,12.50"
    place = "1.00,-2.00,60.00,0.10,0.20,4.00"
    empty = "," * (len(names) - 6)
    with path.open("w", newline="\n") as file:
        file.write(",".join(names) + "\n")
        for k, (time, (pitch, yaw, roll)) in enumerate(zip(times.tolist(), poses.tolist(), strict=True)):
            if k % LOST == LOST - 1:
                file.write(f"{k},{time:.6f},,0,1,no_face{empty}\n")
            else:
                quality = LOW_QUALITY if k in LOW else 0.9
                numbers = f"0.9000,{pitch:.4f},{yaw:.4f},{roll:.4f},1.0000,2.0000,1.5000,{rest},{quality},{place}"
                file.write(f"{k},{time:.6f},1,1,1,,{numbers},{tail}\n")
