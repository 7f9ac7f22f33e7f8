"""``events.csv``: the markers of a session, one line each, on the disk as soon as they are made."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import SessionError
from app.session.folders import reason
from app.session.table import ENCODING, ERRORS, encode_rows

COLUMNS = ("onset_s", "duration_s", "label", "note", "frame")


@dataclass(frozen=True, slots=True)
class Event:
    """A point (duration 0) or an interval; seconds from the first frame, like the table's ``timestamp_s``."""

    onset_s: float
    duration_s: float
    label: str
    note: str
    frame: int  # the frame shown at the onset


def append_event(path: Path, event: Event) -> None:
    """Append a line to the file, which begins with the header.  Raises OSError."""
    fields = (f"{event.onset_s:.6f}", f"{event.duration_s:.6f}", _line(event.label), _line(event.note), event.frame)
    with path.open("ab") as file:
        rows = [COLUMNS, fields] if file.tell() == 0 else [fields]
        file.write(encode_rows([str(field) for field in row] for row in rows))


def _line(text: str) -> str:
    # One event is one line, so that a file cut off by a crash can be mended line by line.
    return " ".join(text.splitlines()).replace("\0", "")


def read_events(path: Path) -> tuple[Event, ...]:
    """The events in the order of the file; none where it doesn't exist; a cut-off last line is left out.

    Raises SessionError when it can't be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SessionError(f"The markers in {path} can't be read: {reason(error)}.") from error
    text = data[: data.rfind(b"\n") + 1].decode(ENCODING, ERRORS)
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        if rows and tuple(rows[0]) != COLUMNS:
            raise ValueError("its columns differ from " + ", ".join(COLUMNS))
        return tuple(_event(fields) for fields in rows[1:])
    except (ValueError, csv.Error) as error:
        raise SessionError(f"The markers in {path} are damaged: {error}.") from error


def _event(fields: list[str]) -> Event:
    onset, duration, label, note, frame = fields
    if not (math.isfinite(float(onset)) and math.isfinite(float(duration))):
        raise ValueError("a time is not a number")
    return Event(float(onset), float(duration), label, note, int(frame))
