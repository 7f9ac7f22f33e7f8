"""Records made by hand, for all tests."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.capture.video import VideoSource
from app.core.errors import SessionError
from app.core.frames import Box, Detection, FaceResult, Frame, FrameResult
from app.core.rotation import rotation_of
from app.core.text import ENCODING, ERRORS
from app.session.annotations import Annotation, parse_annotations
from app.session.table import Table, parse_table, read_columns
from app.session.text_table import encode_rows
from extractor.types import Angles

IDENTITY = np.eye(2, 3, dtype=np.float32)
IMAGE = np.zeros((2, 2, 3), np.uint8)
FPS = 30.0
START_S = 1000.0


def make_face(
    angles: Angles = Angles(0, 0, 0),  # noqa: B008  (frozen)
    face_id: int = 1,
    *,
    num_kp: int = 24,
    box: Box = Box(0, 0, 100, 100),  # noqa: B008
    score: float = 0.9,
    magnitudes: float = 0.0,
    **fields: object,
) -> FaceResult:
    """A face with this pose; ``fields`` replace fields of ``FaceResult``."""
    zeros = np.zeros((num_kp, 3), np.float32)
    values: dict[str, object] = {
        "face_id": face_id,
        "detection": Detection(box, score),
        "crop_to_frame": IDENTITY,
        "angles": angles,
        "std": Angles(1.0, 2.0, 3.0),
        "rotation": rotation_of(angles),
        "kp": zeros,
        "exp": zeros,
        "scale": 1.0,
        "t": np.zeros(3, np.float32),
        "keypoints": zeros[:, :2],
        "exp_magnitude": magnitudes,
        "brow_magnitude": magnitudes,
        "eye_magnitude": magnitudes,
        "mouth_magnitude": magnitudes,
        "logits": np.zeros((3, 66), np.float32),
    }
    return FaceResult(**{**values, **fields})  # type: ignore[arg-type]


def make_result(
    number: int,
    *faces: FaceResult,
    captured_s: float | None = None,
    image: NDArray[np.uint8] = IMAGE,
    truth: Angles | None = None,
) -> FrameResult:
    """Of the frame with this number; without ``captured_s``, ``FPS`` a second from ``START_S`` on."""
    captured_s = START_S + number / FPS if captured_s is None else captured_s
    return FrameResult(Frame(number, image, captured_s, truth=truth), faces, captured_s + 0.02)


def looking(yaw: float = 0, pitch: float = 0, roll: float = 0, number: int = 0) -> FrameResult:
    """A result with one face that looks there."""
    return make_result(number, make_face(Angles(pitch, yaw, roll)))


def write_video(path: Path, images: Iterable[np.ndarray], *, codec: str = "libx264", rotation: int = 0) -> None:
    """``images``: (H, W, 3) BGR, of one size, 30 a second.  ``rotation``: in degrees, as a phone notes it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.pix_fmt = "yuv420p"
        for i, image in enumerate(images):
            if i == 0:
                stream.height, stream.width = image.shape[:2]
                if rotation:
                    stream.set_display_rotation(rotation)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())


def write_phone_video(path: Path, rotation: int) -> np.ndarray:
    """Three frames with a dark mark top left, turned by ``rotation``; returns the first as it is measured."""
    image = np.full((48, 64, 3), 255, np.uint8)
    image[:16, :16] = 0
    write_video(path, [image] * 3, rotation=rotation)
    source = VideoSource(path, paced=False)
    source.open()
    measured = source.read(1.0)
    source.close()
    assert measured is not None
    return measured.image


def read_annotations(path: Path) -> tuple[Annotation, ...]:
    """All markers of a file in which every line is clear.  Raises SessionError."""
    parsed = parse_annotations(path)
    if parsed.problems:
        raise SessionError(parsed.problems[0])
    return parsed.annotations


def read_table(path: Path) -> Table:
    """All of a table that this app wrote."""
    return parse_table(path.read_bytes(), str(path))


def read_pictures(path: Path) -> tuple[tuple[str, ...], Table]:
    """The files' names and all else of an ``images.csv`` that this app wrote."""
    with path.open(newline="", encoding=ENCODING, errors=ERRORS) as file:
        head, *rows = csv.reader(file)
    numbered = [(str(k), fields[1] or "0", *fields[2:]) for k, fields in enumerate(rows)]
    table = parse_table(encode_rows([("frame", *head[1:]), *numbered]), str(path))
    return tuple(fields[0] for fields in rows), table


def read_signals(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of a ``signals.csv`` that this app wrote, NaN where a field is empty."""
    data = path.read_bytes()
    return read_columns(data, len(data), data.partition(b"\n")[0].decode().split(","), str(path))


def write_checkpoints(folder: Path) -> dict[str, Path]:
    """By stem: the shipped weights in half precision, LivePortrait's shape, a backbone without heads, no weights."""
    import torch

    from extractor.convert import convert
    from extractor.model import MotionExtractor
    from extractor.shipped import find_weights

    convert(find_weights("lite"), folder / "half.safetensors", torch.float16)
    torch.manual_seed(0)
    state = MotionExtractor(21, 66, backbone="atto").detector.state_dict()
    torch.save({f"detector.{name}": tensor for name, tensor in state.items()}, folder / "liveportrait.pth")
    body = {name: tensor for name, tensor in state.items() if not name.startswith("fc_")}
    torch.save({"model": body}, folder / "backbone.pth")
    (folder / "bad.pth").write_bytes(b"no weights at all")
    return {path.stem: path for path in folder.iterdir()}
