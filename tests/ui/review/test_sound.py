"""Recorded sound in review: heard while it plays at normal speed, at the place that is shown."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.core.clock import now_s
from app.core.sound import RATE, SoundBlock
from app.session.disk import GuardedFile
from app.session.folders import AUDIO
from app.session.sound import SoundEncoder
from app.ui.shell import settings
from tests.sound.test_playback import HandSpeaker, heard
from tests.ui.review.conftest import FRAMES

WAIT_MS = 20_000


@pytest.fixture
def speakers(monkeypatch) -> list[HandSpeaker]:
    made: list[HandSpeaker] = []

    def make() -> HandSpeaker:
        made.append(HandSpeaker())
        return made[-1]

    monkeypatch.setattr("app.ui.review.sound.Loudspeaker", make)
    return made


@pytest.fixture
def window(make_review, folder, speakers):
    """With a session that has sound: louder from second to second."""
    file = GuardedFile(folder / AUDIO)
    encoder = SoundEncoder(file)
    for k in range(FRAMES // 30):
        encoder.add(SoundBlock(np.full(RATE, 1000 * (k + 1), np.int16), RATE, k), k)
    encoder.finish()
    file.close()
    return make_review(folder)


def test_it_is_heard_at_the_place_that_is_shown(window, speakers, qtbot):
    window.shown.player.seek(6.5)
    QTest.keyClick(window.timeline, Qt.Key.Key_Space)
    (speaker,) = speakers
    assert speaker.opened.wait(10)
    assert (heard(speaker, now_s()) == 7000).any()
    window.shown.player.seek(1.2)
    qtbot.waitUntil(lambda: (speaker.fill(480, now_s()) == 2000).any(), timeout=WAIT_MS)
    QTest.keyClick(window.timeline, Qt.Key.Key_Space)
    qtbot.waitUntil(speaker.closed.is_set, timeout=WAIT_MS)
    assert not speaker.fill(480, now_s()).any()


def test_other_speeds_and_the_switch_are_silent(window, speakers, qtbot, store):
    QTest.keyClick(window.timeline, Qt.Key.Key_BracketRight)
    window.shown.player.play()
    assert speakers == []
    QTest.keyClick(window.timeline, Qt.Key.Key_BracketLeft)
    qtbot.waitUntil(lambda: len(speakers) == 1, timeout=WAIT_MS)
    QTest.keyClick(window.timeline, Qt.Key.Key_U)
    qtbot.waitUntil(speakers[0].closed.is_set, timeout=WAIT_MS)
    assert store.get(settings.REVIEW_SOUND) is False
    QTest.keyClick(window.timeline, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: len(speakers) == 2, timeout=WAIT_MS)


def test_without_a_speaker_it_plays_on_in_silence_and_says_so_once(window, monkeypatch, qtbot):
    monkeypatch.setattr("app.ui.review.sound.Loudspeaker", lambda: HandSpeaker("There is no loudspeaker."))
    window.shown.player.play()
    qtbot.waitUntil(lambda: window.status_line.message.text == "There is no loudspeaker.", timeout=WAIT_MS)
    assert window.shown.player.playing


def test_sound_that_is_damaged_is_said_and_the_rest_is_shown(make_review, folder, speakers, qtbot):
    (folder / AUDIO).write_bytes(b"no sound")
    window = make_review(folder)
    window.shown.player.play()
    qtbot.waitUntil(lambda: window.status_line.message.text.endswith("it is damaged."), timeout=WAIT_MS)


def test_without_sound_no_speaker_is_asked_for(make_review, folder, speakers):
    window = make_review(folder)
    window.shown.player.play()
    window.shown.player.pause()
    assert speakers == []
