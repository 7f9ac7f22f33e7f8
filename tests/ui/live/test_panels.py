"""The numbers beside the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PyQt6.QtWidgets import QLabel, QLineEdit

from app.capture.source import SourceInfo, SourceState
from app.core.frames import ShownFace
from app.outputs.base import OutputState, OutputStatus
from app.session.stats import WriterStats
from app.signals.presets import preset_named
from app.ui.live.pose import PARTS
from app.ui.live.readout import Readout
from app.ui.widgets.fields import Value
from app.ui.widgets.formatting import ANGLES, NOTHING
from extractor.types import Angles
from tests.ui.find import find


@pytest.fixture
def readout(qtbot, store) -> Readout:
    readout = Readout(SimpleNamespace(settings=store, status=lambda: None, controller=None))
    qtbot.addWidget(readout)
    readout.resize(readout.minimumWidth(), 700)
    readout.show()
    return readout


def text(panel, name: str) -> str:
    return find(panel, name, Value).whole_text


def texts(panel, form: str = "{}", names=ANGLES) -> dict[str, str]:
    return {name: text(panel, form.format(name)) for name in names}


def test_angles_come_with_their_uncertainty(readout, face, result):
    readout.show_result(result(face(angles=Angles(4.2, -12.34, 0.5))))
    pose = readout.pose
    assert texts(pose) == {"yaw": "−12.3°", "pitch": "+4.2°", "roll": "+0.5°"}
    assert texts(pose, "{} standard deviation") == {"yaw": "± 1.8°", "pitch": "± 1.5°", "roll": "± 0.9°"}
    assert [text(pose, name) for name in ("Number", "In the picture", "Detection score")] == ["1", "1 face", "0.93"]


def test_the_quality_is_told_and_what_is_low_stands_out(readout, face, result):
    quality = find(readout.pose, "Quality", Value)
    readout.show_result(replace(result(face(quality=0.873)), quality_threshold=0.6))
    assert (quality.whole_text, quality.property("tone")) == ("0.87", "")
    readout.show_result(replace(result(face(quality=0.31)), quality_threshold=0.6))
    assert (quality.whole_text, quality.property("tone")) == ("0.31, below 0.60", "warning")
    readout.show_result(result(face()))
    assert (quality.whole_text, quality.property("tone")) == (NOTHING, "")
    assert "Not known" in quality.toolTip()


def test_without_a_face_there_are_no_numbers(readout, face, result):
    readout.show_result(result(face()))
    readout.show_result(result())
    assert set(texts(readout.pose).values()) == {NOTHING}
    assert set(texts(readout.pose, "{} expression magnitude", PARTS).values()) == {NOTHING}
    assert text(readout.pose, "Number") == text(readout.pose, "In the picture") == NOTHING


def test_untrained_heads_show_words_and_no_numbers(readout, face, result):
    readout.show_result(result(face(pose_trained=False)))
    assert set(texts(readout.pose).values()) == {NOTHING}
    assert find(readout.pose, "Warning", QLabel).isVisible()
    readout.show_result(result(face()))
    assert not find(readout.pose, "Warning", QLabel).isVisible()


def test_errors_are_shown_where_the_truth_is_known(readout, face, result):
    pose = readout.pose
    readout.show_result(result(face(angles=Angles(0, 25, 0)), truth=Angles(0, 20, 0)))
    assert text(pose, "true yaw") == "+20.0°"
    assert texts(pose, "{} error") == {"yaw": "+5.0°", "pitch": "+0.0°", "roll": "+0.0°"}
    assert text(pose, "angle between measured and true pose") == "5.0°"
    assert find(pose, "angle between measured and true pose", QLabel).isVisible()
    readout.show_result(result(truth=Angles(0, 20, 0)))
    assert (text(pose, "true yaw"), text(pose, "yaw error")) == ("+20.0°", NOTHING)
    readout.show_result(result(face()))
    assert not find(pose, "angle between measured and true pose", QLabel).isVisible()
    assert not find(pose, "true yaw").isVisible()


def test_no_number_is_cut_off_at_the_panels_narrowest(readout, face, result):
    widest = Angles(-97.5, -97.5, -97.5)
    readout.show_result(result(face(angles=widest), truth=Angles(-88.8, -88.8, -88.8)))
    pose = readout.pose
    forms = ("{}", "{} standard deviation", "true {}", "{} error")
    for value in (find(pose, form.format(angle), Value) for form in forms for angle in ANGLES):
        assert value.text() == value.whole_text
        right = value.mapTo(readout, value.rect().topRight()).x()
        assert right < readout.viewport().width()


def test_the_machinery_is_shown_in_words(readout, status):
    folder = Path("recordings") / ("a very long name " * 6)
    stats = WriterStats(folder, 83.0, 2490, 2490, 3, 12_345_678, "", "", False)
    readout.show_status(status(recording=stats, recording_active=True), 24.9)
    system = readout.system
    assert text(system, "Picture") == "640×480  h264  30 fps"
    assert text(system, "Display") == "24.9 fps"
    assert text(system, "Latency") == "40 ms   95 %: 60 ms"
    assert (text(system, "Left out"), text(system, "Never came")) == ("8 of 100 pictures", "2 pictures")
    assert text(system, "State") == "recording   01:23   12.3 MB"
    assert text(system, "Frames") == "2490   3 dropped"
    assert find(system, "Folder", Value).text() != text(system, "Folder")  # shortened, whole in the tool tip
    assert find(system, "Folder", Value).toolTip() == str(folder)


def test_a_file_that_failed_is_no_longer_the_source_before_it(readout, status):
    """The pipeline still knows the demo that played before."""
    demo = SourceInfo("demo", "Built-in demo", 640, 480, 30.0, "h264")
    closed = status(SourceState.CLOSED, source_info=demo)
    readout.show_status(closed, 0.0, "demo", "")
    assert text(readout.system, "Name") == "Built-in demo"  # stopped by hand: it is still the source
    problem = "/films/broken.mp4 is no video."
    readout.show_status(closed, 0.0, "/films/broken.mp4", problem)
    assert text(readout.system, "Name") == "none: broken.mp4 failed"
    assert find(readout.system, "Name", Value).toolTip() == problem
    assert text(readout.system, "Picture") == NOTHING


def test_words_for_people_are_no_terms_of_the_trade(idle_window):
    """Terms stand in tool tips, beside what they mean."""
    for name in ("filter", "outputs", "markers"):
        idle_window.docks.start()
        idle_window.commands[name].trigger()
    words = {label.text() for label in idle_window.findChildren(QLabel)}
    assert words.isdisjoint({"Granted", "Identity", "min cutoff", "beta", "Not measured"})
    assert {"at rest", "in motion", "Left out", "Never came", "Picture", "In the picture"} <= words
    tips = {label.text(): label.toolTip() for label in idle_window.findChildren(QLabel)}
    assert "minimum cutoff" in tips["at rest"]
    assert "beta" in tips["in motion"]
    assert "agreed" in tips["Consent"]
    consent = find(idle_window, "Consent", QLineEdit)
    assert "agreed" in consent.placeholderText()


def test_numbers_are_those_after_the_filter_but_errors_those_of_the_measurement(readout, face, result):
    measured = face(angles=Angles(0, 25, 0), exp_magnitude=0.05)
    filtered = replace(measured, angles=Angles(0, 22, 0), exp_magnitude=0.03)
    shown = ShownFace(filtered, filtered.angles, filtered.rotation)
    readout.show_result(replace(result(measured, truth=Angles(0, 20, 0)), signals=(shown,)))
    pose = readout.pose
    assert text(pose, "yaw") == "+22.0°"
    assert text(pose, "yaw error") == "+5.0°"
    assert text(pose, "angle between measured and true pose") == "5.0°"
    assert text(pose, "face expression magnitude") == "0.030"


def test_the_filter_is_named(readout, status):
    readout.show_status(status(filter_preset="gaming"), 30.0)
    assert text(readout.signals, "Filter") == "gaming"
    assert find(readout.signals, "Filter", Value).toolTip() == preset_named("gaming").tip


def test_a_recentring_is_said_with_its_offset(readout, face, result):
    measured = face(angles=Angles(4, 12.3, -1))
    shown = ShownFace(measured, Angles(0, 0, 0), np.eye(3, dtype=np.float32))
    readout.show_result(replace(result(measured), signals=(shown,), reference=measured.rotation))
    pose = readout.pose
    assert set(texts(pose).values()) == {"+0.0°"}
    assert find(pose, "Recentring", QLabel).isVisible()
    assert (
        find(pose, "Recentring", QLabel).text() == "recentred, offset yaw\u00a0+12.3° pitch\u00a0+4.0° roll\u00a0−1.0°"
    )
    readout.show_result(result(measured))
    assert not find(pose, "Recentring", QLabel).isVisible()


def test_outputs_are_shown_with_their_state_and_rate(readout, status):
    def row(*outputs):
        made = [OutputStatus(**{"name": "opentrack", "target": "127.0.0.1:4242", "rate": 24.96, "sent": 7, **values})
                for values in outputs]  # fmt: skip
        readout.show_status(status(outputs=tuple(made)), 30.0)
        shown = find(readout.signals, "Outputs", Value)
        assert shown.text() == shown.whole_text  # nothing is cut off
        return shown.whole_text, shown.toolTip()

    sending, problem = {"state": OutputState.SENDING}, "Nothing can be sent to 127.0.0.1:4242 at present: no network."
    assert row() == ("off", "")
    assert row(sending) == ("opentrack   25.0 a second", "opentrack: sending, to 127.0.0.1:4242, 7 sent")
    text, tip = row({"state": OutputState.UNHEARD})
    assert text == "opentrack   nobody listens"
    assert "Start opentrack with its input “UDP over network” at 127.0.0.1:4242." in tip
    assert row({"state": OutputState.WAITING})[0] == "opentrack   waiting"
    failed = {"state": OutputState.FAILED, "problem": problem}
    assert row(failed) == ("opentrack   failed", f"opentrack: {problem}")
    assert row(sending, {**sending, "name": "osc"})[0] == "opentrack, OSC"
    text, tip = row(sending, {**failed, "name": "vmc"})
    assert text == "VMC failed, 1 more"
    assert tip.count("\n") == 1


def test_what_an_output_can_not_do_is_a_problem(status):
    output = OutputStatus("opentrack", "pc:4242", OutputState.FAILED, 0.0, 0, "Nothing can be sent to pc.")
    assert status(outputs=(output,)).problem == "Nothing can be sent to pc."
    assert status(outputs=(replace(output, state=OutputState.UNHEARD, problem=""),)).problem == ""
