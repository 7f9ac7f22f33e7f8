"""A microphone from the window: off at first, switched on by key, panel or command line, and always to be seen."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from app.core.clock import now_s
from app.core.sound import RATE
from app.session.session import Session
from app.session.sound import SoundReader
from app.ui.shell import settings
from tests.sound.microphone import FakeMicrophone

WAIT_MS = 30_000


@pytest.fixture
def opened(monkeypatch) -> list[FakeMicrophone]:
    """The microphones that the window has opened, by the names that it asked for."""
    made: list[FakeMicrophone] = []

    def make(name: str) -> FakeMicrophone:
        microphone = FakeMicrophone(problem="There is no microphone called 'none'." if name == "none" else "")
        microphone.name = name
        made.append(microphone)
        return microphone

    monkeypatch.setattr("app.ui.features.sound.sound.Microphone", make)
    monkeypatch.setattr("app.ui.features.sound.sound.microphones", lambda: ("front", "back"))
    return made


@pytest.fixture
def window(play, opened, store, tmp_path):
    store.set(settings.RECORDINGS, str(tmp_path))
    return play()


def sound_of(window):
    return window.controller.pipeline.status().sound


def test_nothing_is_opened_before_somebody_wants_it(window, opened):
    assert opened == []
    assert not window.sound.on
    assert window.sound.label.isHidden()
    assert sound_of(window) is None


def test_by_key_it_is_recorded_and_shown(window, opened, qtbot, store):
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: bool(opened) and opened[0].active, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.sound.label.text() == "● microphone on", timeout=WAIT_MS)
    assert window.sound.label.isVisible()
    assert "The microphone is on" in window.status_line.message.text
    assert store.get(settings.SOUND) is True
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.pipeline.recorder.stats.frames > 0, timeout=WAIT_MS)
    for _ in range(50):
        opened[0].feed(np.full(960, 8000, np.int16), now_s() - 0.02)
        qtbot.wait(10)
    qtbot.waitUntil(lambda: window.sound.label.text() == "● sound is recorded", timeout=WAIT_MS)
    folder = window.controller.pipeline.recorder.stats.folder
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: not window.controller.pipeline.status().recording_finishing, timeout=WAIT_MS)
    with SoundReader(Session.open(folder).sound) as reader:
        samples = np.concatenate([samples for _, samples in reader.blocks()])
    assert np.count_nonzero(np.abs(samples) > 7000) > 0.2 * RATE
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: not opened[0].active, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.sound.label.isHidden(), timeout=WAIT_MS)


def test_the_panel_has_switch_level_and_microphones(window, opened, qtbot, store):
    window.commands["markers"].trigger()
    fields = window.docks.view("markers").sound
    qtbot.waitUntil(fields.isVisible, timeout=WAIT_MS)
    assert not fields.switch.isChecked()
    assert fields.device.count() == 1  # none is asked for before one is wanted
    qtbot.mouseClick(fields.switch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: fields.device.count() == 3, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(opened) and opened[0].active, timeout=WAIT_MS)
    opened[0].feed(np.full(960, 32_000, np.int16), now_s())
    qtbot.waitUntil(lambda: fields.level.value() > 500, timeout=WAIT_MS)
    fields.device.setCurrentIndex(2)
    fields.device.activated.emit(2)
    qtbot.waitUntil(lambda: len(opened) == 2 and opened[1].active, timeout=WAIT_MS)
    assert (opened[1].name, opened[0].active) == ("back", False)
    assert store.get(settings.MICROPHONE) == "back"


def test_a_microphone_that_is_not_there_is_said_and_everything_else_goes_on(window, opened, qtbot, store):
    store.update({settings.MICROPHONE: "none", settings.SOUND: True})
    qtbot.waitUntil(lambda: window.sound.label.text() == "no sound", timeout=WAIT_MS)
    assert window.sound.label.toolTip() == "There is no microphone called 'none'."
    assert window.status_line.message.text == "There is no microphone called 'none'."
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.pipeline.recorder.stats.frames > 5, timeout=WAIT_MS)


def test_the_command_line_asks_for_one_and_hears_why_not(opened, no_network, make_window, store, qtbot, clip):
    window = make_window(source=str(clip), record_sound=True, microphone="none")
    window.show()
    qtbot.waitUntil(lambda: bool(window.failures), timeout=WAIT_MS)
    assert window.failures == ["There is no microphone called 'none'."]
    assert store.remembered(settings.SOUND) is False  # for this run alone


def test_what_was_on_is_on_at_the_next_start_and_seen(opened, no_network, make_window, store, qtbot, clip):
    store.set(settings.SOUND, True)
    window = make_window(source=str(clip))
    assert window.commands["sound"].isChecked()
    window.show()
    qtbot.waitUntil(lambda: window.sound.label.text() == "● microphone on", timeout=WAIT_MS)
    store.reset()
    qtbot.waitUntil(lambda: not opened[0].active, timeout=WAIT_MS)
    assert not window.commands["sound"].isChecked()
