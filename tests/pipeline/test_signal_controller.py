"""What is told of the signal chain: annotations in the recording and to the outputs, and what came of a wait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import SessionError
from app.core.rotation import angles_of
from app.core.tilt import CameraTilt
from app.pipeline.signal_controller import SignalController, filter_note
from app.signals import calibration
from app.signals.calibration import Waiting
from app.signals.presets import PRESETS, preset_named
from extractor.types import Angles
from tests.signals.test_derived import NETWORK, REST, expressing, result_at
from tests.signals.test_head_axes import moved


class FakeRecorder:
    """A recording that keeps its annotations, or a disk that refuses them."""

    def __init__(self) -> None:
        self.annotations: list[tuple[str, str, float | None]] = []
        self.refuses = False
        self.tilt: CameraTilt | None = None

    def set_camera(self, camera_tilt: CameraTilt | None) -> None:
        self.tilt = camera_tilt

    def add_annotation(self, label: str, note: str, at_s: float | None = None) -> None:
        if self.refuses:
            raise SessionError("The marker was not written: the disk is full.")
        self.annotations.append((label, note, at_s))


@pytest.fixture
def recorder():
    return FakeRecorder()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def controller(recorder, sent, monkeypatch):
    monkeypatch.setattr(calibration, "now_s", lambda: 1000.0)
    return SignalController(recorder, sent.append)


def still(controller, seconds, face, start_s=0.0):
    for i in range(round(seconds * 30) + 2):
        result = controller.apply(result_at(start_s + i / 30, face), NETWORK)
    controller.close()
    return result


def test_a_wait_ends_with_an_annotation_at_its_frame_and_is_told_once(controller, recorder, sent):
    controller.chain.wait_for(Waiting.RECENTRE)
    assert controller.finished is None
    shown = still(controller, 2, expressing(Angles(4, -6, 1))).shown[0]
    assert np.abs(shown.angles).max() < 0.01
    ((label, note, at_s),) = recorder.annotations
    assert (label, note) == ("recentre", "automatic, yaw_deg -6.00 pitch_deg +4.00 roll_deg +1.00")
    assert 1002 <= at_s <= 1002.1
    assert [(marker.label, marker.note, marker.at_s) for marker in sent] == recorder.annotations
    assert (controller.finished.number, controller.finished.problem) == (1, "")
    controller.chain.wait_for(Waiting.NEUTRAL)
    still(controller, 1, expressing(d=REST), 3)
    assert controller.finished.number == 2
    assert recorder.annotations[1][0] == "neutral"
    assert "face 1, mean of 3" in recorder.annotations[1][1]
    assert controller.forget_neutral()
    assert recorder.annotations[2][:2] == ("neutral", "forgotten, face 1")
    assert not controller.forget_neutral()
    assert controller.undo_recentre()
    assert recorder.annotations[3][:2] == ("recentre", "undone")


def test_a_disk_that_refuses_the_annotation_does_not_undo_the_recentring(controller, recorder):
    recorder.refuses = True
    controller.chain.wait_for(Waiting.RECENTRE)
    still(controller, 2, expressing(Angles(4, -6, 1)))
    assert controller.chain.reference is not None
    assert "disk is full" in controller.finished.problem


def test_a_new_recording_begins_with_what_holds_and_the_filter_is_noted_when_it_rests(controller, recorder):
    controller.recording_started()
    assert recorder.annotations == []
    controller.chain.set_filter(preset_named("gaming"))
    assert recorder.annotations == []
    controller.annotate_filter()
    controller.annotate_filter()
    assert [annotation[:2] for annotation in recorder.annotations] == [
        ("filter", "gaming, angles 0.8 0.2, keypoints 0.8 20, expression 0.8 500")
    ]
    for waiting, seconds in ((Waiting.RECENTRE, 2), (Waiting.NEUTRAL, 1)):
        controller.chain.wait_for(waiting)
        still(controller, seconds, expressing())
    recorder.annotations.clear()
    controller.recording_started()
    assert [label for label, _, _ in recorder.annotations] == ["recentre", "neutral", "filter"]


def test_a_filters_note_tells_all_its_numbers():
    assert filter_note(PRESETS[0]) == "off"
    for preset in PRESETS[1:]:
        assert filter_note(preset).startswith(f"{preset.name}, angles {preset.rotation.min_cutoff_hz:g} ")


def test_the_cameras_tilt_is_told_to_the_recording_and_marked_where_it_changes(controller, recorder, sent):
    controller.set_tilt(CameraTilt(-20, 2.5))
    controller.set_tilt(CameraTilt(-20, 2.5))
    assert recorder.tilt == controller.chain.tilt == CameraTilt(-20, 2.5)
    assert [annotation[:2] for annotation in recorder.annotations] == [
        ("camera_tilt", "typed pitch_deg -20.00 roll_deg +2.50")
    ]
    controller.set_tilt(None)
    assert recorder.tilt is None
    assert [marker.note for marker in sent] == ["typed pitch_deg -20.00 roll_deg +2.50", "level"]


def test_a_measured_tilt_is_told_like_a_typed_one(controller, recorder):
    controller.chain.wait_for(Waiting.TILT)
    rotations = moved(CameraTilt(15, 0), noise=0.2, bend=20)
    for i, rotation in enumerate([*rotations, *rotations[:2]]):
        face = expressing(angles_of(rotation))
        controller.apply(result_at(i / 30, replace(face, rotation=rotation)), NETWORK)
    controller.close()
    assert controller.finished.outcome.tilt == recorder.tilt == controller.chain.tilt
    ((label, note, _),) = recorder.annotations
    assert label == "camera_tilt"
    assert note.startswith("measured pitch_deg +1")
    assert "std_deg" in note
    assert " bend_deg +1" in note
