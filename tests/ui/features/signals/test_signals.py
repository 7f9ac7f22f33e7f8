"""Filter and recentring by key, remembered, and on the pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QLabel

from app.core.rotation import recentred
from app.signals.presets import PRESETS
from app.ui.shell import settings
from app.ui.shell.messages import Severity
from app.ui.widgets.fields import Value
from tests.ui.find import find, reset_settings

WAIT_MS = 20_000
KEYS = {"off": Qt.Key.Key_F6, "research": Qt.Key.Key_F7, "gaming": Qt.Key.Key_F8, "streaming": Qt.Key.Key_F9}


def ticked(window) -> list[str]:
    return [preset.name for preset in PRESETS if window.commands[f"filter_{preset.name}"].isChecked()]


@pytest.mark.parametrize("name", [preset.name for preset in PRESETS])
def test_a_preset_is_chosen_by_its_key_and_remembered(idle_window, store, qtbot, name):
    qtbot.keyClick(idle_window, KEYS[name])
    assert ticked(idle_window) == [name]
    assert store.get(settings.FILTER) == name
    qtbot.keyClick(idle_window, KEYS[name])  # once more does not switch it off
    assert ticked(idle_window) == [name]


def test_a_name_that_nobody_knows_is_the_default(make_window, store):
    QSettings(store.path, QSettings.Format.IniFormat).setValue(settings.FILTER.key, "loud")
    window = make_window()
    assert ticked(window) == ["off"]


def test_the_remembered_preset_reaches_the_pipeline_and_the_panel(no_network, make_window, store, qtbot, clip):
    store.set(settings.FILTER, "streaming")
    window = make_window(source=str(clip))
    window.show()
    shown = find(window.docks.view("numbers").signals, "Filter", Value)
    qtbot.waitUntil(lambda: shown.whole_text == "streaming", timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: shown.whole_text == "research", timeout=WAIT_MS)
    reset_settings(window)
    qtbot.waitUntil(lambda: shown.whole_text == "off", timeout=WAIT_MS)
    assert ticked(window) == ["off"]


def test_recentre_and_its_undoing_by_key(make_window, qtbot):
    """With the real network on the demo: numbers go to zero, axes stay, words say both."""
    window = make_window(source="demo")
    window.show()

    def face():
        result = window.view.result
        return result.shown[0] if result is not None and result.shown else None

    qtbot.waitUntil(lambda: face() is not None, timeout=60_000)
    said = []
    window.controller.noticed.connect(lambda message: said.append(message.text))
    label = find(window.docks.view("numbers").pose, "Recentring", QLabel)
    for _ in range(20):  # a face that is hidden at this very moment can't be recentred on
        said.clear()
        qtbot.keyClick(window, Qt.Key.Key_C)
        qtbot.waitUntil(lambda: said != [], timeout=WAIT_MS)
        if "no face" not in said[0]:
            break
    assert said[0].startswith("Recentred, offset yaw")
    qtbot.waitUntil(lambda: label.text().startswith("recentred, offset yaw") and face() is not None, timeout=WAIT_MS)
    reference = window.view.result.reference
    shown = face()
    np.testing.assert_allclose(shown.rotation, recentred(shown.face.rotation, reference), atol=1e-5)
    assert shown.face is window.view.result.faces[0]  # what axes and points are drawn with
    qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: label.text() == "", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "The angles are those that the camera sees again." in said, timeout=WAIT_MS)


def test_without_a_face_recentring_says_what_to_do(play, qtbot):
    window = play()
    qtbot.keyClick(window, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: "no face to recentre on" in window.status_line.message.text, timeout=WAIT_MS)
    assert window.status_line.message.severity is Severity.ERROR
    qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: window.status_line.message.text == "Nothing has been recentred.", timeout=WAIT_MS)
