"""The table of measurements: its columns, its number formats, writing and reading it.

``frames.csv`` has one row a video frame: row k (counted from 0) is frame k and holds the primary
face.  Where more faces were measured, they stand in ``faces.csv`` beside it: the same columns, any
number of rows a frame.  ``images.csv`` has the file's name in place of the frame's number.

``success`` is 1 when a pose was measured.  Otherwise it is 0, every number after ``missing``, and
``face_id``, is empty, and ``missing`` says why: one of the words of ``Missing``.  ``inferred`` is 1
when the network's part of the pipeline looked at the frame to the end, whatever it found.  Decimal
points, commas between fields, UTF-8, line feeds; never "nan".

Tables that lack ``quality`` or the position are older; others that lack columns are for ``app.session.saved_table``.
"""

from __future__ import annotations

import enum
import functools
import math
import mmap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.core.frames import FaceResult, Floats
from app.core.text import ENCODING, ERRORS
from app.session.text_table import whole_lines
from extractor.types import Angles
from extractor.values import first_line

Key = Literal["frame", "file"]


class Missing(enum.IntEnum):
    """The reason why a row has no pose; the file holds ``word``, a table the number."""

    NOTHING = 0  # it has one
    NO_FACE = 1  # the detector looked and found none, or the primary face was hidden
    SKIPPED = 2  # the network was busy with an earlier frame
    FAILED = 3  # the detector or the engine did, or gave no number; nothing is known of faces in the frame
    UNTRAINED = 4  # there is a face, but the weights hold no head pose
    UNKNOWN = 5  # the row was lost in a crash, or stands in an old table
    DAMAGED = 6  # a part of the picture is lost in the file; what the decoder made up is not measured

    @property
    def word(self) -> str:
        """The word in the table; empty where nothing is missing."""
        return "" if self is Missing.NOTHING else self.name.lower()

    @classmethod
    def of(cls, *, damaged: bool, failed: bool, inferred: bool = True) -> Missing:
        """The reason of a frame without a primary face."""
        if damaged:
            return cls.DAMAGED
        return cls.FAILED if failed else cls.NO_FACE if inferred else cls.SKIPPED


MISSING_REASONS = tuple(reason.word for reason in Missing)
LEAD = ("timestamp_s", "face_id", "success", "inferred", "missing")
"""The columns between the key and the numbers."""
MISSING = 1 + LEAD.index("missing")  # its place in a row

_DECIMALS: dict[str, int] = {
    "detection_score": 4,
    **dict.fromkeys(("pitch_deg", "yaw_deg", "roll_deg", "pitch_std_deg", "yaw_std_deg", "roll_std_deg"), 4),
    **dict.fromkeys(("tx", "ty", "scale"), 5),
    "exp_magnitude": 6,
    **dict.fromkeys(("box_x", "box_y", "box_w", "box_h"), 3),
    "latency_ms": 2,
    "quality": 4,
    **dict.fromkeys(("x_cm", "y_cm", "z_cm", "x_std_cm", "y_std_cm", "z_std_cm"), 2),
}
_KEYPOINT_DECIMALS = 3

TRUTH_COLUMNS = ("frame", "timestamp_s", "pitch_deg", "yaw_deg", "roll_deg")
_NUMBERS = tuple(_DECIMALS)

_FIRST = _NUMBERS.index("quality")
"""So many numbers had the first tables; what was added since stands behind them, and older tables lack its end."""

_BLOCK = 1 << 20  # bytes Arrow parses at once


def columns(key: Key, num_kp: int, numbers: int = len(_NUMBERS)) -> tuple[str, ...]:
    """The header, in order; an older table's has fewer ``numbers``."""
    points = tuple(f"kp_{i}_{axis}" for i in range(num_kp) for axis in "xy")
    return (key, *LEAD, *_NUMBERS[:numbers], *points)


def row(
    key: int | str,
    timestamp_s: float | None,
    face: FaceResult | None,
    latency_ms: float,
    num_kp: int,
    missing: Missing = Missing.SKIPPED,
) -> tuple[str, ...]:
    """One row's fields; ``missing`` says why where ``face`` is None.

    The keypoints stay empty when the face has another number of them than the table has columns for.
    """
    lead = (str(key), "" if timestamp_s is None else f"{timestamp_s:.6f}")
    if face is None or not measured(face):
        missing = missing if face is None else Missing.FAILED if face.pose_trained else Missing.UNTRAINED
        tried = "1" if face is not None or missing is Missing.NO_FACE else "0"
        return (*lead, "", "0", tried, missing.word, *[""] * (len(_NUMBERS) + 2 * num_kp))
    box = face.detection.box
    numbers = (
        face.detection.score,
        *face.angles,
        *face.std,
        float(face.t[0]),
        float(face.t[1]),
        face.scale,
        face.exp_magnitude,
        *(box.x, box.y, box.w, box.h),
        latency_ms,
        face.quality,
        *face.position,
    )
    fields = [number_field(value, _DECIMALS[name]) for name, value in zip(_NUMBERS, numbers, strict=True)]
    return (*lead, str(face.face_id), "1", "1", "", *fields, *keypoint_fields(face.keypoints, num_kp))


