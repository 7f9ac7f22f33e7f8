"""Tables and descriptions that a person or a spreadsheet has saved: what is clear is read, the rest is named."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from app.commands.export import export
from app.core.text import decode_json, decode_text, encode_text
from app.session.annotation_file import AnnotationFile
from app.session.annotations import Annotation, AnnotationLog, append_annotation, encode_annotations, parse_annotations
from app.session.lazy_table import LazyTable
from app.session.manifest import Manifest
from app.session.recovery import recover
from app.session.session import Session
from app.session.text_table import parse_number
from tests.factories import read_table
from tests.session.long_session import make_session

SMILE = Annotation(0.5, 0.0, "smile", "Grüße", 12)
TASK = Annotation(1.0, 1.5, "task", "a, b", 25)
OURS = encode_annotations([SMILE, TASK])
TEXT = OURS.decode()
TIMES_S = np.arange(100) / 30


def rewritten(separator: str, point: str, ends: str = "\r\n") -> str:
    """The annotations as a spreadsheet saves them, without the zeros that it drops."""
    rows = list(csv.reader(io.StringIO(TEXT)))
    for fields in rows[1:]:
        fields[:2] = [f"{float(field):g}".replace(".", point) for field in fields[:2]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ends).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + OURS,
        OURS.replace(b"\n", b"\r\n"),
        OURS.replace(b"\n", b"\r"),
        OURS[:-1],
        OURS + b"\n\n",
        b"\n" + OURS.replace(b"\n", b"\n\n"),
        TEXT.encode("cp1252"),
        rewritten(";", ",").encode("cp1252"),
        ("sep=;\r\n" + rewritten(";", ",")).encode("utf-8-sig"),
        rewritten("\t", ",").encode("utf-16"),
        rewritten("\t", ".").encode("utf-16-be"),
        rewritten(";", ".").encode(),
        b"\xef\xbb\xbf" + rewritten(",", ".").encode() + b",,,,\r\n",
        "\n".join(f'"{line}"' if "," in line else line for line in TEXT.replace('"', '""').split("\n")).encode(),
    ],
    ids=[
        "byte order mark", "CRLF", "CR", "no last line feed", "blank line", "blank lines", "Windows-1252",
        "German", "German UTF-8", "German Unicode text", "UTF-16 without a mark", "semicolons and points",
        "American with an empty row", "all in one column",
    ],
)  # fmt: skip
def test_annotations_are_the_same_however_they_were_saved(tmp_path, data):
    path = tmp_path / "events.csv"
    path.write_bytes(data)
    annotations = parse_annotations(path, TIMES_S)
    assert (annotations.annotations, annotations.problems) == ((SMILE, TASK), ())


def test_the_field_files_hold_the_same_annotations(shared):
    found = {path.stem: parse_annotations(path, TIMES_S) for path in (shared / "field").glob("events_*.csv")}
    assert len(found) == 7
    extra = found.pop("events_empty_duration")
    assert extra.annotations == (SMILE, TASK, Annotation(2.0, 0.0, "extra", "", 60))
    for parsed in found.values():
        assert (parsed.annotations, parsed.problems) == ((SMILE, TASK), ())


def test_columns_may_be_moved_added_and_missing(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("Rater,label,Onset_s\nAB,smile,0.5\nCD,task,1.0\n")
    assert parse_annotations(path, TIMES_S).annotations == (
        Annotation(0.5, 0, "smile", "", 15),
        Annotation(1.0, 0, "task", "", 30),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("01. Mai;0;x;;1", "line 4: onset_s: “01. Mai” is not a number"),
        (";0;x;;1", "line 4: onset_s: a number is missing"),
        ("2;-1;x;;1", "line 4: duration_s is less than 0"),
        ("2;0;x;;1,5", "line 4: frame is not a whole number"),
        ("2;0;x;;1;more", "line 4: it has 6 fields instead of 5"),
        ("2", "line 4: it has 1 fields instead of 5"),
        ('2;0;"x;;1', "line 4: a quotation mark is not closed"),
        ("1:30;0;x;;1", "line 4: onset_s: “1:30” is not a number"),
        ('"2;0;x\n;;1"', "line 4: new-line character seen in unquoted field"),  # one cell of two lines
    ],
)
def test_a_line_that_is_not_clear_is_named_and_the_others_are_read(tmp_path, line, why):
    path = tmp_path / "events.csv"
    path.write_bytes((rewritten(";", ",") + line + "\r\n3;0;after;;90\r\n").encode())
    annotations = parse_annotations(path, TIMES_S)
    assert annotations.annotations == (SMILE, TASK, Annotation(3.0, 0.0, "after", "", 90))
    (problem,) = annotations.problems
    assert why in problem


def test_a_header_that_no_reader_takes_apart_is_one_sentence(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("x" * 200_000 + "\n1\n")
    annotations = parse_annotations(path, TIMES_S)
    assert not annotations.annotations
    assert "columns differ" in " ".join(annotations.problems)


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("0,5", ",", 0.5), ("0,5", ".", 0.5), ("1.234", ".", 1.234), ("1.234", ",", 1234), ("1,234", ".", 1234),
        ("1.234,5", "", 1234.5), ("1,234.5", "", 1234.5), ("1.234.567", "", 1234567), ("1 234,5", ",", 1234.5),
        ("1\u202f234,5", ",", 1234.5), ("1'234.5", ".", 1234.5), ("0.500", "", 0.5), ("1.500000", ",", 1.5),
        ("\u22120,25", ",", -0.25), ("1,5e3", ",", 1500), (" 25 ", "", 25),
        ("1.234", "", None), ("1,234", "", None), ("1.2.3", "", None), ("12,34,5", "", None), ("nan", "", None),
        ("inf", "", None), ("", "", None), ("1.Mai", ",", None), ("0x10", "", None), ("1_000", "", None),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written_anywhere(text, decimal, value):
    if value is None:
        with pytest.raises(ValueError, match=r"not a number|missing|a thousand times"):
            parse_number(text, decimal)
    else:
        assert parse_number(text, decimal) == value


def test_a_sign_that_may_mean_either_is_decided_by_the_rest_of_the_table(tmp_path):
    path = tmp_path / "events.csv"
    head = b"onset_s;duration_s;label;note;frame\n"
    path.write_bytes(head + b"1.234;0,5;a;;\n")
    assert parse_annotations(path, TIMES_S).annotations[0].onset_s == 1234
    path.write_bytes(head + b"1.234;0.5;a;;\n")
    assert parse_annotations(path, TIMES_S).annotations[0].onset_s == 1.234
    path.write_bytes(head + b"1.234;0;a;;\n")
    assert "may be a thousand times as much" in parse_annotations(path, TIMES_S).problems[0]


# ---------------------------------------------------------------------- nothing is lost


def test_what_was_saved_by_hand_is_kept_when_the_review_writes(tmp_path):
    path = tmp_path / "events.csv"
    saved = rewritten(";", ",").encode("cp1252") + b"01. Mai;;lost;;\r\n"
    path.write_bytes(saved)
    AnnotationFile(path).save(parse_annotations(path).annotations)
    assert path.read_bytes() == OURS
    assert (tmp_path / "events.original.csv").read_bytes() == saved


@pytest.mark.parametrize("saved", [OURS[:-1], rewritten(";", ",").encode("cp1252"), TEXT.encode("utf-16")])
def test_an_annotation_that_is_set_afterwards_stands_on_a_line_of_its_own(tmp_path, saved):
    path = tmp_path / "events.csv"
    path.write_bytes(saved)
    late = Annotation(3.0, 0.0, "late", "", 90)
    append_annotation(path, late)
    assert parse_annotations(path).annotations == (SMILE, TASK, late)
    assert (tmp_path / "events.original.csv").read_bytes() == saved


def test_the_end_of_a_recording_leaves_lines_alone_that_somebody_changed(tmp_path):
    path = tmp_path / "events.csv"
    log = AnnotationLog(tmp_path)
    log.annotate("1", Annotation(1.0, 0.0, "talks", "", 30), True)
    path.write_bytes(OURS + b"not clear,,,,\n")
    log.finish([k / 30 for k in range(121)])
    annotations = parse_annotations(path)
    assert annotations.annotations == (SMILE, TASK, Annotation(1.0, 3.0, "talks", "", 30))
    assert "line 4" in annotations.problems[0]


def test_recovery_keeps_lines_that_it_could_not_read(tmp_path):
    folder = make_session(tmp_path / "session", 60, video=False)
    values = json.loads((folder / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps({**values, "state": "recording", "owner": None}))
    (folder / "frames.csv").rename(folder / "frames.part.csv")
    saved = OURS + b"01. Mai,,x,,\n"
    (folder / "events.csv").write_bytes(saved)
    recover(folder)
    assert Session.open(folder).annotations == (SMILE, TASK)
    assert (folder / "events.original.csv").read_bytes() == saved


# ---------------------------------------------------------------------- the table of measurements


def spreadsheet(data: bytes, separator: str, point: str, encoding: str) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode())))
    for fields in rows[1:]:
        numbers = [field and field[-1].isdigit() for field in fields]
        fields[:] = [
            f"{float(field):.10g}".replace(".", point) if is_number else field
            for field, is_number in zip(fields, numbers, strict=True)
        ]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data[:-1],
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\n\n"),
        lambda data: spreadsheet(data, ";", ",", "cp1252"),
        lambda data: spreadsheet(data, ",", ".", "utf-8-sig"),
        lambda data: spreadsheet(data, "\t", ",", "utf-16"),
        lambda data: data.split(b"\n")[0] + b"\n" + b"\n".join(sorted(data.split(b"\n")[1:])),
        lambda data: b"\n".join(b",".join([b"mine", *line.split(b",")[::-1]]) for line in data.split(b"\n")[:-1]),
    ],
    ids=["mark", "no last line feed", "CRLF", "blank lines", "German", "American", "UTF-16", "sorted", "moved"],
)
def test_frames_are_the_same_however_they_were_saved(tmp_path, change):
    folder = make_session(tmp_path / "session", 60, video=False)
    path = folder / "frames.csv"
    before, ours = read_table(path), path.read_bytes()
    path.write_bytes(change(ours))
    after, lazy = Session.open(folder).table.whole, LazyTable(path)
    assert lazy.problems == ()
    np.testing.assert_array_equal(after.numbers, before.numbers)
    np.testing.assert_array_equal(after.success, before.success)
    np.testing.assert_array_equal(after.missing, before.missing)
    np.testing.assert_array_equal(lazy.missing, before.missing)
    np.testing.assert_array_equal(after.timestamp_s, before.timestamp_s)
    np.testing.assert_array_equal(lazy.angles_deg, before.angles_deg)
    np.testing.assert_array_equal(lazy.row(7).numbers, before.numbers[7:8])
    lazy.close()


def test_one_line_locks_nobody_out(tmp_path, capsys):
    """Of frames and annotations each one line is spoilt, and the truth is no table any more."""
    folder = make_session(tmp_path / "session", 60, video=False)
    frames = (folder / "frames.csv").read_text().split("\n")
    frames[4] = frames[4].replace(".", ",")
    (folder / "frames.csv").write_text("\n".join(frames))
    (folder / "events.csv").write_bytes(OURS + b"x,0,lost,,1\n")
    (folder / "truth.csv").write_text("x\n1\n")
    session = Session.open(folder, lenient=True)
    assert len(session) == 60
    assert session.annotations == (SMILE, TASK)
    assert session.faces_of(3) == ()
    assert [any(words in problem for problem in session.problems) for words in ("line 5", "line 4", "truth")] == [
        True
    ] * 3
    session.close()
    assert export([folder], "openface", None, progress=False) == 1
    out = capsys.readouterr()
    assert "openface.csv" in out.out
    assert "events.csv are damaged: line 4" in out.err
    assert "frames.csv is damaged: line 5" in out.err


# ---------------------------------------------------------------------- session.json


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_description_may_be_saved_in_any_encoding(tmp_path, encoding):
    folder = make_session(tmp_path / "session", 10, video=False)
    path = folder / "session.json"
    values = json.loads(path.read_text())
    values["header"] |= {"participant": 7, "comment": "Grüße"}
    text = json.dumps(values, ensure_ascii=False, indent=1).replace("Grüße", "Grüße\nan alle").replace('"\n', '",\n', 0)
    path.write_bytes(text.replace("\n}", ",\n}").encode(encoding))  # a comma too many, and a line break in a text
    fields = Manifest.read(folder).header.fields
    assert (fields.participant, fields.comment) == ("7", "Grüße\nan alle")


def test_damaged_json_is_named_with_its_line():
    with pytest.raises(ValueError, match="line 3: expecting ',' delimiter"):
        decode_json(b'{"a": 1,\n"b": 2\n"c": 3}')
    assert decode_json(b'{"a": "x,}", "b": [1, 2,],}') == {"a": "x,}", "b": [1, 2]}
    with pytest.raises(ValueError, match="nested"):
        decode_json(b"[" * 100_000)


def test_a_name_that_is_not_utf8_keeps_its_bytes():
    name = b"caf\xe9.mp4"
    assert encode_text(decode_text(name, names=True)) == name
    assert decode_text(name) == "café.mp4"
    assert decode_text("a\x81".encode("latin-1")) == "a\x81"
