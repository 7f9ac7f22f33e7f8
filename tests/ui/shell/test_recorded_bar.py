"""After a recording: it is offered for review, in the file manager and to be followed by another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QPoint, QSize, Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel

from app.session.manifest import SessionFields
from app.session.stats import WriterStats
from app.ui.shell import settings
from app.ui.shell.controller import RECORDING, RECORDING_NETWORK
from app.ui.shell.messages import Severity
from app.ui.widgets.fields import Value
from tests.ui.find import find

WAIT_MS = 20_000
STATS = WriterStats(Path("/recordings/2026-03-04_10-11-12"), 12.4, 372, 372, 0, 1000, "", "", finished=True)


def button(window, name) -> QAbstractButton:
    return find(window.recorded, name, QAbstractButton)


def recorded_frames(window) -> int:
    stats = window.controller.pipeline.status().recording
    return stats.frames if stats is not None and window.controller.pipeline.status().recording_active else 0


@pytest.fixture
def recorded(no_network, make_window, qtbot, store, tmp_path):
    """A window that has just made a recording of the demo, which plays on."""
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    window = make_window(source="demo")
    with qtbot.waitExposed(window):
        window.show()
    record = window.commands["record"]
    qtbot.waitUntil(lambda: window.view.result is not None, timeout=WAIT_MS)
    qtbot.waitUntil(record.isEnabled, timeout=WAIT_MS)
    record.trigger()
    qtbot.waitUntil(lambda: recorded_frames(window) > 5, timeout=WAIT_MS)
    assert not window.recorded.isVisible()
    record.trigger()
    qtbot.waitUntil(window.recorded.isVisible, timeout=WAIT_MS)
    return window


def test_it_is_reviewed_from_the_bar_and_stands_among_the_recent_files(recorded, tmp_path, qtbot):
    (session,) = (tmp_path / "recordings").iterdir()
    assert recorded.recent.paths[0] == str(session)
    button(recorded, "Review").click()
    assert not recorded.recorded.isVisible()
    (review,) = recorded.review.windows
    qtbot.waitSignal(review.opened, timeout=WAIT_MS).wait()
    assert review.folder == session
    assert review.problem is None


def test_the_next_recording_is_started_from_the_bar(recorded, tmp_path, qtbot):
    again = button(recorded, "Record again")
    qtbot.waitUntil(again.isEnabled, timeout=WAIT_MS)
    again.click()
    assert not recorded.recorded.isVisible()
    qtbot.waitUntil(lambda: recorded_frames(recorded) > 2, timeout=WAIT_MS)
    assert len(list((tmp_path / "recordings").iterdir())) == 2


def test_neither_source_nor_network_changes_under_a_recording(recorded, tmp_path, qtbot):
    window = recorded
    button(window, "Record again").click()
    qtbot.waitUntil(lambda: recorded_frames(window) > 2, timeout=WAIT_MS)
    source, network = window.controller.source, window.controller.network
    window.commands["demo"].trigger()
    assert window.status_line.message.text == RECORDING
    window.take([tmp_path / "dropped.mp4"])
    window.toolbar.device.chosen.emit("cuda")
    assert window.status_line.message.text == RECORDING_NETWORK
    window.settings.set(settings.ENGINE, "torch")
    assert (window.controller.source, window.controller.network) == (source, network)
    assert window.settings.get(settings.ENGINE) == network.engine == "auto"
    assert window.controller.pipeline.status().recording_active


def test_its_folder_is_shown(idle_window, monkeypatch):
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(asked.append(url)))
    idle_window.recorded.offer(STATS)
    button(idle_window, "Show in folder").click()
    assert asked == [QUrl.fromLocalFile(str(STATS.folder))]
    assert not idle_window.recorded.isVisible()
    assert idle_window.status_line.message.severity is Severity.WARNING  # there is no file manager here
    assert str(STATS.folder) in idle_window.status_line.message.text


def test_the_next_recording_takes_it_away_however_it_was_started(idle_window):
    idle_window.recorded.offer(STATS)
    idle_window.controller.recording_began.emit()
    assert not idle_window.recorded.isVisible()


def test_a_recording_that_failed_is_not_offered_but_can_be_found(idle_window):
    idle_window.controller.recorded.emit(replace(STATS, error="The disk is full."))
    assert not idle_window.recorded.isVisible()
    assert idle_window.recent.paths == [str(STATS.folder)]


def test_two_recordings_in_a_row_both_stand_among_the_recent_files(idle_window, status, monkeypatch):
    first, second = STATS, replace(STATS, folder=STATS.folder.with_name("second"))
    controller, states = idle_window.controller, iter([
        status(recording=replace(first, finished=False), recording_active=True),
        status(recording=replace(second, finished=False), recording_active=True, recording_finishing=True),
        status(recording=second),
    ])  # fmt: skip
    monkeypatch.setattr(controller, "pipeline", SimpleNamespace(status=lambda: next(states)))
    controller.poll()
    controller.poll()
    assert not idle_window.recorded.isVisible()
    controller.poll()
    assert idle_window.recent.paths == [str(second.folder), str(first.folder)]
    assert idle_window.recorded.folder == second.folder


def test_the_keyboard_gets_there_and_escape_closes_it(idle_window, qtbot):
    idle_window.view.setFocus()
    idle_window.recorded.offer(STATS)
    assert QApplication.focusWidget() is idle_window.view  # keys mean what they did
    for _ in range(100):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if idle_window.recorded.isAncestorOf(QApplication.focusWidget()):
            break
    assert QApplication.focusWidget() is button(idle_window, "Review")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not idle_window.recorded.isVisible()


@pytest.mark.parametrize("size", [QSize(853, 480), QSize(1280, 720)])
def test_every_button_of_it_has_room(idle_window, size, qtbot):
    idle_window.resize(size)
    idle_window.recorded.offer(STATS)
    qtbot.waitUntil(lambda: idle_window.recorded.width() == idle_window.width())
    assert idle_window.size() == size
    for one in idle_window.recorded.findChildren(QAbstractButton):
        if one.objectName() == "qt_toolbar_ext_button":
            assert not one.isVisible()
            continue
        corner = one.mapTo(idle_window, QPoint(one.width(), one.height()))
        assert one.width() >= one.minimumSizeHint().width(), one.accessibleName()
        assert corner.x() <= size.width(), one.accessibleName()
        assert corner.y() <= size.height(), one.accessibleName()
    (text,) = idle_window.recorded.findChildren(QLabel)
    assert text.text() == "2026-03-04_10-11-12 is saved: 00:12, 372 frames."
    idle_window.recorded.offer(replace(STATS, dropped=40))
    (value,) = idle_window.recorded.findChildren(Value)
    assert value.whole_text.endswith("372 frames; 40 more could not be written in time.")


def test_a_profile_brings_no_bar_back(idle_window):
    idle_window.recorded.offer(STATS)
    idle_window.profiles.save("With the bar")
    idle_window.recorded.leave()
    idle_window.profiles.use("With the bar")
    assert not idle_window.recorded.isVisible()


def test_recordings_are_named_by_the_pattern_in_the_panel(idle_window, store, tmp_path, qtbot):
    idle_window.docks.start()
    idle_window.commands["markers"].trigger()
    panel = idle_window.docks.view("markers")
    assert panel.name.text() == "{date}_{time}"
    panel.name.setText("{who}")
    panel.name.editingFinished.emit()
    assert "{who} is no part" in panel.name.toolTip()
    assert idle_window.settings.get(settings.RECORDING_NAME) == "{date}_{time}"
    panel.name.setText("{participant}_{task}")
    panel.name.editingFinished.emit()
    assert "replaced" in panel.name.toolTip()
    assert store.get(settings.RECORDING_NAME) == "{participant}_{task}"
    idle_window.annotations.use_fields(SessionFields("P07", "reading"))
    claimed = []
    idle_window.controller.start_recording = lambda claim: claimed.append(claim()) or ""
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    idle_window.record(True)
    assert claimed == [tmp_path / "recordings" / "P07_reading"]
    idle_window.annotations.new_participant()
    idle_window.annotations.use_fields(SessionFields())
    assert idle_window.annotations.folder_name().startswith("20")  # nothing is left of the pattern: date and time


def test_the_command_lines_pattern_goes_before_the_remembered_one(make_window, store):
    store.set(settings.RECORDING_NAME, "{task}_{date}")
    assert make_window(name="{participant}").settings.get(settings.RECORDING_NAME) == "{participant}"
    assert make_window().settings.get(settings.RECORDING_NAME) == "{task}_{date}"