def keypoint_fields(keypoints: Floats, num_kp: int) -> list[str]:
    """The fields of keypoints, (K, 2) pixels; they stay empty where K is not ``num_kp``."""
    if keypoints.shape != (num_kp, 2):
        return [""] * (2 * num_kp)
    return [number_field(value, _KEYPOINT_DECIMALS) for value in keypoints.ravel().tolist()]


def truth_row(frame: int, timestamp_s: float, truth: Angles) -> tuple[str, ...]:
    """One row of ``truth.csv``: the true pose, from a source that knows it, such as the demo."""
    return (str(frame), f"{timestamp_s:.6f}", *(number_field(angle, 4) for angle in truth))


def measured(face: FaceResult) -> bool:
    """Whether a pose was measured, which is what ``success`` says."""
    return face.pose_trained and all(math.isfinite(angle) for angle in face.angles)


def number_field(value: float, decimals: int) -> str:
    """A number as the tables hold it; empty where it isn't finite."""
    return f"{value:.{decimals}f}" if math.isfinite(value) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table in memory: N rows, K keypoints; NaN (``face_id`` -1) where a field is empty."""

    num_kp: int
    frame: NDArray[np.int64]  # (N,)
    timestamp_s: NDArray[np.float64]  # (N,)
    face_id: NDArray[np.int64]  # (N,)
    success: NDArray[np.bool_]  # (N,)
    inferred: NDArray[np.bool_]  # (N,)
    missing: NDArray[np.int8]  # (N,) numbers of ``Missing``
    numbers: NDArray[np.float32]  # (N, 23 + 2 K): every column after ``missing``

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, name: str) -> NDArray[np.float32]:
        """(N,) one of the columns after ``missing``, by its name; KeyError for another one."""
        names = columns("frame", self.num_kp)[1 + len(LEAD) :]
        if name not in names:
            raise KeyError(name)
        return self.numbers[:, names.index(name)]

    @property
    def angles_deg(self) -> NDArray[np.float32]:
        """(N, 3) pitch, yaw, roll."""
        return self._block("pitch_deg", 3)

    @property
    def std_deg(self) -> NDArray[np.float32]:
        """(N, 3) standard deviation of pitch, yaw, roll."""
        return self._block("pitch_std_deg", 3)

    @property
    def box(self) -> NDArray[np.float32]:
        """(N, 4) x, y, width, height of the detector's box in frame pixels."""
        return self._block("box_x", 4)

    @property
    def position(self) -> NDArray[np.float32]:
        """(N, 6) x, y, z of the head in the camera's axes and their standard deviations, centimetres."""
        return self._block("x_cm", 6)

    @property
    def keypoints(self) -> NDArray[np.float32]:
        """(N, K, 2) in frame pixels."""
        return self.numbers[:, len(_NUMBERS) :].reshape(len(self), self.num_kp, 2)

    def _block(self, first: str, width: int) -> NDArray[np.float32]:
        start = _NUMBERS.index(first)
        return self.numbers[:, start : start + width]


def parse_table(data: bytes, name: str) -> Table:
    """A table as this app writes it, but for a last line that was cut off; ``name`` stands in the error.

    The numbers that an older table lacks are NaN.  Raises SessionError.
    """
    head = data.partition(b"\n")[0]
    num_kp, count = parse_header(head, name)
    size = len(whole_lines(data))
    known = columns("frame", num_kp, count)
    found = {column: np.empty(0) for column in known}
    if size > len(head) + 1:
        found = read_columns(data, size, known, name, numbers="float")
    success = found["success"]
    whole = (found["frame"], success, found["inferred"])
    if np.isnan(whole).any() or np.isinf([*whole, found["face_id"]]).any() or not np.isin(whole[1:], (0, 1)).all():
        raise SessionError(f"The table {name} is damaged: a row's frame, face_id or success makes no sense.")
    measured = columns("frame", num_kp)[1 + len(LEAD) :]
    numbers = np.full((len(success), len(measured)), np.nan, np.float32)
    for k, column in enumerate(measured):
        if column in found:
            numbers[:, k] = found[column]
    return Table(
        num_kp=num_kp,
        frame=found["frame"].astype(np.int64),
        timestamp_s=found["timestamp_s"],
        face_id=np.nan_to_num(found["face_id"], nan=-1).astype(np.int64),
        success=success == 1,
        inferred=found["inferred"] == 1,
        missing=missing_of(success, found["missing"]),
        numbers=numbers,
    )


