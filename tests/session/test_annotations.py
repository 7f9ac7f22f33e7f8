"""Annotations: points, intervals that begin and end, what a crash or a full disk leaves of them."""

from __future__ import annotations

import errno
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import now_s
from app.core.errors import SessionError
from app.session import annotations as module
from app.session.annotations import (
    CUT_OFF_NOTE,
    Annotation,
    AnnotationKind,
    AnnotationLog,
    append_annotation,
    parse_annotations,
    recover_annotations,
    write_annotations,
)
from app.session.folders import claim_folder
from app.session.manifest import Manifest, SessionFields
from app.session.session import Session
from app.session.writer import SessionWriter
from tests.factories import read_annotations

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.floats(0, 1e5).map(lambda value: round(value, 6))
annotations = st.builds(Annotation, times, times, text, text, st.integers(0, 10**7))


def line(value):
    return " ".join(value.splitlines()).replace("\0", "")


@given(st.lists(annotations, max_size=8))
def test_what_was_written_is_read_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("events") / "events.csv"
    expected = tuple(Annotation(e.onset_s, e.duration_s, line(e.label), line(e.note), e.frame) for e in written)
    for annotation in written:
        append_annotation(path, annotation)
    assert read_annotations(path) == expected
    write_annotations(path, written)
    assert read_annotations(path) == expected


def test_a_key_begins_and_ends_its_interval(tmp_path):
    log = AnnotationLog(tmp_path)
    assert log.annotate("1", Annotation(1.0, 0.0, "talks", "", 30), True).kind is AnnotationKind.BEGUN
    assert log.annotate("2", Annotation(1.5, 0.0, "talks", "", 45), True).kind is AnnotationKind.BEGUN
    assert log.annotate("3", Annotation(2.0, 0.0, "smiles", "", 60), False).kind is AnnotationKind.POINT
    assert [item.key for item in log.open] == ["1", "2"]
    # Changed to a point, or renamed, meanwhile: the interval that runs is ended all the same.
    ended = log.annotate("1", Annotation(4.0, 0.0, "other", "", 120), False)
    assert (ended.kind, ended.annotation) == (AnnotationKind.ENDED, Annotation(1.0, 3.0, "talks", "", 30))
    assert [item.key for item in log.open] == ["2"]
    log.finish([k / 30 for k in range(151)])
    assert log.open == ()
    assert [(e.label, e.onset_s, e.duration_s) for e in read_annotations(tmp_path / "events.csv")] == [
        ("talks", 1.0, 3.0),
        ("talks", 1.5, 3.5),
        ("smiles", 2.0, 0.0),
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["events.csv"]
    with pytest.raises(ValueError, match="finished"):
        log.annotate("1", Annotation(6.0, 0.0, "late", "", 0), False)


def test_an_annotation_gets_the_frame_that_was_on_its_way_when_it_came(tmp_path):
    log = AnnotationLog(tmp_path)
    log.add(Annotation(1.02, 0.0, "flash", "", 29))  # frame 30, of 1.0 s, had not arrived yet
    log.finish([k / 30 for k in range(40)])
    assert read_annotations(tmp_path / "events.csv") == (Annotation(1.02, 0.0, "flash", "", 30),)


def test_without_annotations_there_is_no_file(tmp_path):
    AnnotationLog(tmp_path).finish([k / 30 for k in range(151)])
    recover_annotations(tmp_path, [k / 30 for k in range(150)], 5.0)
    assert list(tmp_path.iterdir()) == []


@given(
    st.lists(st.tuples(st.sampled_from("123"), st.booleans(), st.floats(0.01, 9.0)), max_size=12),
    st.integers(0, 60),
)
def test_wherever_it_is_cut_off_every_annotation_is_there_once(tmp_path_factory, keys, lost):
    """``lost``: bytes that the end of events.csv lacks."""
    folder = tmp_path_factory.mktemp("cut")
    log, now = AnnotationLog(folder), 0.0
    for key, interval, step in keys:
        now = round(now + step, 6)
        log.annotate(key, Annotation(now, 0.0, key, "", int(now * 30)), interval)
    path = folder / "events.csv"
    whole = read_annotations(path)
    if path.exists():
        path.write_bytes(path.read_bytes()[: -lost or None])
    kept = parse_annotations(path, cut_off=True).annotations
    still_open = [item.annotation for item in log.open]
    recover_annotations(folder, [k / 30 for k in range(int(now * 30) + 1)], now + 1.0)
    recovered = read_annotations(path)
    assert sorted(e.onset_s for e in recovered) == sorted(e.onset_s for e in (*kept, *still_open))
    assert [e.onset_s for e in recovered] == sorted(e.onset_s for e in recovered)
    for annotation in recovered:
        if annotation.note:
            assert annotation.note == CUT_OFF_NOTE
            assert annotation.onset_s + annotation.duration_s == pytest.approx(now + 1.0, abs=2e-6)
        else:
            assert annotation in whole
    assert not (folder / "events.open.csv").exists()


def test_cut_off_between_the_two_files_an_interval_is_not_doubled(tmp_path, monkeypatch):
    log = AnnotationLog(tmp_path)
    log.annotate("1", Annotation(1.0, 0.0, "talks", "", 30), True)
    monkeypatch.setattr(log, "_set_open", lambda intervals: None)  # as if killed just before
    log.annotate("1", Annotation(2.0, 0.0, "talks", "", 60), True)
    recover_annotations(tmp_path, [k / 30 for k in range(100)], 3.3)
    assert read_annotations(tmp_path / "events.csv") == (Annotation(1.0, 1.0, "talks", "", 30),)


def test_an_annotation_that_did_not_fit_onto_the_disk_leaves_the_others_whole(tmp_path, monkeypatch):
    path = tmp_path / "events.csv"
    append_annotation(path, Annotation(1.0, 0.0, "one", "", 30))
    before = path.read_bytes()

    class FullDisk(io.FileIO):
        def write(self, data):
            if len(data) < 10:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data[: len(data) - 5])

    monkeypatch.setattr("extractor.files.append", lambda path, buffering: FullDisk(path, "a"))
    with pytest.raises(OSError, match="No space"):
        append_annotation(path, Annotation(2.0, 0.0, "two", "", 60))
    monkeypatch.undo()
    assert path.read_bytes() == before


