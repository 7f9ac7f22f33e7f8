"""``frames.parquet``: the table as it is, typed, with ``session.json`` in the schema's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import SessionError, os_errors_as
from app.session.analyses import ANALYSIS
from app.session.exporters.base import Exporter, Progress
from app.session.folders import MANIFEST
from app.session.session import Session
from app.session.table import MISSING_REASONS, Table, columns
from extractor import files

if TYPE_CHECKING:
    import pyarrow as pa

FRAMES_FILE = "frames.parquet"
FACES_FILE = "faces.parquet"
METADATA_KEY = b"motionscope.session"
"""Under this key of the schema's metadata stands ``session.json``."""
ANALYSIS_KEY = b"motionscope.analysis"
"""And here ``analysis.json``, where an analysis made the table."""

_ROWS = 65_536  # a row group: readers then need not take in a whole table


class ParquetTables(Exporter):
    """``frames.parquet``, and ``faces.parquet`` where there were further faces: the columns of the tables.

    What is empty there is null here; ``success`` and ``inferred`` are booleans, ``missing`` is a word.  Where faces
    were named or merged in review, ``face_id`` is the person's, and a last column ``face_name`` has the names.
    """

    name = "parquet"
    label = "Parquet tables"

    def outputs(self, session: Session) -> tuple[str, ...]:
        return (FRAMES_FILE,) if session.faces is None else (FRAMES_FILE, FACES_FILE)

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        import pyarrow as pa  # which nobody waits for who exports something else
        from pyarrow import parquet

        about = {METADATA_KEY: _read(session.folder / MANIFEST)}
        if session.analysis is not None:
            about[ANALYSIS_KEY] = _read(session.analysis.folder / ANALYSIS)
        done, total = 0, len(session.table) + (0 if session.faces is None else len(session.faces))
        for name, lazy in ((FRAMES_FILE, session.table), (FACES_FILE, session.faces)):
            if lazy is None:
                continue
            table = lazy.whole
            names = session.identities.names
            schema = _schema(pa, table, named=bool(names)).with_metadata(about)
            with (
                files.create(folder / name) as file,
                parquet.ParquetWriter(file, schema, compression="zstd") as writer,
            ):
                for start in range(0, len(table), _ROWS):
                    part = slice(start, min(start + _ROWS, len(table)))
                    writer.write_table(pa.table(_arrays(pa, table, part, names), schema=schema))
                    progress(done + part.stop, total)
            done += len(table)


def _read(path: Path) -> bytes:
    with os_errors_as(SessionError, f"{path} can't be read"):
        return files.read(path)


def _schema(pa: Any, table: Table, *, named: bool) -> pa.Schema:
    lead = (pa.int64(), pa.float64(), pa.int64(), pa.bool_(), pa.bool_(), pa.string())
    names = columns("frame", table.num_kp)
    fields = list(zip(names, (*lead, *[pa.float32()] * (len(names) - len(lead))), strict=True))
    return pa.schema([*fields, *[("face_name", pa.string())] * named])


def _arrays(pa: Any, table: Table, part: slice, names: dict[int, str]) -> list[pa.Array]:
    face_id = table.face_id[part]
    numbers = table.numbers[part]
    return [
        pa.array(table.frame[part]),
        pa.array(table.timestamp_s[part]),
        pa.array(face_id, mask=face_id < 0),
        pa.array(table.success[part]),
        pa.array(table.inferred[part]),
        pa.array([MISSING_REASONS[k] or None for k in table.missing[part]], pa.string()),
        *(pa.array(np.ascontiguousarray(column), mask=np.isnan(column)) for column in numbers.T),
        *([pa.array([names.get(number) for number in face_id.tolist()], pa.string())] if names else []),
    ]
