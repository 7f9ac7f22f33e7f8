"""The dock of outputs: switches, targets, what is said; with a real receiver where something is sent."""

from __future__ import annotations

import json

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox
from websockets.sync.client import connect

from app.outputs.base import OutputState, OutputStatus
from app.outputs.catalogue import OUTPUTS
from app.ui.features.outputs.panel import OutputsPanel, state_text, status_tip
from app.ui.shell import settings
from tests.ui.find import reset_settings

WAIT_MS = 20_000


@pytest.fixture
def panel(idle_window, qtbot) -> OutputsPanel:
    """In a window whose pipeline never starts."""
    idle_window.docks.start()
    qtbot.keyClick(idle_window, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
    panel = idle_window.docks.view("outputs")
    assert isinstance(panel, OutputsPanel)
    qtbot.waitUntil(panel.isVisible, timeout=WAIT_MS)
    return panel


def write(qtbot, row, text: str, key=Qt.Key.Key_Return) -> None:
    row.target.setFocus()
    row.target.clear()
    qtbot.keyClicks(row.target, text)
    qtbot.keyClick(row.target, key)


def test_everything_is_off_at_first_and_says_where_it_would_go(panel):
    assert list(panel.rows) == [spec.name for spec in OUTPUTS]
    for spec in OUTPUTS:
        row = panel.rows[spec.name]
        assert not row.switch.isChecked()
        assert not row.at_start.isChecked()
        shown = row.target.currentData() if isinstance(row.target, QComboBox) else row.target.text()
        assert shown == spec.default
        assert row.state.whole_text == "off"
        assert row.note.isHidden()
        assert row.privacy.isHidden()


def test_a_target_is_checked_where_it_is_written(panel, qtbot, store):
    row = panel.rows["osc"]
    write(qtbot, row, "pc:99999")
    assert row.target.text() == "pc:99999"  # to be corrected
    assert "ports go from 1 to 65535" in row.note.text()
    assert row.note.isVisible()
    assert row.state.whole_text == "off"
    qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert not row.switch.isChecked()
    write(qtbot, row, "pc")
    assert row.target.text() == "pc:9000"
    assert row.note.isHidden()
    assert store.get(settings.OUTPUT_TARGETS["osc"]) == "pc:9000"


def test_escape_takes_back_what_was_written(panel, qtbot):
    row = panel.rows["vmc"]
    write(qtbot, row, "elsewhere:1", Qt.Key.Key_Escape)
    assert row.target.text() == "127.0.0.1:39539"
    assert not row.target.hasFocus()


def test_another_computer_is_warned_of_before_anything_is_sent(panel, qtbot):
    row = panel.rows["osc"]
    write(qtbot, row, "192.168.0.7:9000")
    assert "leaves this computer" in row.privacy.text()
    assert row.privacy.isVisible()
    write(qtbot, row, "127.0.0.1:9000")
    assert row.privacy.isHidden()


def test_at_start_is_remembered_and_reset(panel, idle_window, qtbot, store):
    row = panel.rows["websocket"]
    qtbot.mouseClick(row.at_start, Qt.MouseButton.LeftButton)
    assert store.get(settings.OUTPUTS_AT_START["websocket"]) is True
    write(qtbot, row, "9999")
    reset_settings(idle_window)
    assert store.get(settings.OUTPUTS_AT_START["websocket"]) is False
    assert row.target.text() == "8765"
    assert not row.at_start.isChecked()


def test_every_part_is_reached_by_tab_and_has_a_name(panel, idle_window, qtbot):
    first = panel.rows["opentrack"].switch
    first.setFocus()
    reached = []
    for _ in range(3 * len(OUTPUTS) + 2):
        widget = idle_window.focusWidget()
        reached.append(widget.accessibleName())
        assert widget.toolTip()
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    expected = []
    for row in panel.rows.values():
        expected += [row.switch.accessibleName(), row.target.accessibleName(), row.at_start.accessibleName()]
        if row.token is not None:  # there is nothing to copy yet
            expected += [row.token.shown.accessibleName(), row.token.renew.accessibleName()]
    assert reached == expected
    assert all(expected)
    assert len(set(expected)) == len(expected)


def test_the_websocket_is_switched_on_and_read(play, qtbot):
    """Through the window alone: written, ticked, received, taken off again."""
    window = play()
    window.commands["outputs"].trigger()
    row = window.docks.view("outputs").rows["websocket"]
    write(qtbot, row, "18765")
    qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.state.whole_text == "nobody listens", timeout=WAIT_MS)
    with connect("ws://127.0.0.1:18765", proxy=None) as client:
        assert json.loads(client.recv(timeout=10))["type"] == "hello"
    qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.state.whole_text == "off", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.controller.pipeline.status().outputs == (), timeout=WAIT_MS)


def test_what_was_wanted_at_start_is_on_at_the_next_start(no_network, make_window, store, qtbot, clip):
    store.set(settings.OUTPUTS_AT_START["osc"], True)
    store.set(settings.OUTPUT_TARGETS["osc"], "127.0.0.1:19000")
    window = make_window(source=str(clip))
    assert window.outputs.is_on("osc")
    window.show()
    qtbot.waitUntil(
        lambda: (
            window.controller.pipeline is not None
            and [o.target for o in window.controller.pipeline.status().outputs] == ["127.0.0.1:19000"]
        ),
        timeout=WAIT_MS,
    )


def test_what_can_not_be_switched_on_says_why_and_is_off(no_network, make_window, qtbot, clip):
    window = make_window(source=str(clip), outputs=(("virtual_camera", "/dev/video-none"),))
    window.show()
    qtbot.waitUntil(lambda: bool(window.outputs.problem("virtual_camera")), timeout=WAIT_MS)
    window.commands["outputs"].trigger()
    row = window.docks.view("outputs").rows["virtual_camera"]
    assert not row.switch.isChecked()
    assert row.state.whole_text == "failed"
    assert "There is no /dev/video-none" in row.note.text()


def test_states_in_words():
    def of(state: OutputState, **values: object) -> OutputStatus:
        return OutputStatus(**{"name": "osc", "target": "x:1", "rate": 29.96, "sent": 7, **values}, state=state)

    assert state_text(None, False, False) == "off"
    assert state_text(None, True, False) == "opening…"
    assert state_text(None, False, True) == "failed"
    assert state_text(of(OutputState.SENDING), True, False) == "sending  30.0 a second"
    assert state_text(of(OutputState.SENDING, receivers=1), True, False) == "sending to one program  30.0 a second"
    assert state_text(of(OutputState.SENDING, receivers=2), True, False) == "sending to 2 programs  30.0 a second"
    assert state_text(of(OutputState.WAITING), True, False) == "waiting"
    assert state_text(of(OutputState.FAILED), True, True) == "failed"
    assert status_tip(of(OutputState.SENDING, dropped=3)) == (
        "x:1: 7 results sent, 3 skipped because newer ones came"
    )  # fmt: skip


def test_the_virtual_cameras_picture_is_chosen_not_written(panel, idle_window, store):
    """A device that was written on the command line stays, and stands in the list."""
    row = panel.rows["virtual_camera"]
    box = row.target
    assert isinstance(box, QComboBox)
    assert [box.itemText(i) for i in range(box.count())] == ["With overlay", "Without overlay"]
    assert box.currentIndex() == 0
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert idle_window.outputs.target("virtual_camera") == ""
    store.set(settings.OUTPUT_TARGETS["virtual_camera"], "overlay /dev/video7")
    assert box.currentText() == box.currentData() == "overlay /dev/video7"
