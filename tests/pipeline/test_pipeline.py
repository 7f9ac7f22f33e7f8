"""The whole pipeline without a window: the real demo, the real detector, the real network, real files."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.capture.resolve import resolve_source
from app.capture.source import SourceState
from app.core.clock import now_s
from app.core.errors import SessionError
from app.core.frames import FrameResult
from app.core.position import FaceSize, FieldOfView
from app.pipeline import Pipeline
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.session import Session
from app.signals.presets import preset_named
from tests.factories import read_annotations, read_signals
from tests.waiting import PATIENCE_S


class Watched:
    """A pipeline whose results can be waited for."""

    def __init__(self, weights: str | None = None) -> None:
        self.pipeline = Pipeline(weights, "cpu")
        self._changed = threading.Condition()
        self.results: list[FrameResult] = []
        self.pipeline.subscribe(self._add)

    def _add(self, result: FrameResult) -> None:
        with self._changed:
            self.results.append(result)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Look again with every result, and now and then without one: a status has no event of its own."""
        end_s = now_s() + PATIENCE_S
        with self._changed:
            while not condition():
                assert now_s() < end_s, self.pipeline.status()
                self._changed.wait(0.05)

    def wait_for_results(self, further: int) -> None:
        count = len(self.results) + further
        self.wait_for(lambda: len(self.results) >= count)

    def play_demo(self) -> None:
        """Until a few results are there."""
        self.pipeline.set_source(resolve_source("demo").source)
        self.wait_for_results(3)


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    watched.pipeline.start()
    yield watched
    watched.pipeline.close()
    assert not {thread.name for thread in threading.enumerate()} & {"capture", "inference", "session writer"}


def test_the_demo_is_measured_shown_and_recorded(watched: Watched, tmp_path: Path):
    pipeline = watched.pipeline
    watched.play_demo()
    folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
    watched.wait_for_results(15)
    status = pipeline.status()
    assert status.streaming
    assert status.recording_active
    assert status.problem == ""
    assert status.source_info is not None
    assert (status.source_info.width, status.source_info.height) == (640, 480)
    assert status.captured >= status.inferred > 0
    assert 0 < status.latency_ms <= status.latency_p95_ms
    pipeline.recorder.stop(wait=True)

    measured = [result for result in watched.results if result.faces]
    assert len(measured) >= 0.9 * len(watched.results)
    errors = np.array([np.subtract(result.faces[0].angles, result.frame.truth) for result in measured])
    assert np.abs(errors).mean() < 8.0  # the network's error, and no sign is flipped
    for result in measured:
        # Keypoints lie in and around the face box, in frame pixels.
        box, points = result.faces[0].detection.box, result.faces[0].keypoints
        assert (points.min(0) > (box.x - 0.5 * box.w, box.y - 0.5 * box.h)).all()
        assert (points.max(0) < (box.x + 1.5 * box.w, box.y + 1.5 * box.h)).all()

    session = Session.open(folder)
    assert session.manifest.frames == len(session.table) > 0
    # The first of the results may be of frames from before the recording.
    assert 10 <= session.manifest.inferred <= session.manifest.frames
    assert session.table.success.sum() >= 0.9 * session.manifest.inferred
    truth = np.loadtxt(folder / "truth.csv", delimiter=",", skiprows=1)
    assert truth[:, 0].tolist() == list(range(session.manifest.frames))
    assert np.allclose(truth[:, 1], session.table.timestamp_s)
    times = [result.frame.captured_s for result in watched.results]
    assert pipeline.history.last(600)[: len(times), 0].tolist() == times


def test_what_is_told_while_recording_is_in_the_header_and_marked(watched: Watched, tmp_path: Path):
    pipeline = watched.pipeline
    pipeline.set_face_size(FaceSize(65.0))
    watched.play_demo()
    folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
    assert Manifest.read(folder).header.face_size == FaceSize(65.0)
    pipeline.set_field_of_view(FieldOfView(30.0))
    pipeline.set_face_size(FaceSize(58.0))
    pipeline.set_face_size(FaceSize(58.0))
    watched.wait_for_results(3)
    pipeline.recorder.stop(wait=True)
    session = Session.open(folder)
    header = session.manifest.header
    assert (header.field_of_view, header.face_size) == (FieldOfView(30.0), FaceSize(58.0))
    marked = [(each.label, each.note) for each in session.annotations if each.label != "filter"]
    assert marked == [("field_of_view", "typed 30 degrees std_deg 2"), ("face_size", "pupils 58 mm")]


def test_the_latest_frame_wins_and_every_other_one_is_counted(watched: Watched):
    pipeline = watched.pipeline
    watched.play_demo()
    watched.wait_for_results(17)
    pipeline.set_source(None)
    watched.wait_for(lambda: pipeline.status().source.state is SourceState.CLOSED)
    indices = [result.frame.index for result in watched.results]
    assert indices == sorted(set(indices))
    assert all(result.latency_ms >= result.detect_ms + result.infer_ms for result in watched.results)


