"""``motion.bin``: what the network gave for the primary face, before anything was decoded or rounded.

The first line is JSON: the format's name and version, ``num_kp`` and ``num_bins``.  After it come
records of one size, one for each frame with a measured face, in the order of the frames.  A record is
little-endian and packed: the frame's number (uint32), then float32 values, see ``record_type``.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError, reason
from app.core.frames import FaceResult
from app.core.records import Between, Count, RecordError, build, parse_json
from app.session.table import measured
from extractor import files

FORMAT = "motionscope.motion"
VERSION = 1
_LONGEST_HEADER = 4096
_Many = Annotated[int, Between(1, 100_000)]  # keypoints or bins; above that the header is damaged


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line."""

    format: str
    version: Count
    num_kp: _Many
    num_bins: _Many


def record_type(num_kp: int, num_bins: int) -> np.dtype[Any]:
    """A record: the seven heads with K keypoints and N bins, and what turns them into pixels.

    ``rotation`` maps head to camera (``Rz(roll) Ry(yaw) Rx(pitch)``); ``crop_to_frame`` maps crop
    coordinates, -1 to +1, to the video's pixels.
    """
    return np.dtype(
        [
            ("frame", "<u4"),
            ("pitch", "<f4", (num_bins,)),
            ("yaw", "<f4", (num_bins,)),
            ("roll", "<f4", (num_bins,)),
            ("t", "<f4", (3,)),
            ("exp", "<f4", (num_kp, 3)),
            ("scale", "<f4"),
            ("kp", "<f4", (num_kp, 3)),
            ("rotation", "<f4", (3, 3)),
            ("crop_to_frame", "<f4", (2, 3)),
        ]
    )


class MotionEncoder:
    """Faces to the bytes of the file; the first face says how many keypoints and bins there are."""

    def __init__(self) -> None:
        self._type: np.dtype[Any] | None = None
        self._shapes: tuple[tuple[int, ...], ...] = ()

    def encode(self, frame: int, face: FaceResult) -> bytes:
        """The face's record, after the header when it is the first.

        Empty for a face without a measured pose, without bins (an estimator's, which has no raw outputs), and for
        one of another network than the first's.
        """
        shapes = (face.kp.shape, face.exp.shape, face.logits.shape)
        if not measured(face) or not face.logits.size or (self._type is not None and shapes != self._shapes):
            return b""
        header = b""
        if self._type is None:
            (num_kp, *_), (_, num_bins) = face.kp.shape, face.logits.shape
            if shapes != ((num_kp, 3), (num_kp, 3), (3, num_bins)):
                return b""
            self._shapes, self._type = shapes, record_type(num_kp, num_bins)
            about = _Header(FORMAT, VERSION, num_kp, num_bins)
            header = json.dumps(dataclasses.asdict(about)).encode("ascii") + b"\n"
        record = np.zeros((), self._type)
        record["frame"] = frame
        record["pitch"], record["yaw"], record["roll"] = face.logits
        for name in ("t", "exp", "scale", "kp", "rotation", "crop_to_frame"):
            record[name] = getattr(face, name)
        return header + record.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class MotionRecords:
    """The records as they lie on the disk; what isn't touched isn't read."""

    records: NDArray[Any]  # (M,) of ``record_type``, frames increasing
    offset: int  # bytes before the first one

    def below(self, frames: int) -> NDArray[Any]:
        """Those of frames below ``frames``, up to the first that is out of order; looks at all of them."""
        numbers = self.records["frame"].astype(np.int64)
        sound = (numbers < frames) & (np.diff(numbers, prepend=-1) > 0)
        return self.records if sound.all() else self.records[: int(np.argmin(sound))]


def open_motion(path: Path) -> MotionRecords:
    """Map the file; a last record that was cut off is left out.

    Raises SessionError when it isn't there, can't be read or isn't such a file.
    """
    try:
        return _map(path)
    except FileNotFoundError:
        raise SessionError(
            f"{path.parent} holds no raw outputs of the network, of which this format is made: nothing was measured, "
            "or another estimator or an earlier version did."
        ) from None
    except OSError as error:
        raise SessionError(f"{path} can't be read: {reason(error)}.") from error


def whole_size(path: Path, frames: int) -> int:
    """How many bytes of a file that was cut off are sound: records of frames below ``frames``, increasing.

    After a power loss its end may be zeros.  0 where the header isn't whole.  Raises OSError.
    """
    try:
        motion = _map(path)
    except SessionError:
        return 0
    return motion.offset + motion.below(frames).nbytes


def _map(path: Path) -> MotionRecords:
    with files.open_read(path) as file:
        header = file.readline(_LONGEST_HEADER)
        size = os.fstat(file.fileno()).st_size
    kind = _parse_header(header, path)
    count = (size - len(header)) // kind.itemsize
    if not count:
        return MotionRecords(np.empty(0, kind), len(header))
    return MotionRecords(np.memmap(path, kind, mode="r", offset=len(header), shape=(count,)), len(header))


def _parse_header(header: bytes, path: Path) -> np.dtype[Any]:
    try:
        about = build(_Header, parse_json(header))
        if about.format != FORMAT or not header.endswith(b"\n"):
            raise RecordError
    except RecordError:
        raise SessionError(f"{path} is damaged: its first line does not say {FORMAT}.") from None
    if about.version > VERSION:
        raise SessionError(f"{path} was written by a newer version of the app: please update.")
    return record_type(about.num_kp, about.num_bins)
