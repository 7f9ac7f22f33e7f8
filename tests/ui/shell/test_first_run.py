"""The page of the first start: once, not for scripts, and everything on it works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PyQt6.QtCore import QRect, Qt

from app.core.launch_options import LaunchOptions
from app.ui.shell import settings
from app.ui.shell.first_run import NO_CAMERA, NO_CAMERA_DEMO, FirstRunPage, is_wanted
from app.ui.shell.messages import LOOKING
from tests.ui.find import dialog, reset_settings

WAIT_MS = 20_000


@dataclass(frozen=True)
class Found:
    spec: str
    label: str


DEMO = Found("demo", "Built-in demo")
WELCOME = "Welcome to Motionscope"


@pytest.fixture
def page(idle_window, monkeypatch, qtbot) -> FirstRunPage:
    monkeypatch.setattr(idle_window.controller, "list_sources", lambda: None)
    idle_window.commands["welcome"].trigger()
    page = dialog(idle_window, WELCOME)
    qtbot.waitUntil(page.isVisible, timeout=WAIT_MS)
    return page


def entries(page: FirstRunPage) -> list[str]:
    return [entry.label for entry in page.camera.entries if entry is not None]


def test_it_comes_once(no_network, make_window, store, qtbot, monkeypatch):
    """From the first paint on, and not again after it was closed, by key too."""
    monkeypatch.setattr("app.capture.resolve.list_sources", lambda: (DEMO,))
    window = make_window()
    window.show()
    qtbot.waitUntil(lambda: bool(window.findChildren(FirstRunPage)), timeout=WAIT_MS)
    page = dialog(window, WELCOME)
    qtbot.waitUntil(lambda: entries(page) == ["Built-in demo"], timeout=WAIT_MS)
    assert page.camera_note.text() == NO_CAMERA_DEMO
    assert is_wanted(LaunchOptions(), store)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert store.get(settings.WELCOMED)
    assert not is_wanted(LaunchOptions(), store)


@pytest.mark.parametrize(
    "options",
    [{"source": "demo"}, {"source": "0"}, {"duration_s": 1.0}, {"record": Path("x")}, {"screenshot": Path("x")},
     {"weights": "lite"}, {"outputs": (("lsl", "x"),)}],
)  # fmt: skip
def test_a_command_line_that_says_what_to_do_meets_no_page(options, store):
    assert not is_wanted(LaunchOptions(**options), store)


def test_a_reset_brings_it_back(page, idle_window, store):
    page.close()
    assert store.get(settings.WELCOMED)
    reset_settings(idle_window)
    assert is_wanted(LaunchOptions(), store)


def test_cameras_are_listed_and_the_one_that_runs_is_shown(page, idle_window):
    assert page.camera_note.text() == LOOKING
    idle_window.controller.sources_listed.emit((Found("0", "HD Webcam"), Found("1", "Other"), DEMO))
    assert entries(page) == ["HD Webcam", "Other", "Built-in demo"]
    assert page.camera.current == "0"  # auto is the first
    assert page.camera_note.isHidden()
    idle_window.controller.source_changed.emit("1")
    assert page.camera.current == "1"


def test_without_a_camera_it_says_so(page, idle_window):
    idle_window.controller.sources_listed.emit((DEMO,))
    assert page.camera_note.text() == NO_CAMERA_DEMO
    assert page.camera.current == "demo"
    idle_window.controller.source_changed.emit("film.mp4")
    assert page.camera_note.text() == NO_CAMERA  # no demo plays now


def test_choosing_a_camera_opens_it(page, idle_window):
    idle_window.controller.sources_listed.emit((Found("0", "HD Webcam"), DEMO))
    page.camera.activated.emit(1)
    assert idle_window.controller.source == "demo"


def test_straight_ahead_is_recentring(page, idle_window, monkeypatch):
    pressed = []
    monkeypatch.setattr(idle_window.signals, "recentre", lambda: pressed.append(True))
    page.recentre.click()
    assert pressed == [True]


def test_looking_again_asks_the_system(page, idle_window, monkeypatch):
    asked = []
    monkeypatch.setattr(idle_window.controller, "list_sources", lambda: asked.append(True))
    page.again.click()
    assert asked == [True]


def test_all_of_it_is_reached_by_keyboard(page, qtbot):
    page.camera.setFocus()
    reached = set()
    for _ in range(8):
        reached.add(page.focusWidget())
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
    assert {page.camera, page.again, page.recentre} <= reached


@pytest.mark.parametrize("size", [(1280, 720), (1000, 640), (790, 456)])
def test_it_leaves_the_face_free_that_it_speaks_of(idle_window, qtbot, size):
    idle_window.resize(*size)
    idle_window.commands["welcome"].trigger()
    page = dialog(idle_window, WELCOME)
    qtbot.waitUntil(page.isVisible, timeout=WAIT_MS)
    view = idle_window.view
    face = QRect(0, 0, view.height() // 2, view.height() // 2)
    face.moveCenter(view.mapToGlobal(view.rect().center()))
    assert not page.geometry().contains(face.center())
    if size[0] <= idle_window.screen().availableGeometry().width():  # else the screen pushes the page back
        assert not page.geometry().intersects(face)
    assert page.height() <= size[1]
