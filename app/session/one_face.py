"""The columns of one person out of a session's two tables, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.session.lazy_table import LazyTable
from app.session.table import Missing

_NUMBERS = ("angles_deg", "std_deg", "exp_magnitude", "quality", "position_cm")


def frames_with(number: int, table: LazyTable, faces: LazyTable | None) -> NDArray[np.bool_]:
    """(N,) the frames of ``table`` in which the person of this number was measured, as the first face or a further."""
    there = np.asarray(table.face_id == number, bool)
    if faces is not None:
        frames = faces.frame[faces.face_id == number]
        there[frames[frames < len(table)]] = True
    return there


@dataclass(frozen=True, slots=True, eq=False)
class OneFace:
    """Row k is frame k; the columns are called as in ``LazyTable``; NaN where this person wasn't measured."""

    timestamp_s: NDArray[np.float64]
    success: NDArray[np.bool_]
    inferred: NDArray[np.bool_]
    missing: NDArray[np.int8]
    angles_deg: NDArray[np.float32]
    std_deg: NDArray[np.float32]
    exp_magnitude: NDArray[np.float32]
    quality: NDArray[np.float32]
    position_cm: NDArray[np.float32]

    @classmethod
    def of(cls, number: int, table: LazyTable, faces: LazyTable | None) -> OneFace:
        """Where the frame has only other people, the reason is that there is no face."""
        own = table.face_id == number
        missing = np.where(~own & table.success, np.int8(Missing.NO_FACE), table.missing)
        found = cls(
            table.timestamp_s,
            table.success & own,
            table.inferred,
            missing,
            *(
                np.where(own if column.ndim == 1 else own[:, None], column, np.float32(np.nan))
                for column in (getattr(table, name) for name in _NUMBERS)
            ),
        )
        if faces is not None:
            rows = np.flatnonzero((faces.face_id == number) & (faces.frame < len(table)))
            for name in ("success", "missing", *_NUMBERS):
                getattr(found, name)[faces.frame[rows]] = getattr(faces, name)[rows]
        return found

    def __len__(self) -> int:
        return len(self.timestamp_s)
