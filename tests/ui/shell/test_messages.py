"""The status line and the middle of the picture say the right thing, weighed rightly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QLabel

from app.capture.source import SourceState
from app.session.stats import WriterStats
from app.ui.shell.messages import Message, Severity, problem_message, usual_message, view_message
from app.ui.shell.status_line import StatusLine
from extractor.backends.base import BackendInfo
from tests.ui.find import find

NETWORK = BackendInfo("torch", "cpu", "CPU", "float32")


def stats(**other) -> WriterStats:
    values = {
        "folder": Path("session"), "seconds": 1.0, "frames": 30, "rows": 30, "dropped": 0, "bytes": 1000,
        "warning": "", "error": "", "finished": False,
    }  # fmt: skip
    return WriterStats(**{**values, **other})


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        ({"recording": stats(error="The disk is full.")}, Severity.ERROR),
        ({"network_error": "No such weights."}, Severity.ERROR),
        ({"state": SourceState.FAILED, "message": "The camera is in use."}, Severity.ERROR),
        ({"state": SourceState.LOST, "message": "The camera is gone."}, Severity.WARNING),
        ({"state": SourceState.OPENING, "message": "The camera takes its time."}, Severity.BUSY),
        ({"recording": stats(warning="The disk fills up."), "recording_active": True}, Severity.WARNING),
    ],
)
def test_what_is_wrong_is_said_with_its_weight(status, change, severity):
    message = problem_message(status(**change))
    assert message is not None
    assert message.severity is severity
    assert message.text.endswith(".")


def test_nothing_is_wrong_when_nothing_is(status):
    assert problem_message(status()) is None


@pytest.mark.parametrize("state", SourceState)
def test_every_state_of_a_source_has_words(status, state):
    message = usual_message(status(state), None)
    assert message.text
    title, _ = view_message(status(state), has_picture=False)
    assert title


def test_the_picture_speaks_for_itself_while_it_streams(status):
    assert view_message(status(), has_picture=True) == ("", "")
    assert view_message(status(SourceState.STALLED), has_picture=True) == ("", "")
    assert view_message(status(SourceState.LOST), has_picture=True)[0].startswith("Camera lost")


def test_who_records_hears_that_the_recording_waits_for_a_lost_camera(status):
    lost = {"state": SourceState.LOST, "message": "It is gone."}
    assert view_message(status(**lost), has_picture=True)[1] == "It is gone."
    recording = view_message(status(**lost, recording_active=True), has_picture=True)[1]
    assert recording == "It is gone. The recording goes on then, too."


def test_faces_are_counted_and_missed(status, face, result):
    ready = status(network=NETWORK)
    assert usual_message(ready, result(face())) == Message("Tracking one face.", Severity.GOOD)
    looking = replace(ready, engine_preparing="trying engines, 1 of 6: torch")
    words = "Tracking one face. In the background: trying engines, 1 of 6: torch."
    assert usual_message(looking, result(face())).text == words
    damaged = replace(ready, network=replace(NETWORK, made_again=("network.onnx",)))
    assert usual_message(damaged, result(face())).text.endswith(
        " A damaged part of the network's cache was made again."
    )
    assert usual_message(ready, result(face(), face())).text == "Tracking 2 faces."
    assert "No face" in usual_message(ready, result()).text
    assert usual_message(status(network_loading=True), result()).severity is Severity.BUSY


@pytest.mark.parametrize("severity", Severity)
def test_the_status_line_tells_severities_apart_by_shape_too(qtbot, severity):
    line, other = StatusLine(), StatusLine()
    for widget in (line, other):
        qtbot.addWidget(widget)
        widget.resize(300, 24)
    line.show_message(Message("Something.", severity))
    assert line.message == Message("Something.", severity)
    icons = set()
    for each in (Severity.WARNING, Severity.ERROR, Severity.BUSY, Severity.GOOD):
        other.show_message(Message("x", each))
        image = find(other, "Kind of message").grab().toImage()
        background = image.pixel(0, 0)
        shape = tuple(image.pixel(x, y) != background for x in range(image.width()) for y in range(image.height()))
        icons.add(shape)
    assert len(icons) == 4


def test_a_long_message_does_not_widen_the_window(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_message(Message("word " * 500, Severity.ERROR))
    assert line.minimumSizeHint().width() < 200


def test_a_folder_whose_name_has_a_line_break_leaves_the_status_one_line_high(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(600, 24)
    line.show_message(Message("Saved."))
    height = line.sizeHint().height()
    line.show_message(Message("Saved in /home/j/new\nfolder"))
    assert line.sizeHint().height() == height
    assert find(line, "Status", QLabel).text() == "Saved in /home/j/new folder"
