"""Annotations and notes find their recording; outputs hear of annotations, recorded or not."""

from __future__ import annotations

import numpy as np
import pytest

from app.batch.reanalyse import reanalyse
from app.capture.source import SourceInfo
from app.core.clock import now_s
from app.core.errors import SessionError
from app.core.frames import Frame
from app.outputs.base import Marker
from app.pipeline import Pipeline
from app.pipeline.recorder import Recorder
from app.pipeline.signal_controller import SignalController
from app.session import disk
from app.session.annotations import AnnotationKind
from app.session.codecs import NO_PICTURE
from app.session.folders import claim_folder
from app.session.manifest import Manifest, SessionFields, SessionHeader
from app.session.session import Session
from app.signals.presets import preset_named

HEADER = SessionHeader(SourceInfo("camera", "c", 64, 48, 30.0), num_kp=0)


@pytest.fixture
def recording():
    recording = Recorder()
    yield recording
    recording.stop(wait=True)


def add_frames(recording, count=3):
    for i in range(count):
        recording.add_frame(Frame(i, np.zeros((48, 64, 3), np.uint8), now_s()))


def test_a_note_goes_to_the_recording_of_its_moment(recording, tmp_path):
    with pytest.raises(SessionError, match="Nothing was recorded at that moment"):
        recording.note("note", "before all", now_s())
    folders, moments = [], []
    for name in ("first", "second"):
        folders.append(recording.start(HEADER, lambda name=name: claim_folder(tmp_path / name)))
        moments.append(now_s())  # no frame has been captured yet
        add_frames(recording)
        recording.stop(wait=True)
        between = now_s()
    recording.note("note", "in the second", moments[1])
    with pytest.raises(SessionError, match="has ended"):
        recording.note("note", "after all", between)
    assert [annotation.note for annotation in Session.open(folders[1]).annotations] == ["in the second"]
    assert Session.open(folders[0]).annotations == ()


def test_fields_and_codec_are_those_of_the_next_recording_and_the_one_that_runs(recording, tmp_path):
    recording.set_fields(SessionFields("P 1", "talk"))
    recording.set_codec("ffv1")
    folder = recording.start(HEADER, lambda: claim_folder(tmp_path / "session"))
    add_frames(recording)
    recording.set_fields(SessionFields("P 2", "talk", "swapped"))
    recording.set_codec("h264")
    recording.stop(wait=True)
    manifest = Manifest.read(folder)
    assert manifest.header.fields == SessionFields("P 2", "talk", "swapped")
    assert manifest.video.codec == "ffv1"


def test_without_a_picture_nothing_of_it_is_kept(recording, tmp_path):
    recording.set_codec(NO_PICTURE)
    folder = recording.start(HEADER, lambda: claim_folder(tmp_path / "session"))
    add_frames(recording)
    recording.set_codec("h264")  # for the next one
    assert not recording.stats.pictures
    recording.stop(wait=True)
    assert sorted(path.name for path in folder.iterdir()) == ["frames.csv", "session.json"]
    session = Session.open(folder)
    assert len(session.table) == 3
    assert not session.manifest.header.pictures
    with pytest.raises(SessionError, match=r"has no video: numbers alone were recorded\.$"):
        session.frames()
    with pytest.raises(SessionError, match=r"has no video: numbers alone were recorded\.$"):
        reanalyse(folder, "lite")


class Listener:
    """An output that keeps the annotations it gets."""

    name = "listener"
    status = None

    def __init__(self):
        self.markers: list[Marker] = []

    def send(self, result):
        pass

    def send_marker(self, marker):
        self.markers.append(marker)
        return True

    def close(self):
        pass


def test_outputs_hear_of_markers_recorded_or_not(tmp_path, monkeypatch):
    pipeline, listener = Pipeline(), Listener()
    with pytest.raises(SessionError, match="Nothing is recorded"):
        pipeline.annotate("1", "talks", True, 1.0)
    pipeline.add_output(listener)
    assert pipeline.annotate("1", "talks", True, 1.0) is None
    recording = pipeline.recorder
    recording.start(HEADER, lambda: claim_folder(tmp_path / "session"))
    add_frames(recording)
    assert pipeline.annotate("1", "talks", True, now_s()).kind is AnnotationKind.BEGUN
    assert pipeline.annotate("1", "talks", True, now_s()).kind is AnnotationKind.ENDED
    assert pipeline.annotate("2", "smile", False, now_s()).kind is AnnotationKind.POINT
    pipeline.note("hello", now_s())
    recording.stop(wait=True)
    pipeline.remove_output("listener")
    heard = [(marker.label, marker.note) for marker in listener.markers]
    assert heard == [("talks", ""), ("talks begin", ""), ("talks end", ""), ("smile", ""), ("note", "hello")]


def test_a_recording_that_cannot_begin_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.DiskWatch, "check", lambda *_: disk.DiskState(0, True, "Only 0 MB are free."))
    with pytest.raises(SessionError, match="No recording was started: only 0 MB are free"):
        Recorder().start(HEADER, lambda: claim_folder(tmp_path / "take"))
    assert list(tmp_path.iterdir()) == []


def test_what_holds_from_the_start_stands_at_0_though_frames_have_come(recording, tmp_path):
    signals = SignalController(recording, lambda _: None)
    signals.chain.set_filter(preset_named("gaming"))
    signals.annotate_filter()
    folder = recording.start(HEADER, lambda: claim_folder(tmp_path / "session"))
    recording.add_frame(Frame(0, np.zeros((48, 64, 3), np.uint8), now_s() - 1.0))
    signals.recording_started()
    recording.stop(wait=True)
    (annotation,) = Session.open(folder).annotations
    assert (annotation.label, annotation.onset_s, annotation.frame) == ("filter", 0.0, 0)
