"""A table opened for looking at it: a dozen columns at once, a whole row only when it is asked for.

Two hours at 30 frames a second are 216,000 rows and 110 MB of text.  Arrow's reader gets the
columns that a timeline needs out of them in about half a second, where reading everything takes
several; the text stays where it is and rows are taken from it one by one.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError, os_errors_as, reason
from app.session.identities import Identities
from app.session.saved_table import plain_table, repair_table
from app.session.table import LEAD, Table, missing_of, parse_header, parse_table, read_columns
from app.session.text_table import read_text_table, whole_lines
from extractor import files

QUALITY = "quality"
ANGLES = ("pitch_deg", "yaw_deg", "roll_deg")
STDS = ("pitch_std_deg", "yaw_std_deg", "roll_std_deg")
SERIES = ("frame", *LEAD, *ANGLES, *STDS, "exp_magnitude")
"""The columns that are read when a table is opened, and those that older ones lack:"""

POSITION = ("x_cm", "y_cm", "z_cm")
LATER = (QUALITY, *POSITION)

_PIECE = 1 << 24  # bytes looked through at once for line ends


class LazyTable:
    """A table of N rows with one row or several a frame; its columns have the names of the file's.

    ``frame``, ``timestamp_s``, ``face_id`` (-1 where there is none), ``success``, ``inferred`` and
    ``missing`` (numbers of ``Missing``) (N,);
    ``angles_deg`` and ``std_deg`` (N, 3) pitch, yaw, roll, ``position_cm`` (N, 3) x, y, z,
    ``exp_magnitude`` and ``quality`` (N,) float32, NaN where nothing was measured or nobody knows.
    Rows may be read from any thread.
    """

    def __init__(self, path: Path, rows: bool = True) -> None:
        """``rows``: row k must be frame k, as in ``frames.csv``.

        Raises SessionError when it can't be read, isn't such a table or is damaged.
        """
        self.path = path
        self._lock = threading.Lock()
        self.identities = Identities()
        self.problems: tuple[str, ...] = ()  # a sentence for each line that wasn't clear and was left out
        with os_errors_as(SessionError, f"The table {path} can't be read"), files.open_read(path) as file:
            self._data: mmap.mmap | bytes = (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
            )
        try:
            if self._data[-1:] != b"\n":
                raise SessionError(f"{path} is not a table of this app: it is empty or its last line has no end.")
            self._parse(rows)
        except SessionError:  # saved by a person or a spreadsheet
            data = self._data[:]
            self.close()
            self._data = plain_table(data)
            try:
                self._parse(rows)
            except SessionError:
                self._data, self.problems = repair_table(data, str(path), every_frame=rows)
                self._parse(rows)

    def _parse(self, rows: bool) -> None:
        path = self.path
        self._head = self._data[: self._data.find(b"\n") + 1]
        self.num_kp, _ = parse_header(self._head.rstrip(b"\r\n"), str(path))
        ends = _line_ends(self._data)
        self._starts = np.concatenate([ends[:-1] + 1, ends[-1:] + 1])  # of the rows, and where the last one ends
        series = {name: np.empty(0) for name in SERIES}
        if len(self):
            there = self._head.rstrip(b"\r\n").decode("ascii", "replace").split(",")
            names = (*SERIES, *(name for name in LATER if name in there))
            series = read_columns(self._data, int(self._starts[-1]), names, str(path))
        frame, success = series["frame"], series["success"]
        if len(frame) != len(self):
            raise SessionError(f"The table {path} is damaged: it has empty lines.")
        if np.isnan(frame).any() or not np.isin(success, (0, 1)).all() or not np.isfinite(series["timestamp_s"]).all():
            raise SessionError(f"The table {path} is damaged: a row's frame, timestamp_s or success makes no sense.")
        if rows and not np.array_equal(frame, np.arange(len(frame))):
            raise SessionError(f"The table {path} is damaged: its rows aren't the frames 0, 1, 2 ...")
        if (np.diff(frame) < 0).any() or (np.diff(series["timestamp_s"]) < 0).any():
            raise SessionError(f"The table {path} is damaged: its rows aren't in the order of time.")
        self.frame = frame.astype(np.int64)
        self.timestamp_s = series["timestamp_s"]
        self._recorded_id = self.face_id = np.nan_to_num(series["face_id"], nan=-1).astype(np.int64)
        self.success = success == 1
        self.inferred = series["inferred"] == 1
        self.missing = missing_of(success, series[LEAD[-1]])
        self.angles_deg = np.stack([series[column] for column in ANGLES], axis=1).astype(np.float32)
        self.std_deg = np.stack([series[column] for column in STDS], axis=1).astype(np.float32)
        self.exp_magnitude = series["exp_magnitude"].astype(np.float32)
        unknown = np.full(len(self), np.nan)
        self.quality = series.get(QUALITY, unknown).astype(np.float32)
        self.position_cm = np.stack([series.get(column, unknown) for column in POSITION], axis=1).astype(np.float32)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, number: int) -> Table:
        """Row ``number`` with every column, as a table of one row.  Raises IndexError, SessionError."""
        return self.rows(number, number + 1)

    def rows(self, first: int, end: int) -> Table:
        """Rows ``first`` to ``end`` - 1.  Raises IndexError, SessionError."""
        if not 0 <= first <= end <= len(self):
            raise IndexError(f"rows {first} to {end} of {len(self)}")
        with self._lock:
            text = self._data[int(self._starts[first]) : int(self._starts[end])]
        table = parse_table(self._head + text, str(self.path))
        return replace(table, face_id=self.identities.numbers(table.face_id))

    def identify(self, identities: Identities) -> None:
        """Let the faces go by these numbers from now on; the file stays as it is."""
        self.identities, self.face_id = identities, identities.numbers(self._recorded_id)
        self.__dict__.pop("whole", None)

    def columns(self, names: Sequence[str]) -> NDArray[np.float64]:
        """(N, len(names)) further columns, NaN where a field is empty.  Raises SessionError."""
        if not len(self):
            return np.empty((0, len(names)))
        found = read_columns(self._data, int(self._starts[-1]), names, str(self.path))
        return np.stack([found[name] for name in names], axis=1)

    @functools.cached_property
    def whole(self) -> Table:
        """Every row with every column.  Raises SessionError."""
        return self.rows(0, len(self))

    def rows_of(self, frame: int) -> tuple[int, int]:
        """The rows of a frame: the first one and the one after the last."""
        first, end = np.searchsorted(self.frame, (frame, frame + 1))
        return int(first), int(end)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if isinstance(self._data, mmap.mmap):
                with contextlib.suppress(BufferError):  # Arrow still looks at it: it goes with the last look
                    self._data.close()


def _line_ends(data: mmap.mmap | bytes) -> NDArray[np.int64]:
    """The places of the line feeds; the first is the header's."""
    found = []
    with memoryview(data) as view:
        for start in range(0, len(view), _PIECE):
            piece = np.frombuffer(view[start : start + _PIECE], np.uint8)
            found.append(np.flatnonzero(piece == ord("\n")) + start)
            del piece
    return np.concatenate(found) if found else np.empty(0, np.int64)