def read_columns(
    data: bytes | mmap.mmap, size: int, names: Sequence[str], name: str, numbers: str = "double"
) -> dict[str, NDArray[Any]]:
    """The columns ``names`` of a table, NaN where a field is empty, and of ``missing`` the numbers.

    The first ``size`` bytes of ``data`` begin with the header and end with a line feed.  ``name`` stands in the error.
    ``numbers``: Arrow's name for the type of the columns after ``missing``; those before it are float64.
    Raises SessionError where a row has too few or too many fields or one that is no number.
    """
    import pyarrow as pa  # a third of a second, which nobody waits for who opens no table
    from pyarrow import compute
    from pyarrow import csv as arrow

    missing, large = LEAD[-1], size > _BLOCK
    options = _options(tuple(names), numbers, threads=large)
    try:
        table = arrow.read_csv(pa.BufferReader(pa.py_buffer(data).slice(0, size)), *options)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise SessionError(f"The table {name} is damaged: {first_line(error)[:160]}.") from error
    if missing in names:
        codes = compute.index_in(table[missing], value_set=pa.array(MISSING_REASONS)).cast(pa.float64())
        if codes.null_count:
            raise SessionError(
                f"The table {name} is damaged: a row's {missing} is none of {', '.join(MISSING_REASONS[1:])}."
            )
        table = table.set_column(table.column_names.index(missing), missing, codes)
    found = {column: table[column].to_numpy() for column in names}
    del table
    if large:
        pa.default_memory_pool().release_unused()  # what parsing took, 60 MB for two hours
    return found


@functools.lru_cache(maxsize=16)
def _options(names: tuple[str, ...], numbers: str, threads: bool) -> tuple[Any, Any, Any]:
    """Arrow's, for these columns: making them takes as long as parsing a row does."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    types = {name: pa.float64() if name in ("frame", *LEAD) else pa.type_for_alias(numbers) for name in names}
    return (
        arrow.ReadOptions(block_size=_BLOCK, use_threads=threads),
        arrow.ParseOptions(quote_char=False),
        arrow.ConvertOptions(
            include_columns=list(names),
            column_types={name: pa.string() if name == LEAD[-1] else kind for name, kind in types.items()},
            null_values=[""],
        ),
    )


def count_missing(rows: Iterable[Sequence[str]]) -> Counter[str]:
    """How many of these rows lack a pose, by the words of ``Missing``."""
    return Counter(fields[MISSING] for fields in rows if fields[MISSING])


def lacking_poses(missing: NDArray[np.integer[Any]]) -> str:
    """How many frames have no pose and why, as "12 of 300 frames have no pose: 9 no face, 3 failed"; empty for none.

    ``missing``: (N,) numbers of ``Missing``.
    """
    counts = [(why.word.replace("_", " "), int((missing == why).sum())) for why in Missing if why]
    lacking = sum(count for _, count in counts)
    if not lacking:
        return ""
    have = "has" if lacking == 1 else "have"
    reasons = ", ".join(f"{count} {word}" for word, count in counts if count)
    return f"{lacking} of {len(missing)} frames {have} no pose: {reasons}"


def missing_of(success: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.int8]:
    """(N,) numbers of ``Missing`` from the ``column``, which holds NaN where the field is empty."""
    column = np.nan_to_num(column)
    column = np.where(success == 1, Missing.NOTHING, np.where(column == 0, Missing.UNKNOWN, column))
    return column.astype(np.int8)


def parse_header(head: bytes, name: str) -> tuple[int, int]:
    """How many keypoints and how many of the numbers a table has, by its first line.

    Raises SessionError when its columns aren't ours.
    """
    names = tuple(head.decode(ENCODING, ERRORS).rstrip("\r").split(","))
    for count in range(len(_NUMBERS), _FIRST - 1, -1):
        num_kp = (len(names) - len(columns("frame", 0, count))) // 2
        if names == columns("frame", num_kp, count):
            return num_kp, count
    raise SessionError(f"{name} is not a table of this app: its columns differ from frame, timestamp_s, face_id, ...")


def completed(fields: Sequence[str], count: int) -> list[str]:
    """The fields of a row with ``count`` of the numbers, with empty ones for the others."""
    end = 1 + len(LEAD) + count
    return [*fields[:end], *[""] * (len(_NUMBERS) - count), *fields[end:]]
