"""The table of all pictures: ``images.csv``, with ``images.json`` that says with what they were measured.

While pictures are measured their rows go to a journal, so that a run that was killed is gone on with.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import app
from app.batch.jobs import Picture
from app.batch.plan import Item
from app.core.errors import SessionError, os_errors_as, reason
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.core.records import build, parse_json, read_json, write_record
from app.core.spreadsheet import is_formula
from app.core.text import ENCODING, ERRORS, encode_text
from app.session.annotations import keep_original
from app.session.offline import PartFile
from app.session.table import Missing, columns, row
from app.session.text_table import encode_rows
from extractor import files
from extractor.backends.base import BackendInfo
from extractor.backends.engines import engine_named

TABLE = "images.csv"
ABOUT = "images.json"
JOURNAL = ".images.jsonl"
SCHEMA = 1

Row = tuple[str, ...]  # the fields


@dataclass(frozen=True, slots=True)
class Measured:
    """The weights and settings with which all rows of a table were measured."""

    weights_name: str
    weights_sha256: str
    engine: str
    device: str
    num_kp: int
    max_faces: int
    field_of_view: FieldOfView = ASSUMED
    face_size: FaceSize | None = None
    precision: str = ""  # empty in older tables

    def agrees(self, other: Measured) -> bool:
        """Whether rows that ``other`` describes can stand beside those that are asked for; by any engine for auto."""
        names = ("weights_sha256", "num_kp", "max_faces", "field_of_view", "face_size")
        same = all(getattr(other, name) == getattr(self, name) for name in names)
        return same and self.engine in ("auto", engine_named(other.engine, other.precision))


@dataclass(frozen=True, slots=True)
class _About(Measured):
    """``images.json``."""

    schema: int = SCHEMA
    images: tuple[Picture, ...] = ()
    app_version: str = app.__version__


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the journal, beside the picture."""

    row: Row


def pictures_of(items: Sequence[Item]) -> tuple[Picture, ...]:
    """With size and time of change, 0 where a file is gone; names that several have are replaced by whole paths."""
    names = Counter(item.name for item in items)
    return tuple(_picture(item, names[item.name] > 1) for item in items)


def _picture(item: Item, repeated: bool) -> Picture:
    path = item.path.absolute()
    try:
        stat = path.stat()
        size, modified = stat.st_size, stat.st_mtime_ns
    except OSError:
        size = modified = 0
    name = path.as_posix() if repeated else item.name
    # The table is opened in spreadsheets, which would run such a name; this one names the same file.
    return Picture(str(path), f"./{name}" if is_formula(name) else name, size, modified)


class ImageTable:
    """The rows that are there, and those that come."""

    def __init__(self, out: Path, measured: Measured, *, force: bool) -> None:
        """Reads what an earlier run left, unless ``force``.  Raises SessionError when the journal can't be written."""
        self._out = out
        self._measured = measured
        self._journal: BinaryIO | None = None
        table = {} if force else _read_table(out, measured)
        self._whole = tuple(table)  # the pictures whose rows are in the table that is there
        self._rows = table if force else table | _read_journal(out / JOURNAL, measured)

    def measured_with(self, info: BackendInfo) -> None:
        """Note the engine and the device that were used."""
        self._measured = dataclasses.replace(
            self._measured, engine=info.engine, precision=info.dtype, device=info.device
        )

    def is_of(self, pictures: Sequence[Picture]) -> bool:
        """Whether the table that is there has a row for just these, in this order."""
        return self._whole == tuple(pictures)

    def missing(self, pictures: Iterable[Picture]) -> list[Picture]:
        """Those without a row of the file as it is now."""
        return [picture for picture in pictures if picture not in self._rows]

    def add(self, rows: Iterable[tuple[Picture, Row]]) -> None:
        """Raises SessionError."""
        added = dict(rows)
        with os_errors_as(SessionError, f"{self._out / JOURNAL} can't be written"):
            if self._journal is None:
                known = [_line(dataclasses.asdict(self._measured)), *map(_row_line, self._rows.items())]
                files.write_whole(self._out / JOURNAL, b"".join(known))
                self._journal = files.append(self._out / JOURNAL)
            self._journal.write(b"".join(map(_row_line, added.items())))
            self._journal.flush()
        self._rows |= added

    def finish(self, pictures: Sequence[Picture]) -> None:
        """Write the table: a row for each of them, in their order, empty where it has none.  Raises SessionError."""
        kept = [picture for picture in pictures if picture in self._rows]
        self._keep_foreign()
        with PartFile(self._out / TABLE) as table:
            table.write(encode_rows([columns("file", self._measured.num_kp)]))
            for picture in pictures:
                fields = self._rows.get(picture) or row(
                    picture.name, None, None, 0.0, self._measured.num_kp, Missing.FAILED
                )
                table.write(encode_rows([fields]))
        about = _About(**dataclasses.asdict(self._measured), schema=SCHEMA, images=tuple(kept))
        with os_errors_as(SessionError, f"{self._out / ABOUT} can't be written"):
            write_record(self._out / ABOUT, dataclasses.asdict(about))
            self.close()
            files.remove(self._out / JOURNAL)

    def _keep_foreign(self) -> None:
        """Keep a copy of a table that a person or a spreadsheet has saved, perhaps with columns of their own."""
        path = self._out / TABLE
        try:
            if not files.read(path).startswith(encode_rows([columns("file", self._measured.num_kp)])):
                keep_original(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise SessionError(f"{path} can't be kept: {reason(error)}.") from error

    def close(self) -> None:
        """Let go of the journal, which stays."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()


def _row_line(entry: tuple[Picture, Row]) -> bytes:
    return _line({**dataclasses.asdict(entry[0]), "row": entry[1]})


def _line(values: Mapping[str, Any]) -> bytes:
    return encode_text(json.dumps(values, ensure_ascii=False)) + b"\n"


def _read_table(out: Path, measured: Measured) -> dict[Picture, Row]:
    """The rows of ``images.csv``; none where anything about it is odd, for then it is made anew."""
    try:
        about = build(_About, read_json(out / ABOUT))
        if about.schema != SCHEMA or not measured.agrees(about):
            return {}
        reader = csv.reader(files.read(out / TABLE).decode(ENCODING, ERRORS).splitlines(keepends=True))
        if tuple(next(reader)) != columns("file", measured.num_kp):
            return {}
        rows = {fields[0]: tuple(fields) for fields in reader if fields}
        return {picture: rows[picture.name] for picture in about.images}
    except (OSError, ValueError, LookupError, StopIteration, csv.Error):
        return {}


def _read_journal(path: Path, measured: Measured) -> dict[Picture, Row]:
    """The rows up to the first line that isn't whole."""
    rows: dict[Picture, Row] = {}
    width = len(columns("file", measured.num_kp))
    try:
        data = files.read(path)
        head, *lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
        if not measured.agrees(build(Measured, parse_json(head))):
            return {}
        for line in lines:
            values = parse_json(line)
            fields = build(_Entry, values).row
            if len(fields) != width:
                break
            rows[build(Picture, values)] = fields
    except (OSError, ValueError):
        pass  # missing or damaged: the pictures behind that line are measured again
    return rows
