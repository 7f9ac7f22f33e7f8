"""Times of blocks made even, the meter, and a microphone that is switched on, fails and goes away."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.importing import IMPORTING
from app.core.sound import SoundBlock
from app.sound import capture, portaudio
from app.sound.capture import SoundCapture
from app.sound.clock import LEAP_S, BlockClock
from app.sound.level import SILENCE_DB, Level
from tests.interpreter import run_python
from tests.sound.microphone import FakeMicrophone
from tests.waiting import PATIENCE_S, join_threads

ROOT = Path(__file__).resolve().parents[2]


@given(st.floats(-300, 300), st.integers(0, 2**32 - 1))
def test_times_are_even_and_follow_the_devices_own_clock(ppm, seed):
    """Blocks of 20 ms whose times tremble by 2 ms; the device is some parts in a million too fast."""
    rng, clock, rate = np.random.default_rng(seed), BlockClock(48_000), 48_000 * (1 + ppm * 1e-6)
    true_s = 100 + np.arange(1500) * 960 / rate
    made = np.array([clock.time_of(960, time + rng.normal(0, 0.002)) for time in true_s])
    error = (made - true_s)[500:]
    assert np.abs(error).max() < 0.003
    assert np.diff(made).std() < 2e-4


def test_after_a_gap_it_begins_anew():
    clock = BlockClock(48_000)
    for k in range(10):
        clock.time_of(480, k / 100)
    assert clock.time_of(480, 5.0) == 5.0
    assert clock.time_of(480, 5.01) == pytest.approx(5.01)
    assert clock.time_of(480, 5.02 + 0.9 * LEAP_S) == pytest.approx(5.02)


def test_the_meter_shows_the_peak_and_falls():
    level = Level()
    assert level.peak_db == SILENCE_DB
    level.add(np.array([0, 16384, -100], np.int16), 48_000)
    assert level.peak_db == pytest.approx(-6.02, abs=0.01)
    level.add(np.zeros(4800, np.int16), 48_000)
    assert level.peak_db == pytest.approx(-9.02, abs=0.01)
    level.add(np.full(48, -32768, np.int16), 48_000)
    assert level.peak_db == 0


@pytest.fixture
def heard():
    """A capture, what it hands on, and an event for that."""
    blocks: list[SoundBlock] = []
    came = threading.Event()

    def take(block: SoundBlock) -> None:
        blocks.append(block)
        came.set()

    sound = SoundCapture(take)
    yield sound, blocks, came
    sound.close()


def switch_on(sound: SoundCapture, microphone: FakeMicrophone) -> None:
    sound.switch(microphone)
    join_threads("sound")


def test_off_at_first_and_on_with_its_level(heard):
    sound, blocks, _ = heard
    assert sound.status is None
    microphone = FakeMicrophone()
    switch_on(sound, microphone)
    microphone.feed(np.full(960, 3277, np.int16), 7.0)
    assert (sound.status.device, sound.status.rate, sound.status.problem) == ("a made microphone", 48_000, "")
    assert sound.status.peak_db == pytest.approx(-20, abs=0.01)
    assert [(block.rate, block.captured_s, block.device) for block in blocks] == [(48_000, 7.0, "a made microphone")]
    sound.switch(None)
    join_threads("sound")
    assert sound.status is None
    assert not microphone.active


def test_another_one_replaces_it_and_nothing_of_the_old_one_comes(heard):
    sound, blocks, _ = heard
    old, new = FakeMicrophone(), FakeMicrophone(44_100)
    switch_on(sound, old)
    switch_on(sound, new)
    old.feed(np.ones(10, np.int16), 1.0)
    new.feed(np.ones(10, np.int16), 2.0)
    assert [block.rate for block in blocks] == [44_100]
    assert not old.active


def test_what_can_not_be_opened_is_a_sentence(heard, monkeypatch, caplog):
    sound, _, _ = heard
    switch_on(sound, FakeMicrophone(problem="There is no microphone: connect one."))
    assert sound.status.problem == "There is no microphone: connect one."
    broken = FakeMicrophone()
    monkeypatch.setattr(broken, "open", lambda on_block: 1 / 0)
    switch_on(sound, broken)
    assert sound.status.problem == capture.UNEXPECTED


def test_a_microphone_that_is_pulled_out_or_hangs_is_said(heard, monkeypatch):
    sound, _, _ = heard
    microphone = FakeMicrophone()
    switch_on(sound, microphone)
    microphone.active = False
    assert sound.status.problem.startswith("The microphone a made microphone gives no sound any more")
    microphone.active = True
    assert sound.status.problem == ""
    monkeypatch.setattr(capture, "SILENT_S", -1.0)
    assert sound.status.problem != ""


def test_without_portaudio_it_is_a_sentence_and_nothing_is_loaded_before(heard, monkeypatch):
    from app.sound.device import Microphone

    code = "import sys, app.pipeline, app.ui.features.sound.sound; print('sounddevice' in sys.modules)"
    assert run_python(code) == "False"
    sound, _, _ = heard
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    switch_on(sound, Microphone())
    assert sound.status.problem == portaudio.NO_PORTAUDIO


def test_what_stands_in_while_mediapipe_is_imported_is_not_taken_for_the_library(monkeypatch):
    real, got = types.ModuleType("sounddevice"), []
    with IMPORTING:
        monkeypatch.setitem(sys.modules, "sounddevice", types.ModuleType("sounddevice"))
        thread = threading.Thread(target=lambda: got.append(portaudio.sounddevice()))
        thread.start()
        thread.join(0.05)  # it waits, so that this ends nothing
        monkeypatch.setitem(sys.modules, "sounddevice", real)
    thread.join(PATIENCE_S)
    assert got == [real]