def read_angles(path: Path, frames: int, names: Sequence[str] = ANGLES) -> NDArray[np.float32] | None:
    """Pitch, yaw and roll of a table that has them for some frames, such as ``truth.csv``.

    Args:
        path: the table; a column ``frame`` says which frame a row is of.
        frames: how many frames the session has.
        names: the columns of pitch, yaw and roll, in degrees.

    Returns:
        (frames, 3), NaN where the table has no number; None where there is no such file.

    Raises:
        SessionError: it can't be read or isn't such a table.
    """
    try:
        data = files.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SessionError(f"The table {path} can't be read: {reason(error)}.") from error
    angles_deg = np.full((frames, 3), np.nan, np.float32)
    wanted = ("frame", *names)
    if whole_lines(data).count(b"\n") > 1:
        with contextlib.suppress(SessionError):  # saved by a person or a spreadsheet
            columns = read_columns(data, len(whole_lines(data)), wanted, str(path))
            number = np.nan_to_num(columns["frame"], nan=-1).astype(np.int64)
            known = (number >= 0) & (number < frames)
            angles_deg[number[known]] = np.stack([columns[name] for name in names], axis=1)[known]
            return angles_deg
    try:
        table = read_text_table(data, wanted, wanted)
    except ValueError as error:
        raise SessionError(f"The table {path} is damaged: {error}.") from error
    for row in table.rows:
        with contextlib.suppress(ValueError):  # a line that isn't clear: the frame's angles are not known
            frame, *values = (table.number(field) for field in row.fields)
            if frame in range(frames):
                angles_deg[int(frame)] = values
    return angles_deg
