"""``signals.csv``: the primary face as it was shown, beside ``frames.csv`` with what was measured.

Row k (counted from 0) is frame k, as in ``frames.csv``.  Angles are filtered, once in the camera's frame
and once in level axes, if the camera's tilt is known, and relative to the pose that counts as straight ahead
(``recentred`` is 1 where somebody has said which);
magnitudes and derived signals come from the filtered expression without the person's rest (``neutral`` is 1
where that is known); the position is in level axes.  ``success`` 0, and every number empty, where no pose was
shown.  The keypoints are filtered, and empty while the filter is off: ``frames.csv`` has them then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from app.core.derived import DERIVED
from app.core.text import ENCODING, ERRORS
from app.session.rows import PendingRow
from app.session.table import keypoint_fields, number_field
from app.session.text_table import encode_rows, valid_prefix
from extractor.types import POSE_HEADS

_LEAD = ("frame", "timestamp_s", "face_id", "success", "recentred", "neutral")
FILTERED, _RELATIVE = (tuple(f"{frame}_{axis}_deg" for axis in POSE_HEADS) for frame in ("filtered", "relative"))
_ANGLES = (*FILTERED, *_RELATIVE)
_MAGNITUDES = ("exp_magnitude", "brow_magnitude", "eye_magnitude", "mouth_magnitude")
_PLACE = ("x_cm", "y_cm", "z_cm")
_NUMBERS = (*_ANGLES, *_MAGNITUDES, *_PLACE, *(signal.name for signal in DERIVED))
_DECIMALS = (
    *(4 for _ in _ANGLES),
    *(6 for _ in _MAGNITUDES),
    *(2 for _ in _PLACE),
    *(signal.decimals for signal in DERIVED),
)


def signal_columns(num_kp: int) -> tuple[str, ...]:
    """The header, in order."""
    return (*_LEAD, *_NUMBERS, *(f"kp_{i}_{axis}" for i in range(num_kp) for axis in "xy"))


class SignalRows:
    """Rows of the table as bytes, one frame after the other."""

    def __init__(self, num_kp: int) -> None:
        self._num_kp = num_kp
        self._early: list[PendingRow] = []  # frames before it is known whether there are signals
        self._wanted: bool | None = None

    def encode(self, rows: Iterable[PendingRow]) -> bytes:
        """The next frames, their faces in the video's pixels.

        The first one that was measured decides for good whether there is such a table.  The header comes with the
        first rows.
        """
        lines: list[tuple[str, ...]] = []
        for row in rows:
            if self._wanted is None and not row.inferred:
                self._early.append(row)
                continue
            if self._wanted is None:
                self._wanted = row.chained
                lines = [signal_columns(self._num_kp), *(_row(early, self._num_kp) for early in self._early)]
                self._early = []
            lines.append(_row(row, self._num_kp))
        return encode_rows(lines) if self._wanted and lines else b""


def _row(row: PendingRow, num_kp: int) -> tuple[str, ...]:
    lead = (str(row.number), f"{row.timestamp_s:.6f}")
    shown, measured = row.shown, row.primary
    if shown is None or measured is None or not measured.pose_trained or not all(map(math.isfinite, shown.angles)):
        return (*lead, "", "0", "", "", *[""] * (len(_NUMBERS) + 2 * num_kp))
    face = shown.face
    numbers = (
        *face.angles, *shown.angles,
        face.exp_magnitude, face.brow_magnitude, face.eye_magnitude, face.mouth_magnitude,
        *shown.position[:3], *shown.derived.values(),
    )  # fmt: skip
    fields = [number_field(value, decimals) for value, decimals in zip(numbers, _DECIMALS, strict=True)]
    filtered = not np.array_equal(face.keypoints, measured.keypoints)
    points = keypoint_fields(face.keypoints, num_kp) if filtered else [""] * (2 * num_kp)
    flags = (str(int(row.recentred)), str(int(shown.neutral is not None)))
    return (*lead, str(face.face_id), "1", *flags, *fields, *points)


def repair_signals(data: bytes, timestamps_s: Iterable[str]) -> bytes:
    """The whole rows of a table's bytes, one for each of ``timestamps_s``, the texts in ``frames.csv``.

    Nothing where not even the header came through.
    """

    def is_whole(number: int, fields: list[str]) -> bool:
        _ = [float(field) for field in fields if field]
        return len(fields) == len(columns) and int(fields[0]) == number and fields[3] in ("0", "1")

    columns = data.partition(b"\n")[0].decode(ENCODING, ERRORS).split(",")
    if tuple(columns[: len(_LEAD)]) != _LEAD:
        return b""
    rows = valid_prefix(data, is_whole)[1]
    repaired = [columns]
    for k, timestamp_s in enumerate(timestamps_s):
        blank = [str(k), timestamp_s, "", "0", *[""] * (len(columns) - 4)]
        repaired.append(rows[k] if k < len(rows) else blank)
    return encode_rows(repaired)
