"""Writes results into the tables: the one sink of recordings, measured files and further analyses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from app.core.frames import FaceResult
from app.session.folders import FACES, FRAMES, MOTION
from app.session.motion import MotionEncoder
from app.session.table import Missing, columns, count_missing, row
from app.session.text_table import encode_rows


class Appendable(Protocol):
    """A file that the tables are appended to."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredFrame:
    """The numbers of a frame that are written."""

    number: int
    timestamp_s: float
    primary: FaceResult | None
    others: tuple[FaceResult, ...] = ()
    latency_ms: float = math.nan  # NaN: nothing was live
    missing: Missing = Missing.NO_FACE  # why there is no primary face, where there is none


class ResultTables:
    """``frames.csv``, ``faces.csv`` for the second and further faces, and ``motion.bin``, each with its first bytes."""

    def __init__(self, num_kp: int, file: Callable[[str], Appendable]) -> None:
        """``file`` makes the one of a name: ``frames.csv`` at once, the others when there is something for them."""
        self.rows = 0
        self.missing: Counter[str] = Counter()  # rows without a pose by their reason, in its word
        self._num_kp = num_kp
        self._make = file
        self._files: dict[str, Appendable] = {}
        self._motion = MotionEncoder()
        self._file(FRAMES)

    def add(self, frames: Iterable[MeasuredFrame]) -> None:
        """Append the next frames' rows."""
        lines, further, motion = [], [], b""
        for frame in frames:
            key = (frame.number, frame.timestamp_s)
            lines.append(row(*key, frame.primary, frame.latency_ms, self._num_kp, frame.missing))
            further += [row(*key, face, frame.latency_ms, self._num_kp) for face in frame.others]
            if frame.primary is not None:
                motion += self._motion.encode(frame.number, frame.primary)
        if motion:  # before the rows: killed in between, no row lacks its record
            self._file(MOTION).write(motion)
        if lines:
            self._file(FRAMES).write(encode_rows(lines))
            self.missing += count_missing(lines)
            self.rows += len(lines)
        if further:
            self._file(FACES).write(encode_rows(further))

    def _file(self, name: str) -> Appendable:
        if name not in self._files:
            self._files[name] = self._make(name)
            if name != MOTION:
                self._files[name].write(encode_rows([columns("frame", self._num_kp)]))
        return self._files[name]
