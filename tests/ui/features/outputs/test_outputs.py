"""opentrack from the window: off at first, on by key or command line, to an address that is remembered."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QInputDialog

from app.outputs.base import OutputState
from app.ui.shell import settings
from app.ui.shell.messages import Severity
from app.ui.widgets.fields import Value
from tests.ui.find import find

WAIT_MS = 20_000


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        yield receiver


def address_of(receiver: socket.socket) -> str:
    return "{}:{}".format(*receiver.getsockname())


def sending(window):
    pipeline = window.controller.pipeline
    return pipeline.status().outputs if pipeline is not None else ()


def test_nothing_is_sent_until_it_is_switched_on_and_that_is_not_remembered(play, make_window, store, qtbot):
    window = play()
    assert sending(window) == ()
    assert not window.commands["opentrack"].isChecked()
    qtbot.keyClick(window, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: len(sending(window)) == 1, timeout=WAIT_MS)
    assert sending(window)[0].target == "127.0.0.1:4242"
    assert sending(window)[0].state is OutputState.WAITING  # the clip shows nobody
    shown = find(window.docks.view("numbers").signals, "Outputs", Value)
    qtbot.waitUntil(lambda: shown.whole_text == "opentrack   waiting", timeout=WAIT_MS)
    assert "opentrack is on: 127.0.0.1:4242." in window.status_line.message.text
    qtbot.keyClick(window, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: sending(window) == (), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: shown.whole_text == "off", timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_T)
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS):
        window.close()
    assert not make_window().commands["opentrack"].isChecked()


def test_the_demos_pose_arrives_as_shown(make_window, qtbot, receiver):
    """From the command line, with the real network: the receiver gets where the head is, and yaw, pitch and roll."""
    window = make_window(source="demo", outputs=(("opentrack", address_of(receiver)),))
    assert window.commands["opentrack"].isChecked()
    window.show()
    qtbot.waitUntil(lambda: any(output.sent >= 5 for output in sending(window)), timeout=60_000)
    for _ in range(5):
        data = receiver.recv(100)
        x, y, z, yaw, pitch, roll = struct.unpack("<6d", data)
        assert any((x, y, z))
        assert 0 < abs(yaw) + abs(pitch) + abs(roll) < 180
    assert sending(window)[0].state is OutputState.SENDING


def test_another_address_is_used_at_once_and_remembered(no_network, make_window, store, qtbot, clip, receiver):
    window = make_window(source=str(clip), outputs=(("opentrack", "127.0.0.1:9"),))
    window.show()
    qtbot.waitUntil(lambda: len(sending(window)) == 1, timeout=WAIT_MS)
    assert store.remembered(settings.OUTPUT_TARGETS["opentrack"]) == "127.0.0.1:4242"  # that is for this run
    qtbot.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    (dialog,) = window.findChildren(QInputDialog)
    assert dialog.textValue() == "127.0.0.1:9"
    dialog.setTextValue(address_of(receiver))
    dialog.accept()
    qtbot.waitUntil(lambda: [o.target for o in sending(window)] == [address_of(receiver)], timeout=WAIT_MS)
    assert store.get(settings.OUTPUT_TARGETS["opentrack"]) == address_of(receiver)


def test_what_is_no_address_is_said_and_changes_nothing(idle_window, store):
    idle_window.outputs.use_target("opentrack", "pc:99999")
    assert idle_window.status_line.message.severity is Severity.ERROR
    assert "ports go from 1 to 65535" in idle_window.status_line.message.text
    assert store.get(settings.OUTPUT_TARGETS["opentrack"]) == "127.0.0.1:4242"
    QSettings(store.path, QSettings.Format.IniFormat).setValue("outputs/opentrack", "!!")
    assert idle_window.outputs.target("opentrack") == "127.0.0.1:4242"


def test_a_name_that_nobody_has_is_said_and_it_is_off(no_network, make_window, qtbot, clip, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    window = make_window(source=str(clip), outputs=(("opentrack", "nowhere.invalid:4242"),))
    window.show()
    qtbot.waitUntil(lambda: "No computer is called" in window.status_line.message.text, timeout=WAIT_MS)
    assert not window.commands["opentrack"].isChecked()
    assert sending(window) == ()
