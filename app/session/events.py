"""``events.csv``: the markers of a session, one line each, in the file as soon as they are made.

An interval gets its line when it ends.  Until then it stands in ``events.open.csv`` with duration
0, so that a crash doesn't take it along: recovery ends it with the recording.
"""

from __future__ import annotations

import contextlib
import csv
import enum
import io
import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import SessionError
from app.core.text import ENCODING, ERRORS
from app.session.folders import EVENTS, OPEN_EVENTS, reason
from app.session.table import encode_rows
from extractor import files

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
    """Append a line to the file, which begins with the header.  Raises OSError; the file is then as before."""
    with files.append(path, buffering=0) as file:
        size = file.tell()
        data = memoryview(encode_rows([COLUMNS, _fields(event)] if size == 0 else [_fields(event)]))
        try:
            while data:  # on a disk that is nearly full a part may fit
                data = data[file.write(data) :]
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(size)  # half a line would spoil the next one
            raise


def write_events(path: Path, events: Iterable[Event]) -> None:
    """Replace the file in one step.  Raises OSError."""
    files.write_whole(path, encode_rows([COLUMNS, *(_fields(event) for event in events)]))


def _fields(event: Event) -> tuple[str, ...]:
    """As they stand in the file."""
    label, note = _line(event.label), _line(event.note)
    return (f"{event.onset_s:.6f}", f"{event.duration_s:.6f}", label, note, str(event.frame))


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


# ---------------------------------------------------------------------- while recording


class MarkKind(enum.Enum):
    """What became of a marker's key."""

    POINT = "point"
    BEGUN = "begun"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Marked:
    """A marker that was written; of one that has begun the duration is still 0."""

    event: Event
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """An interval that has begun; ``key`` is whatever begins and ends it."""

    key: str
    event: Event


class EventLog:
    """The markers of one recording.  Thread-safe; a call waits for the disk, ``open`` and ``count`` don't."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS
        self._open_path = folder / OPEN_EVENTS
        self._writing = threading.Lock()
        self._unsynced = False
        self._finished = False
        self.open: tuple[OpenInterval, ...] = ()
        self.count = 0  # lines in the file

    def add(self, event: Event) -> None:
        """Append a marker that is complete.  Raises OSError."""
        with self._writing:
            self._append(event)

    def mark(self, key: str, event: Event, interval: bool) -> Marked:
        """End the interval of ``key`` at the event's onset, if one is open; otherwise begin one or set a point.

        Raises OSError, and ValueError after ``finish``.
        """
        with self._writing:
            if self._finished:
                raise ValueError("finished")
            begun = next((item for item in self.open if item.key == key), None)
            if begun is not None:
                ended = _ended(begun.event, event.onset_s)
                self._append(ended)  # first: cut off in between, it stands in both files, which recovery knows
                self._set_open(tuple(item for item in self.open if item.key != key))
                return Marked(ended, MarkKind.ENDED)
            if interval:
                self._set_open((*self.open, OpenInterval(key, event)))
                return Marked(event, MarkKind.BEGUN)
            self._append(event)
            return Marked(event, MarkKind.POINT)

    def sync(self) -> None:
        """Push what was appended to the disk itself; raises nothing."""
        if self._unsynced:
            self._unsynced = False
            with contextlib.suppress(OSError):
                files.sync_file(self._path)

    def finish(self, end_s: float, frames: int) -> None:
        """End what is open where the recording ends, and put the lines in the order of their onsets.

        Raises OSError; all is then as before, for recovery.
        """
        with self._writing:
            self._finished = True
            with contextlib.suppress(SessionError):  # damaged from outside: nothing of it is touched
                written = list(read_events(self._path))
                events = [*written, *(_ended(item.event, end_s) for item in self.open)]
                # Frames that were taken but never encoded aren't in the video.
                events = [replace(event, frame=min(event.frame, max(0, frames - 1))) for event in events]
                events.sort(key=lambda event: event.onset_s)
                if events != written:
                    write_events(self._path, events)
                    self.count = len(events)
            self._set_open(())

    def _append(self, event: Event) -> None:
        append_event(self._path, event)
        self._unsynced = True
        self.count += 1

    def _set_open(self, intervals: tuple[OpenInterval, ...]) -> None:
        if intervals:
            write_events(self._open_path, [item.event for item in intervals])
        elif self.open:
            files.remove(self._open_path)
        self.open = intervals


def _ended(event: Event, end_s: float) -> Event:
    return replace(event, duration_s=max(0.0, end_s - event.onset_s))


CUT_OFF_NOTE = "cut off: its end is the recording's"


def recover_events(folder: Path, frames: int, end_s: float) -> None:
    """Put the markers of a recording in order that was cut off after ``frames`` frames, at ``end_s``.

    A line that isn't whole is dropped, a marker after the last frame refers to that frame, an
    interval that was open ends with the recording and says so in its note.  Raises OSError.
    """
    written = _whole_lines(folder / EVENTS)
    known = {(_fields(event)[0], _fields(event)[2]) for event in written}
    for event in _whole_lines(folder / OPEN_EVENTS):
        if (_fields(event)[0], _fields(event)[2]) not in known:
            note = f"{event.note} ({CUT_OFF_NOTE})" if event.note else CUT_OFF_NOTE
            written.append(replace(_ended(event, end_s), note=note))
    if written or (folder / EVENTS).exists():
        written.sort(key=lambda event: event.onset_s)
        clamped = [replace(event, frame=min(event.frame, max(0, frames - 1))) for event in written]
        write_events(folder / EVENTS, clamped)
    files.remove(folder / OPEN_EVENTS)


def _whole_lines(path: Path) -> list[Event]:
    """Every event that can be read; after a power loss the end of a file may be anything."""
    events: list[Event] = []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return events
    for line in data[: data.rfind(b"\n") + 1].decode(ENCODING, ERRORS).split("\n")[1:-1]:
        with contextlib.suppress(ValueError, csv.Error):
            event = _event(next(csv.reader(io.StringIO(line)), []))
            if event.frame >= 0:
                events.append(event)
    return events
