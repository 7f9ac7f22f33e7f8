"""``events.csv``: the annotations of a session, one line each, in the file as soon as they are made.

An interval gets its line when it ends.  Until then it stands in ``events.open.csv`` with duration
0, so that a crash doesn't take it along: recovery ends it with the recording.
"""

from __future__ import annotations

import contextlib
import enum
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import reason
from app.session.folders import ANNOTATIONS, OPEN_ANNOTATIONS
from app.session.text_table import encode_rows, read_text_table, whole_lines
from extractor import files

COLUMNS = ("onset_s", "duration_s", "label", "note", "frame")
_REQUIRED = ("onset_s", "label")
_LONGEST_HEADER = 1024


@dataclass(frozen=True, slots=True)
class Annotation:
    """A point (duration 0) or an interval; seconds from the first frame, like the table's ``timestamp_s``."""

    onset_s: float
    duration_s: float
    label: str
    note: str
    frame: int  # the frame shown at the onset


ORIGINAL = "events.original"
"""The file's name, before ``.csv``, under which annotations are kept that this program didn't write, before it
replaces them; then ``events.original-2`` and so on."""


def append_annotation(path: Path, annotation: Annotation) -> None:
    """Append a line to the file, which begins with the header.  Raises OSError; the file is then as before.

    A file that somebody has saved in another form meanwhile is kept under another name and written anew.
    """
    with files.append(path, buffering=0) as file:
        size = file.tell()
        data = memoryview(encode_rows([COLUMNS, _fields(annotation)] if size == 0 else [_fields(annotation)]))
        if size == 0 or _ends_as_ours(path):
            try:
                while data:  # on a disk that is nearly full a part may fit
                    data = data[file.write(data) :]
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(size)  # half a line would spoil the next one
                raise
            return
    keep_original(path)
    write_annotations(path, [*parse_annotations(path).annotations, annotation])


def _ends_as_ours(path: Path) -> bool:
    """Whether a line of ours fits behind what is there."""
    with files.open_read(path) as file:
        head = file.readline(_LONGEST_HEADER)
        file.seek(-1, os.SEEK_END)
        return head == encode_rows([COLUMNS]) and file.read(1) == b"\n"


def write_annotations(path: Path, annotations: Iterable[Annotation]) -> None:
    """Replace the file in one step.  Raises OSError."""
    files.write_whole(path, encode_annotations(annotations))


def encode_annotations(annotations: Iterable[Annotation]) -> bytes:
    """The file's bytes; line breaks in texts become blanks, as one annotation is one line."""
    return encode_rows([COLUMNS, *(_fields(annotation) for annotation in annotations)])


def keep_original(path: Path) -> None:
    """Keep a copy of a table as it is now beside it, NAME.original.csv, if there is none yet.  Raises OSError."""
    present = files.read(path)
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        place = path.with_name(f"{path.stem}.original{ending}{path.suffix}")
        if not place.exists():
            files.write_whole(place, present)
            return
        if files.read(place) == present:
            return
        number += 1


def _fields(annotation: Annotation) -> tuple[str, ...]:
    """As they stand in the file."""
    label, note = _line(annotation.label), _line(annotation.note)
    return (f"{annotation.onset_s:.6f}", f"{annotation.duration_s:.6f}", label, note, str(annotation.frame))


def _line(text: str) -> str:
    # One event is one line, so that a file cut off by a crash can be repaired line by line.
    return " ".join(text.splitlines()).replace("\0", "")


@dataclass(frozen=True, slots=True)
class ParsedAnnotations:
    """The annotations of a file in its order, and one sentence for each line that holds none which is clear."""

    annotations: tuple[Annotation, ...] = ()
    problems: tuple[str, ...] = ()
    as_written: bool = True  # the file is what this program writes, byte for byte


