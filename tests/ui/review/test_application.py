"""``motionscope review`` as a command, and review windows opened from the main one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QImage
from PyQt6.QtTest import QTest

from app.ui.review.controls import is_session
from tests.factories import read_annotations
from tests.interpreter import run_python

ROOT = Path(__file__).resolve().parents[3]


def run(*words, timeout=60, **environment):
    return subprocess.run(
        [sys.executable, "-m", "app", "review", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_it_shows_a_session_and_saves_a_picture(folder, tmp_path):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run(folder, "--at", 5, "--screenshot", tmp_path / "window.png")
    assert done.returncode == 0, done.stderr
    image = QImage(str(tmp_path / "window.png"))
    assert image.width() >= 600
    assert {path: path.read_bytes() for path in folder.iterdir()} == before  # looking changes nothing


@pytest.mark.skipif(sys.platform == "win32", reason="the settings lie elsewhere")
def test_it_is_light_where_the_main_window_is(folder, tmp_path):
    remembered = tmp_path / "motionscope" / "motionscope.ini"
    remembered.parent.mkdir()
    brightness = {}
    for name in ("light", "dark"):
        remembered.write_text(f"[window]\ntheme={name}\n", encoding="utf-8")
        done = run(folder, "--screenshot", tmp_path / f"{name}.png", XDG_CONFIG_HOME=str(tmp_path))
        assert done.returncode == 0, done.stderr
        image = QImage(str(tmp_path / f"{name}.png"))
        points = ((x, image.height() - 60 + y) for x in range(5, image.width(), 11) for y in range(0, 55, 5))
        brightness[name] = median(image.pixelColor(x, y).lightnessF() for x, y in points)
    assert brightness["light"] > 0.6 > 0.4 > brightness["dark"]


def test_it_needs_neither_torch_nor_a_camera(folder):
    code = (
        "import sys, app.ui.review.window, app.ui.review.application;"
        "print({*sys.modules} & {'torch', 'mediapipe', 'pyqtgraph'})"
    )
    assert run_python(code) == "set()"


@pytest.mark.parametrize("what", ["nothing", "empty", "file", "damaged"])
def test_what_is_no_session_is_one_sentence(folder, tmp_path, what):
    places = {"nothing": tmp_path / "nothing", "empty": tmp_path, "file": folder / "frames.csv", "damaged": folder}
    if what == "damaged":
        (folder / "frames.csv").write_text("x\n")
    done = run(places[what])
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]  # Qt's offscreen plugin's
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("motionscope: ")
    assert "Traceback" not in done.stderr


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )


def test_a_session_dropped_on_the_main_window_is_reviewed(idle_window, folder, qtbot):
    drop(idle_window, folder)
    (review,) = idle_window.review.windows
    with qtbot.waitSignal(review.opened, timeout=20_000):
        pass
    assert review.shown.presenter.wait(20)
    drop(idle_window, folder / "session.json")  # again: the same window
    assert idle_window.review.windows == [review]
    QTest.keyClick(review.timeline, Qt.Key.Key_5)
    with qtbot.waitSignal(idle_window.ended, timeout=30_000):
        idle_window.close()
    assert idle_window.review.windows == []
    assert "marker 5" in [annotation.label for annotation in read_annotations(folder / "events.csv")]


def test_its_key_asks_for_a_folder(idle_window, folder, qtbot, monkeypatch):
    monkeypatch.setattr("app.ui.shell.dialogs.ask_folder", lambda parent, title, start, done: done(str(folder)))
    assert idle_window.commands["open_session"].shortcut().toString() == "Ctrl+R"
    idle_window.commands["open_session"].trigger()
    (review,) = idle_window.review.windows
    with qtbot.waitSignal(review.opened, timeout=20_000):
        pass
    review.close()
    qtbot.waitUntil(lambda: idle_window.review.windows == [])


def test_what_is_a_session(folder, tmp_path):
    assert is_session(folder)
    assert is_session(folder / "session.json")
    assert not is_session(tmp_path)
    assert not is_session(folder / "video.mkv")
