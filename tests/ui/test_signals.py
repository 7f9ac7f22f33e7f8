"""The filter by key and menu, remembered, and on the pipeline."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt

from app.signals.presets import PRESETS
from app.ui import settings

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
    store.set(settings.FILTER, "loud")
    window = make_window()
    assert ticked(window) == ["off"]


def test_the_remembered_preset_reaches_the_pipeline_and_the_panel(no_network, make_window, store, qtbot, clip):
    store.set(settings.FILTER, "streaming")
    window = make_window(source=str(clip))
    window.show()
    shown = window.readout.signals._filter
    qtbot.waitUntil(lambda: shown.whole_text == "streaming", timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: shown.whole_text == "research", timeout=WAIT_MS)
    window.commands["reset_settings"].trigger()
    qtbot.waitUntil(lambda: shown.whole_text == "off", timeout=WAIT_MS)
    assert ticked(window) == ["off"]