def parse_annotations(
    path: Path, times_s: Sequence[float] | NDArray[np.float64] = (), *, cut_off: bool = False
) -> ParsedAnnotations:
    """The annotations of a file that a person may have saved; none where it doesn't exist.  Raises nothing.

    ``times_s``: when each frame was taken, for an annotation without its frame.  ``cut_off``: by a crash, so that a
    last line without a line feed isn't whole.
    """
    try:
        data = files.read(path)
    except FileNotFoundError:
        return ParsedAnnotations()
    except OSError as error:
        return ParsedAnnotations((), (f"The markers in {path} can't be read: {reason(error)}.",), False)
    if not data:
        return ParsedAnnotations()
    damaged = f"The markers in {path} are damaged"
    try:
        table = read_text_table(whole_lines(data) if cut_off else data, COLUMNS, _REQUIRED, ("label", "note"))
    except ValueError as error:
        return ParsedAnnotations((), (f"{damaged}: {error}.",), False)
    annotations, problems = [], [f"line {line}: {why}" for line, why in table.problems]
    for row in table.rows:
        try:
            if row.count <= max(table.columns.index(name) for name in _REQUIRED):
                raise table.too_short(row)
            annotations.append(_annotation(row.fields, table.number, times_s))
        except ValueError as error:
            problems.append(f"line {row.line}: {error}")
    sentences = tuple(f"{damaged}: {problem}." for problem in problems)
    return ParsedAnnotations(tuple(annotations), sentences, encode_annotations(annotations) == data)


def _annotation(
    fields: Sequence[str], number: Callable[[str], float], times_s: Sequence[float] | NDArray[np.float64]
) -> Annotation:
    """A row's annotation; an empty duration is none, an empty frame is the one that was shown.  Raises ValueError."""
    onset, duration, label, note, frame = fields
    onset_s, duration_s = _named("onset_s", onset, number), _named("duration_s", duration.strip() or "0", number)
    if duration_s < 0:
        raise ValueError("duration_s is less than 0")
    shown = _named("frame", frame, number) if frame.strip() else np.searchsorted(times_s, onset_s + 1e-9, "right") - 1
    if not float(shown).is_integer():
        raise ValueError("frame is not a whole number")
    return Annotation(onset_s, duration_s, label, note, max(0, int(shown)))


