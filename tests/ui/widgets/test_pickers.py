"""The pickers of source, weights and device in the window's bar."""

from __future__ import annotations

from PyQt6.QtWidgets import QStylePainter

from app.capture.resolve import SourceChoice
from app.ui.shell.controller import Network
from app.ui.widgets.pickers import Entry, Picker
from extractor.backends.base import BackendInfo
from extractor.shipped import alternatives


def test_cameras_and_devices_are_listed_in_the_pickers(idle_window):
    controller, toolbar = idle_window.controller, idle_window.toolbar
    controller.sources_listed.emit((SourceChoice("0", "HD Webcam"), SourceChoice("demo", "Built-in demo")))
    labels = [entry.label for entry in toolbar.source.entries if entry is not None]
    assert labels[:3] == ["Automatic", "HD Webcam", "Built-in demo"]
    controller.devices_listed.emit((("cuda:0", "NVIDIA H100"), ("cpu", "AMD EPYC")))
    assert [toolbar.device.itemText(i) for i in range(3)] == [
        "Automatic", "Graphics card (cuda:0)", "Processor (cpu)",
    ]  # fmt: skip
    shown = [toolbar.weights.itemText(i) for i in range(toolbar.weights.count())]
    assert shown[: 1 + len(alternatives())] == ["Motionscope", *(f"Motionscope {name}" for name in alternatives())]


def test_the_list_shows_whole_lines_however_narrow_the_box_is(idle_window, qtbot):
    idle_window.resize(853, 480)
    picker = idle_window.toolbar.device
    idle_window.controller.devices_listed.emit((("cuda:0", "NVIDIA H100"), ("cpu", "AMD EPYC")))
    picker.showPopup()
    qtbot.waitUntil(picker.view().isVisible)
    assert picker.view().viewport().width() >= picker.view().sizeHintForColumn(0)
    picker.hidePopup()


def test_what_has_no_room_ends_in_an_ellipsis(qtbot, monkeypatch):
    picker = Picker("Weights", 5)
    qtbot.addWidget(picker)
    picker.show_entries([Entry("a long name of weights.safetensors", "x")], "x")
    drawn = []
    real = QStylePainter.drawControl
    monkeypatch.setattr(QStylePainter, "drawControl", lambda *a: (drawn.append(a[2].currentText), real(*a)))
    for width in (90, 900):
        picker.resize(width, picker.sizeHint().height())
        picker.grab()
    short, whole = drawn
    assert short.endswith("…")
    assert short[:-1] in whole
    assert whole == picker.currentText()


def test_choosing_in_a_picker_opens_it_and_commands_leave_the_choice(idle_window, monkeypatch):
    idle_window.controller.sources_listed.emit((SourceChoice("0", "HD Webcam"), SourceChoice("demo", "Demo")))
    picker = idle_window.toolbar.source
    picker.setCurrentIndex(1)
    picker.activated.emit(1)
    assert idle_window.controller.source == "0"
    asked = []
    monkeypatch.setattr(idle_window.files, "ask_source_file", lambda: asked.append(1))
    command = next(i for i, entry in enumerate(picker.entries) if entry is not None and entry.key == "open_file")
    picker.setCurrentIndex(command)
    picker.activated.emit(command)
    assert asked == [1]
    assert picker.currentText() == "HD Webcam"


def test_the_device_picker_lists_devices_only_and_leaves_the_engine_as_it_is(idle_window):
    controller, picker = idle_window.controller, idle_window.toolbar.device
    controller.devices_listed.emit((("cuda:0", "NVIDIA H100"), ("cpu", "AMD EPYC")))
    chosen = "the fastest measured here (ms a crop: openvino 4.1, torch 12.5)"
    controller.engine_found.emit(BackendInfo("openvino", "cpu", "AMD EPYC", "float32", chosen))
    assert [entry.key for entry in picker.entries] == ["auto", "cuda:0", "cpu"]
    assert "torch 12.5" in picker.toolTip()
    controller.network = Network("", "auto", "torch")
    asked = []
    controller.set_network = asked.append
    picker.chosen.emit("cpu")
    assert asked == [Network("", "cpu", "torch")]