# ---------------------------------------------------------------------- in a recording


@pytest.fixture
def recording(tmp_path, header, make_frame):
    """A writer that has taken two seconds, from 100 s on the monotonic clock."""
    writer = SessionWriter(claim_folder(tmp_path / "session"), header)
    for i in range(61):
        writer.add_frame(make_frame(i))
    yield writer
    writer.close()


def test_the_frame_is_the_one_that_was_shown(recording):
    assert recording.annotate("1", "a", False, at_s=100.5).annotation.frame == 15
    assert recording.annotate("1", "a", False, at_s=100.5 - 1e-4).annotation.frame == 14
    assert recording.annotate("1", "a", False, at_s=99.0).annotation == Annotation(0.0, 0.0, "a", "", 0)
    assert recording.add_annotation("note", "text", at_s=101.0).frame == 30


def test_open_intervals_end_with_the_recording(recording):
    recording.annotate("1", "talks", True, at_s=100.5)
    assert [item.annotation.label for item in recording.stats.intervals] == ["talks"]
    recording.close()
    assert recording.stats.intervals == ()
    session = Session.open(recording.stats.folder)
    assert session.annotations == (Annotation(0.5, 1.5, "talks", "", 15),)
    assert recording.stats.annotations == 1


def test_what_happened_in_a_recording_can_be_noted_after_its_end(recording):
    recording.annotate("1", "talks", True, at_s=101.0)
    recording.close()
    ended_s = now_s()
    assert recording.add_annotation("note", "slow typing", at_s=101.5).onset_s == pytest.approx(1.5)
    for at_s in (ended_s, None):
        with pytest.raises(SessionError, match="has ended"):
            recording.add_annotation("note", "too late", at_s=at_s)
    with pytest.raises(SessionError, match="has ended"):
        recording.annotate("1", "late", False, at_s=101.0)
    assert [annotation.label for annotation in Session.open(recording.stats.folder).annotations] == ["talks", "note"]


def test_annotations_from_several_threads_are_all_there(recording):
    def work(name):
        for _ in range(25):
            recording.annotate(name, name, True, at_s=101.0)
            recording.add_annotation("tick", at_s=100.2)

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recording.close()
    found = Session.open(recording.stats.folder).annotations
    assert len([annotation for annotation in found if annotation.label == "tick"]) == 100
    assert [len([annotation for annotation in found if annotation.label == str(i)]) for i in range(4)] == [13] * 4


def test_an_annotation_that_cannot_be_written_is_one_sentence(recording, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "append_annotation", full)
    with pytest.raises(SessionError, match="The marker was not written: no space left on device"):
        recording.annotate("1", "a", False, at_s=100.5)
    monkeypatch.undo()
    recording.annotate("1", "a", False, at_s=100.5)


def test_the_fields_may_change_until_the_end(recording, monkeypatch):
    fields = SessionFields("P 07", "reading", "two\nlines", "form 12, signed")
    recording.set_fields(fields)
    recording.close()
    assert Manifest.read(recording.stats.folder).header.fields == fields


def test_fields_reach_the_disk_while_recording(tmp_path, header, make_frame, monkeypatch):
    monkeypatch.setattr("app.session.writer.SYNC_S", 0.02)
    monkeypatch.setattr("app.session.writer.MANIFEST_TICKS", 10**9)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        writer.add_frame(make_frame(0))
        writer.set_fields(SessionFields(participant="P 08"))
        while Manifest.read(folder).header.participant != "P 08":
            pass
        assert Manifest.read(folder).state == "recording"