def _named(name: str, text: str, number: Callable[[str], float]) -> float:
    try:
        return number(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


# ---------------------------------------------------------------------- while recording


class AnnotationKind(enum.Enum):
    """The effect of a marker key."""

    POINT = "point"
    BEGUN = "begun"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WrittenAnnotation:
    """An annotation that was written; of one that has begun the duration is still 0."""

    annotation: Annotation
    kind: AnnotationKind


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """An interval that has begun; ``key`` is whatever begins and ends it."""

    key: str
    annotation: Annotation


class AnnotationLog:
    """The annotations of one recording.  Thread-safe; a call waits for the disk, ``open`` and ``count`` don't."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ANNOTATIONS
        self._open_path = folder / OPEN_ANNOTATIONS
        self._writing = threading.Lock()
        self._unsynced = False
        self._finished = False
        self.open: tuple[OpenInterval, ...] = ()
        self.count = 0  # lines in the file
        self._written: list[Annotation] = []  # also what came after the folder was taken away

    def add(self, annotation: Annotation) -> None:
        """Append an annotation that is complete.  Raises OSError."""
        with self._writing:
            self._append(annotation)

    def annotate(self, key: str, annotation: Annotation, interval: bool) -> WrittenAnnotation:
        """End the interval of ``key`` at the event's onset, if one is open; otherwise begin one or set a point.

        Raises OSError, and ValueError after ``finish``.
        """
        with self._writing:
            if self._finished:
                raise ValueError("finished")
            begun = next((item for item in self.open if item.key == key), None)
            if begun is not None:
                ended = _ended(begun.annotation, annotation.onset_s)
                self._append(ended)  # first: cut off in between, it stands in both files, which recovery knows
                self._set_open(tuple(item for item in self.open if item.key != key))
                return WrittenAnnotation(ended, AnnotationKind.ENDED)
            if interval:
                self._set_open((*self.open, OpenInterval(key, annotation)))
                return WrittenAnnotation(annotation, AnnotationKind.BEGUN)
            self._append(annotation)
            return WrittenAnnotation(annotation, AnnotationKind.POINT)

    def sync(self) -> None:
        """Push what was appended to the disk itself; raises nothing."""
        if self._unsynced:
            self._unsynced = False
            with contextlib.suppress(OSError):
                files.sync_file(self._path)

    def finish(self, times_s: Sequence[float]) -> None:
        """End what is open where the recording ends, and put the lines in the order of their onsets.

        ``times_s``: of the frames in the video.  An annotation that came while a frame was on its way from the camera
        gets that frame now.  Raises OSError; all is then as before, for recovery.
        """
        end_s = times_s[-1] if times_s else 0.0
        with self._writing:
            self._finished = True
            ended = [_ended(item.annotation, end_s) for item in self.open]
            parsed = parse_annotations(self._path)
            if parsed.as_written:
                annotations = [*parsed.annotations, *ended]
                annotations = [
                    replace(annotation, frame=shown_frame(annotation.onset_s, times_s)) for annotation in annotations
                ]
                annotations.sort(key=lambda annotation: annotation.onset_s)
                if annotations != list(parsed.annotations):
                    write_annotations(self._path, annotations)
                    self.count = len(annotations)
            else:  # changed from outside: nothing of it is touched
                for annotation in ended:
                    self._append(annotation)
            self._set_open(())

    def write_copy(self, folder: Path, end_s: float) -> None:
        """Write all annotations into another folder, open intervals ended at ``end_s``.  Raises OSError."""
        with self._writing:
            self._finished = True
            annotations = [*self._written, *(_ended(item.annotation, end_s) for item in self.open)]
            if annotations:
                write_annotations(folder / ANNOTATIONS, sorted(annotations, key=lambda annotation: annotation.onset_s))

    def _append(self, annotation: Annotation) -> None:
        with self._kept():
            append_annotation(self._path, annotation)
            self._unsynced = True
        self._written.append(annotation)
        self.count += 1

    def _set_open(self, intervals: tuple[OpenInterval, ...]) -> None:
        with self._kept():
            if intervals:
                write_annotations(self._open_path, [item.annotation for item in intervals])
            elif self.open:
                files.remove(self._open_path)
        self.open = intervals

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """Where the folder was taken away, memory holds what comes until the recorder sees that and copies it."""
        try:
            yield
        except FileNotFoundError:
            if self._finished:
                raise


def _ended(annotation: Annotation, end_s: float) -> Annotation:
    return replace(annotation, duration_s=max(0.0, end_s - annotation.onset_s))


def shown_frame(onset_s: float, times_s: Sequence[float]) -> int:
    """The frame captured last by then, of frames captured at these increasing seconds; the first before it."""
    return max(0, bisect_right(times_s, onset_s) - 1)


CUT_OFF_NOTE = "cut off: its end is the recording's"


def recover_annotations(folder: Path, times_s: Sequence[float], end_s: float) -> None:
    """Put the annotations of a recording in order that was cut off at ``end_s``, after frames taken at ``times_s``.

    A line that isn't whole is dropped, an annotation after the last frame refers to that frame, an
    interval that was open ends with the recording and says so in its note.  Raises OSError.
    """
    path, open_path, last = folder / ANNOTATIONS, folder / OPEN_ANNOTATIONS, max(0, len(times_s) - 1)
    parsed = parse_annotations(path, times_s, cut_off=True)
    written = list(parsed.annotations)
    known = {(_fields(annotation)[0], _fields(annotation)[2]) for annotation in written}
    for annotation in parse_annotations(open_path, times_s, cut_off=True).annotations:
        if (_fields(annotation)[0], _fields(annotation)[2]) not in known:
            note = f"{annotation.note} ({CUT_OFF_NOTE})" if annotation.note else CUT_OFF_NOTE
            written.append(replace(_ended(annotation, end_s), note=note))
    if written or path.exists():
        if parsed.problems and path.exists():
            keep_original(path)
        written.sort(key=lambda annotation: annotation.onset_s)
        write_annotations(path, [replace(annotation, frame=min(annotation.frame, last)) for annotation in written])
    files.remove(open_path)