def test_recording_needs_a_source(watched: Watched, tmp_path: Path):
    with pytest.raises(SessionError, match="start a source first"):
        watched.pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
    assert list(tmp_path.iterdir()) == []


def test_another_source_finishes_the_recording_of_the_first(watched: Watched, tmp_path: Path):
    pipeline = watched.pipeline
    watched.play_demo()
    folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
    watched.wait_for_results(2)
    pipeline.set_source(resolve_source("demo").source)
    assert not pipeline.status().recording_active
    pipeline.recorder.stop(wait=True)
    assert Session.open(folder).manifest.state == "complete"


def test_bad_weights_leave_the_network_before_them_running(watched: Watched, tmp_path: Path):
    pipeline = watched.pipeline
    bad = tmp_path / "empty.pth"
    bad.touch()
    watched.play_demo()
    before = pipeline.status().report
    pipeline.set_network(str(bad), "cpu")
    watched.wait_for(lambda: pipeline.status().network_error != "")
    status = pipeline.status()
    assert "empty.pth" in status.problem
    assert status.report is before
    watched.wait_for_results(1)


def test_frames_pass_through_without_a_network(tmp_path: Path):
    bad = tmp_path / "empty.pth"
    bad.touch()
    pipeline = Pipeline(str(bad), "cpu")
    pipeline.start()
    try:
        pipeline.set_source(resolve_source("demo").source)
        result = pipeline.results.take(PATIENCE_S)
        assert result is not None
        assert result.faces == ()
        assert result.frame.image.shape == (480, 640, 3)
    finally:
        pipeline.close()


@pytest.mark.usefixtures("late_results_count")
def test_recordings_keep_what_was_measured_whatever_is_shown(watched: Watched, tmp_path: Path):
    """Filtered and recentred on the screen; raw in the table, each recentring an annotation with its reference."""
    pipeline = watched.pipeline
    pipeline.signals.chain.set_filter(preset_named("streaming"))
    pipeline.signals.annotate_filter()
    watched.play_demo()
    watched.wait_for(lambda: sum(bool(result.faces) for result in watched.results[-3:]) == 3)
    first = pipeline.signals.recentre()
    folder = pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
    start = len(watched.results)
    shown: list[FrameResult] = []  # but for two that may be of frames from before the recording

    def enough() -> bool:
        shown[:] = [result for result in watched.results[start + 2 : -1] if result.faces]
        return len(shown) >= 5 and bool(watched.results[-1].faces)

    watched.wait_for(enough)
    second = pipeline.signals.recentre()
    assert pipeline.signals.undo_recentre()
    pipeline.recorder.stop(wait=True)
    assert pipeline.status().filter_preset == "streaming"

    session = Session.open(folder)
    recorded = session.table.angles_deg[session.table.success]
    for result in shown:
        assert np.abs(recorded - np.array(result.faces[0].angles)).max(axis=1).min() < 0.001
        # The demo turns: neither the filter nor the offset leaves the angles as they were.
        assert np.abs(np.subtract(result.shown[0].angles, result.faces[0].angles)).max() > 0.1
    signals = read_signals(folder / "signals.csv")
    assert len(signals["frame"]) == len(session.table)
    np.testing.assert_array_equal(signals["success"] == 1, session.table.success)
    for result in shown:
        row = np.nanargmin(np.abs(signals["relative_yaw_deg"] - result.shown[0].angles.yaw_deg))
        assert signals["relative_pitch_deg"][row] == pytest.approx(result.shown[0].angles.pitch_deg, abs=1e-4)
        assert signals["filtered_yaw_deg"][row] == pytest.approx(result.shown[0].face.angles.yaw_deg, abs=1e-4)
        assert signals["kp_2_x"][row] == pytest.approx(result.shown[0].face.keypoints[2, 0], abs=1e-3)
    everything = read_annotations(folder / "events.csv")
    setting = next(annotation for annotation in everything if annotation.label == "filter")
    assert (setting.onset_s, setting.note) == (0, "streaming, angles 0.5 0.05, keypoints 0.5 5, expression 0.5 100")
    annotations = [annotation for annotation in everything if annotation.label != "filter"]
    assert [annotation.label for annotation in annotations] == ["recentre"] * 3
    angles = [re.findall(r"[-+][0-9.]+", annotation.note) for annotation in annotations]
    for found, reference in zip(angles, (first, second), strict=False):
        pitch, yaw, roll = reference.angles
        assert np.allclose([float(x) for x in found], (yaw, pitch, roll), atol=0.006)
    assert annotations[2].note == "undone"
    assert 0 == annotations[0].onset_s < annotations[1].onset_s <= annotations[2].onset_s
