"""The dock of filter, calibration and derived signals: by key and by slider, remembered, honest about the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QLabel

from app.core.derived import DERIVED, DerivedSignals
from app.core.frames import ShownFace
from app.signals.calibration import CalibrationState, Waiting
from app.signals.history import History
from app.signals.presets import CUSTOM, PRESETS, custom_from, preset_named
from app.signals.trust import UNMEASURED
from app.ui.features.signals.derived import signal_text
from app.ui.features.signals.panel import SignalsDock
from app.ui.plots.canvas import PlotCanvas
from app.ui.shell import settings
from app.ui.widgets.fields import Value
from extractor.types import Angles
from tests.ui.find import find, reset_settings

WAIT_MS = 20_000


@pytest.fixture
def dock(idle_window, qtbot) -> SignalsDock:
    idle_window.docks.start()
    qtbot.keyClick(idle_window, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    view = idle_window.docks.view("filter")
    assert isinstance(view, SignalsDock)
    return view


def test_sliders_show_the_preset_and_moving_one_makes_the_filter_ones_own(dock, idle_window, store, qtbot):
    qtbot.keyClick(idle_window, Qt.Key.Key_F8)
    gaming = preset_named("gaming")
    assert dock.filter.cutoffs["rotation"].level == gaming.rotation.min_cutoff_hz
    assert dock.filter.betas["expression"].value_label.whole_text == "500"
    assert dock.filter.preset.currentData() == "gaming"
    qtbot.keyClick(dock.filter.cutoffs["rotation"], Qt.Key.Key_Right)
    own = idle_window.signals.filter
    assert own.name == CUSTOM == dock.filter.preset.currentData()
    assert own.rotation.min_cutoff_hz > gaming.rotation.min_cutoff_hz
    assert (own.keypoints, own.expression) == (gaming.keypoints, gaming.expression)
    assert idle_window.commands["filter_custom"].isChecked()
    qtbot.waitUntil(lambda: store.get(settings.FILTER) == CUSTOM, timeout=WAIT_MS)
    assert custom_from(store.get(settings.FILTER_CUSTOM)).rotation == own.rotation
    qtbot.keyClick(idle_window, Qt.Key.Key_F6)
    assert dock.filter.preset.currentData() == "off"
    qtbot.keyClick(idle_window, Qt.Key.Key_F9, Qt.KeyboardModifier.ControlModifier)
    assert idle_window.signals.filter.rotation == own.rotation
    dock.filter.reset.click()
    assert idle_window.signals.filter.rotation == preset_named("research").rotation


def test_a_custom_filter_that_cannot_be_read_is_the_default(make_window, store):
    edited = QSettings(store.path, QSettings.Format.IniFormat)
    for setting, value in ((settings.FILTER, CUSTOM), (settings.FILTER_CUSTOM, "loud"), (settings.ATTENTION_CONE, -4)):
        edited.setValue(setting.key, value)
    window = make_window()
    assert window.signals.filter == replace(custom_from(settings.FILTER_CUSTOM.default))
    assert window.settings.get(settings.ATTENTION_CONE) == 5


def test_the_standard_figures_are_those_of_the_readme(dock, idle_window, qtbot):
    idle_window.signals.use_preset("gaming")
    qtbot.waitUntil(lambda: dock.preview.quick[2].whole_text == "11 ms", timeout=WAIT_MS)
    assert [value.whole_text for value in dock.preview.slow] == ["0.20°", "0.07°", "44 ms"]


def test_raw_and_filtered_are_drawn_and_measured(dock, result, face):
    history = History()
    rng = np.random.default_rng(0)
    for i in range(300):
        raw = face(angles=Angles(0, float(rng.normal(0, 0.2)), 0))
        shown = replace(raw, angles=Angles(0, 0.25 * raw.angles.yaw_deg, 0))
        frame = result(raw, captured_s=i / 30)
        history.append(replace(frame, signals=(ShownFace(shown, shown.angles, shown.rotation),)))
    dock.preview.show_history(history)
    texts = [value.whole_text for value in dock.preview.live]
    assert texts[0].startswith(("0.19", "0.20", "0.21"))
    assert texts[1] == "0.05°"
    canvas = find(dock, "Raw and filtered signal over the last seconds", PlotCanvas)
    (row,) = canvas.rows
    raw, filtered = (items["yaw"].getData()[1] for items in (row.measured, row.curves))
    assert filtered == pytest.approx(0.25 * raw)
    low, high = row.plot.viewRange()[1]
    assert (low < raw.min(), raw.max() < high, high - low < 8) == (True, True, True)  # close enough to see jitter


def test_signals_that_the_weights_cannot_carry_are_marked(dock, result, face):
    def label(name: str) -> QLabel:
        return next(each for each in dock.findChildren(QLabel) if each.buddy() is find(dock, name, Value))

    measured = face()
    derived = DerivedSignals(mouth_opening=0.123, eye_closure_l=0.4, attention=0.0, head_speed_deg_s=12.3, nods=2.0)
    shown = ShownFace(measured, measured.angles, measured.rotation, derived)
    dock.show_result(replace(result(measured), signals=(shown,)), History())
    texts = {name: value.whole_text for name, value in dock.derived.values.items()}
    assert (texts["mouth_opening"], texts["eye_closure_l"], texts["attention"]) == ("0.123", "40 %", "outside")
    assert (texts["head_speed_deg_s"], texts["nods"], texts["smile"]) == ("12.3°/s", "2", "–")
    assert dock.derived.remark.isHidden()
    dock.derived.show_untrusted({"smile": UNMEASURED})
    assert label("Smile").text() == "Smile (?)"
    assert label("Nod").text() == "Nod"
    assert UNMEASURED in dock.derived.remark.text()
    weak = "these weights follow it too roughly (correlation 0.24, at least 0.5 is needed)"
    dock.derived.show_untrusted({"smile": weak})
    assert dock.derived.remark.text() == "(?) can't be trusted: these weights follow it too roughly."
    assert "0.24" in dock.derived.remark.toolTip()
    assert "0.24" in label("Smile").toolTip()
    dock.derived.show_untrusted({})
    assert label("Smile").text() == "Smile"
    for signal in DERIVED:
        assert signal_text(signal, -0.5) and signal_text(signal, float("nan")) == "–"  # noqa: PT018


def test_a_wait_shows_what_to_do_and_how_far_it_is(dock):
    section = dock.calibration
    section.show_state(CalibrationState(Angles(1, 2, 3), True, Waiting.NEUTRAL, 0.4, True))
    assert section.hint.text() == "Relax your face and hold still… 40 %"
    assert (section.progress.value(), section.buttons["neutral"].text()) == (40, "Cancel")
    assert section.neutral.whole_text == "known"
    section.show_state(CalibrationState(waiting=Waiting.RECENTRE))
    assert section.hint.text() == "Waiting for a face; A ends it."
    section.show_state(CalibrationState())
    assert section.progress.isHidden()
    assert not section.buttons["forget_neutral"].isEnabled()


def test_without_a_source_there_is_nothing_to_calibrate(idle_window, qtbot):
    for key in (Qt.Key.Key_A, Qt.Key.Key_X):
        qtbot.keyClick(idle_window, key)
        assert idle_window.status_line.message.text == "Nothing is measured yet."
    assert {f"filter_{preset.name}" for preset in PRESETS} <= set(idle_window.commands)


def test_keys_calibrate_the_pipeline(play, qtbot):
    window = play()
    signals = window.controller.pipeline.signals
    for key, waiting in ((Qt.Key.Key_A, Waiting.RECENTRE), (Qt.Key.Key_X, Waiting.NEUTRAL)):
        qtbot.keyClick(window, key)
        assert signals.chain.calibration.waiting is waiting
        assert "Waiting for a face" in window.status_line.message.text
        qtbot.keyClick(window, key)
        assert signals.chain.calibration.waiting is None
    qtbot.keyClick(window, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    words = "No neutral expression is known of this face."
    qtbot.waitUntil(lambda: window.status_line.message.text == words, timeout=WAIT_MS)
    window.settings.set(settings.ATTENTION_CONE, 35.0)
    assert signals.chain.cone_deg == 35
    reset_settings(window)
    assert signals.chain.cone_deg == 20
