"""Files measured from the window: another process does it, the window shows how it goes, pauses it and goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest
from PyQt6.QtCore import QPoint, QSize, Qt
from PyQt6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QListWidget, QProgressBar, QPushButton

from app.core.position import FaceSize, FieldOfView
from app.core.tilt import CameraTilt
from app.session.session import Session
from app.ui.shell import settings
from tests.ui.find import dialog as dialog_of
from tests.ui.find import find, press


@pytest.fixture
def dialog(window, tmp_path, store):
    store.set(settings.DEVICE, "cpu")
    window.commands["extract"].trigger()
    dialog = dialog_of(window, "Measure files")
    dialog.out.setText(str(tmp_path / "measured"))
    dialog.jobs.setValue(1)
    return dialog


def state(dialog):
    return find(dialog, "How it goes", QLabel).text()


def problems(dialog):
    lines = find(dialog, "Files without a pose, and why", QListWidget)
    return [lines.item(row).text() for row in range(lines.count())]


def children() -> list[psutil.Process]:
    own = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "app.batch.served" in " ".join(process.cmdline()):
                own.append(process)
        except psutil.Error:
            pass
    return own


def test_it_measures_on_the_device_and_by_the_engine_of_the_settings(dialog, store, tmp_path, monkeypatch):
    requests = []
    monkeypatch.setattr(dialog.extraction, "start", requests.append)
    store.set(settings.ENGINE, "torch")
    dialog.add_paths([str(tmp_path)])
    press(dialog, "Measure")
    assert [(each.options.device, each.options.engine) for each in requests] == [("cpu", "torch")]


def test_asked_for_again_it_has_the_keyboard(dialog, window, qtbot):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.commands["extract"].trigger()
    qtbot.waitUntil(dialog.isActiveWindow)


def test_it_stays_within_a_small_screen_while_it_measures_and_tells_problems(dialog, qtbot):
    bar, problems = find(dialog, "Progress", QProgressBar), find(dialog, "Files without a pose, and why")
    size = QSize(620, 420)  # of a screen of 1280x720 at 150 %
    dialog.resize(size)
    for part in (bar, problems):
        part.show()
    QApplication.processEvents()
    assert dialog.size() == size
    for button in dialog.findChildren(QPushButton):
        assert dialog.rect().contains(button.geometry().translated(button.parentWidget().mapTo(dialog, QPoint())))


def test_enter_in_a_field_does_not_close_it(dialog, qtbot):
    qtbot.keyClick(dialog.out, Qt.Key.Key_Return)
    qtbot.keyClick(dialog.faces, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_a_film_is_measured_paused_gone_on_with_and_listed(dialog, window, clip, assets, tmp_path, qtbot):
    films = tmp_path / "films"
    films.mkdir()
    shutil.copy(assets / "demo.mp4", films / "demo.mp4")
    (films / "broken.mp4").write_bytes(b"no film")
    assert not dialog.start_button.isEnabled()
    dialog.add_paths([str(films), str(films)])
    assert dialog.paths.count() == 1
    find(dialog, "Camera looks down by, in degrees", QDoubleSpinBox).setValue(-12.5)
    find(dialog, "Field of view in degrees", QDoubleSpinBox).setValue(30.0)
    find(dialog, "Distance between the pupils in millimetres", QDoubleSpinBox).setValue(60.0)
    press(dialog, "Measure")
    assert not dialog.paths.isEnabled()
    qtbot.waitUntil(lambda: " 0 frames" not in state(dialog) and " frames" in state(dialog), timeout=100_000)

    press(dialog, "Pause")
    qtbot.waitUntil(lambda: children()[0].status() == psutil.STATUS_STOPPED, timeout=20_000)
    assert state(dialog).startswith("Paused")
    press(dialog, "Go on")
    qtbot.waitUntil(lambda: children()[0].status() != psutil.STATUS_STOPPED, timeout=20_000)

    press(dialog, "Pause")
    qtbot.waitUntil(lambda: children()[0].status() == psutil.STATUS_STOPPED, timeout=20_000)
    with qtbot.waitSignal(dialog.extraction.ended, timeout=60_000):
        press(dialog, "Stop")  # also while it is paused
    assert state(dialog) == "Stopped; start it again to go on."
    assert children() == []
    assert not any(path.name.startswith(".part-") for path in (tmp_path / "measured").iterdir())

    shutil.copy(clip, films / "demo.mp4")  # a shorter one
    with qtbot.waitSignal(dialog.extraction.ended, timeout=100_000):
        press(dialog, "Measure")
    assert state(dialog) == f"1 of 2 files measured, results in {tmp_path / 'measured'}"
    problem, remark = problems(dialog)
    assert "broken.mp4" in problem
    assert remark == "No face was found in demo.mp4."
    session = Session.open(tmp_path / "measured" / "demo")
    assert len(session) == 50
    assert session.manifest.header.camera_tilt == CameraTilt(-12.5, 0.0)
    assert session.manifest.header.field_of_view == FieldOfView(30.0)
    assert session.manifest.header.face_size == FaceSize(60.0)
    qtbot.waitUntil(lambda: "demo" in {one.name for one in window.model.sessions}, timeout=20_000)
    assert dialog.start_button.isEnabled()


def test_the_end_of_the_window_leaves_no_process(dialog, window, assets, qtbot):
    dialog.add_paths([str(assets / "demo.mp4")])
    press(dialog, "Measure")
    qtbot.waitUntil(lambda: bool(children()), timeout=60_000)
    dialog_of(window, "Measure files").finish()
    assert children() == []


def test_what_cannot_be_done_is_said_and_the_choice_stays(dialog, window, make_sessions, tmp_path, store, qtbot):
    dialog.add_paths([str(tmp_path / "none.mp4")])
    with qtbot.waitSignal(dialog.extraction.ended, timeout=60_000):
        press(dialog, "Measure")
    assert state(dialog) == f"{tmp_path / 'none.mp4'} does not exist."
    other = make_sessions(Path(store.get(settings.RECORDINGS)))
    other.extract()
    assert dialog_of(other, "Measure files").paths.item(0).text() == str(tmp_path / "none.mp4")
    assert dialog_of(other, "Measure files").out.text() == str(tmp_path / "measured")
