"""Markers: points, intervals that begin and end, what a crash or a full disk leaves of them."""

from __future__ import annotations

import errno
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import now_s
from app.core.errors import SessionError
from app.session import events as module
from app.session.events import (
    CUT_OFF_NOTE,
    Event,
    EventLog,
    MarkKind,
    append_event,
    read_events,
    read_markers,
    recover_events,
    write_events,
)
from app.session.folders import claim_folder
from app.session.manifest import Manifest, SessionFields
from app.session.session import Session
from app.session.writer import SessionWriter

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.floats(0, 1e5).map(lambda value: round(value, 6))
events = st.builds(Event, times, times, text, text, st.integers(0, 10**7))


def line(value):
    return " ".join(value.splitlines()).replace("\0", "")


@given(st.lists(events, max_size=8))
def test_what_was_written_is_read_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("events") / "events.csv"
    expected = tuple(Event(e.onset_s, e.duration_s, line(e.label), line(e.note), e.frame) for e in written)
    for event in written:
        append_event(path, event)
    assert read_events(path) == expected
    write_events(path, written)
    assert read_events(path) == expected


def test_a_key_begins_and_ends_its_interval(tmp_path):
    log = EventLog(tmp_path)
    assert log.mark("1", Event(1.0, 0.0, "talks", "", 30), True).kind is MarkKind.BEGUN
    assert log.mark("2", Event(1.5, 0.0, "talks", "", 45), True).kind is MarkKind.BEGUN
    assert log.mark("3", Event(2.0, 0.0, "smiles", "", 60), False).kind is MarkKind.POINT
    assert [item.key for item in log.open] == ["1", "2"]
    # Changed to a point, or renamed, meanwhile: the interval that runs is ended all the same.
    ended = log.mark("1", Event(4.0, 0.0, "other", "", 120), False)
    assert (ended.kind, ended.event) == (MarkKind.ENDED, Event(1.0, 3.0, "talks", "", 30))
    assert [item.key for item in log.open] == ["2"]
    log.finish(5.0, 150)
    assert log.open == ()
    assert [(e.label, e.onset_s, e.duration_s) for e in read_events(tmp_path / "events.csv")] == [
        ("talks", 1.0, 3.0),
        ("talks", 1.5, 3.5),
        ("smiles", 2.0, 0.0),
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["events.csv"]
    with pytest.raises(ValueError, match="finished"):
        log.mark("1", Event(6.0, 0.0, "late", "", 0), False)


def test_without_markers_there_is_no_file(tmp_path):
    EventLog(tmp_path).finish(5.0, 150)
    recover_events(tmp_path, [k / 30 for k in range(150)], 5.0)
    assert list(tmp_path.iterdir()) == []


@given(
    st.lists(st.tuples(st.sampled_from("123"), st.booleans(), st.floats(0.01, 9.0)), max_size=12),
    st.integers(0, 60),
)
def test_wherever_it_is_cut_off_every_marker_is_there_once(tmp_path_factory, keys, lost):
    """``lost``: bytes that the end of events.csv lacks."""
    folder = tmp_path_factory.mktemp("cut")
    log, now = EventLog(folder), 0.0
    for key, interval, step in keys:
        now = round(now + step, 6)
        log.mark(key, Event(now, 0.0, key, "", int(now * 30)), interval)
    path = folder / "events.csv"
    whole = read_events(path)
    if path.exists():
        path.write_bytes(path.read_bytes()[: -lost or None])
    kept = read_markers(path, cut_off=True).events
    still_open = [item.event for item in log.open]
    recover_events(folder, [k / 30 for k in range(int(now * 30) + 1)], now + 1.0)
    recovered = read_events(path)
    assert sorted(e.onset_s for e in recovered) == sorted(e.onset_s for e in (*kept, *still_open))
    assert [e.onset_s for e in recovered] == sorted(e.onset_s for e in recovered)
    for event in recovered:
        if event.note:
            assert event.note == CUT_OFF_NOTE
            assert event.onset_s + event.duration_s == pytest.approx(now + 1.0, abs=2e-6)
        else:
            assert event in whole
    assert not (folder / "events.open.csv").exists()


def test_cut_off_between_the_two_files_an_interval_is_not_doubled(tmp_path, monkeypatch):
    log = EventLog(tmp_path)
    log.mark("1", Event(1.0, 0.0, "talks", "", 30), True)
    monkeypatch.setattr(log, "_set_open", lambda intervals: None)  # as if killed just before
    log.mark("1", Event(2.0, 0.0, "talks", "", 60), True)
    recover_events(tmp_path, [k / 30 for k in range(100)], 3.3)
    assert read_events(tmp_path / "events.csv") == (Event(1.0, 1.0, "talks", "", 30),)


def test_a_marker_that_did_not_fit_onto_the_disk_leaves_the_others_whole(tmp_path, monkeypatch):
    path = tmp_path / "events.csv"
    append_event(path, Event(1.0, 0.0, "one", "", 30))
    before = path.read_bytes()

    class FullDisk(io.FileIO):
        def write(self, data):
            if len(data) < 10:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data[: len(data) - 5])

    monkeypatch.setattr("extractor.files.append", lambda path, buffering: FullDisk(path, "a"))
    with pytest.raises(OSError, match="No space"):
        append_event(path, Event(2.0, 0.0, "two", "", 60))
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
    assert recording.mark("1", "a", False, at_s=100.5).event.frame == 15
    assert recording.mark("1", "a", False, at_s=100.5 - 1e-4).event.frame == 14
    assert recording.mark("1", "a", False, at_s=99.0).event == Event(0.0, 0.0, "a", "", 0)
    assert recording.add_event("note", "text", at_s=101.0).frame == 30


def test_open_intervals_end_with_the_recording(recording):
    recording.mark("1", "talks", True, at_s=100.5)
    assert [item.event.label for item in recording.stats.intervals] == ["talks"]
    recording.close()
    assert recording.stats.intervals == ()
    session = Session.open(recording.stats.folder)
    assert session.events == (Event(0.5, 1.5, "talks", "", 15),)
    assert recording.stats.markers == 1


def test_what_happened_in_a_recording_can_be_noted_after_its_end(recording):
    recording.mark("1", "talks", True, at_s=101.0)
    recording.close()
    ended_s = now_s()
    assert recording.add_event("note", "slow typing", at_s=101.5).onset_s == pytest.approx(1.5)
    for at_s in (ended_s, None):
        with pytest.raises(SessionError, match="has ended"):
            recording.add_event("note", "too late", at_s=at_s)
    with pytest.raises(SessionError, match="has ended"):
        recording.mark("1", "late", False, at_s=101.0)
    assert [event.label for event in Session.open(recording.stats.folder).events] == ["talks", "note"]


def test_markers_from_several_threads_are_all_there(recording):
    def work(name):
        for _ in range(25):
            recording.mark(name, name, True, at_s=101.0)
            recording.add_event("tick", at_s=100.2)

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recording.close()
    found = Session.open(recording.stats.folder).events
    assert len([event for event in found if event.label == "tick"]) == 100
    assert [len([event for event in found if event.label == str(i)]) for i in range(4)] == [13] * 4


def test_a_marker_that_cannot_be_written_is_one_sentence(recording, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "append_event", full)
    with pytest.raises(SessionError, match="The marker was not written: no space left on device"):
        recording.mark("1", "a", False, at_s=100.5)
    monkeypatch.undo()
    recording.mark("1", "a", False, at_s=100.5)


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
