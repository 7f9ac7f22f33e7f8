import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.session.exporters import export_session, parquet
from app.session.exporters.parquet import METADATA_KEY, ParquetTables
from app.session.table import columns


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else None


def test_the_tables_hold_what_the_csv_files_hold(session, tmp_path):
    for path in export_session(session, ParquetTables(), tmp_path / "out"):
        table = pq.read_table(path)
        assert tuple(table.column_names) == columns("frame", 24)
        expected = rows_of(session.folder / f"{path.stem}.csv")
        assert table.num_rows == len(expected) > 0
        for row, wanted in zip(table.to_pylist(), expected, strict=True):
            assert row["success"] is (wanted["success"] == "1")
            assert (row["missing"] or "") == wanted["missing"]
            for name in set(columns("frame", 24)) - {"success", "missing"}:
                value = number(wanted[name])
                assert row[name] == (value if value is None else pytest.approx(value, rel=1e-6)), name


def test_the_types_are_those_of_the_numbers(session, tmp_path):
    frames, _faces = export_session(session, ParquetTables(), tmp_path / "out")
    schema = pq.read_schema(frames)
    kinds = {"frame": pa.int64(), "timestamp_s": pa.float64(), "face_id": pa.int64(), "success": pa.bool_()}
    kinds |= {"inferred": pa.bool_(), "missing": pa.string()}
    assert {name: schema.field(name).type for name in kinds} == kinds
    assert {field.type for field in schema if field.name not in kinds} == {pa.float32()}


def test_the_schema_carries_the_manifest(session, tmp_path):
    frames, _faces = export_session(session, ParquetTables(), tmp_path / "out")
    manifest = json.loads(pq.read_schema(frames).metadata[METADATA_KEY])
    assert manifest == json.loads((session.folder / "session.json").read_text(encoding="utf-8"))
    assert manifest["header"]["participant"] == "P 01"


def test_a_long_table_is_written_in_row_groups(session, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS", 10)
    frames, _faces = export_session(session, ParquetTables(), tmp_path / "out")
    file = pq.ParquetFile(frames)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [10, 10, 4]
    assert file.read(["frame"]).column(0).to_pylist() == list(range(24))
