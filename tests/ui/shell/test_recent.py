"""What was opened before: remembered, opened again, forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.ui.shell import settings
from app.ui.shell.messages import Severity
from app.ui.shell.recent import MAX_RECENT
from tests.ui.find import reset_settings

WAIT_MS = 20_000


def entries(window) -> list[str]:
    window.recent.menu.aboutToShow.emit()
    return [action.text() for action in window.recent.menu.actions() if action.text()]


def choose(window, number: int) -> None:
    window.recent.menu.aboutToShow.emit()
    window.recent.menu.actions()[number].trigger()


@pytest.fixture
def files(tmp_path) -> list[Path]:
    paths = [tmp_path / f"clip {i}.mp4" for i in range(12)]
    for path in paths:
        path.write_bytes(b"")
    return paths


def test_it_stands_in_the_file_menu_and_is_empty_at_first(idle_window):
    menu = idle_window.menuBar().actions()[0].menu()
    assert idle_window.recent.menu.menuAction() in menu.actions()
    assert not idle_window.recent.menu.menuAction().isEnabled()


def test_what_is_opened_comes_first_once_and_no_more_than_there_are_digits(idle_window, files):
    for path in [*files, files[5]]:
        idle_window.controller.open_source(str(path))
        idle_window.controller.source_changed.emit(str(path))
    assert idle_window.recent.paths[:2] == [str(files[5]), str(files[11])]
    assert len(idle_window.recent.paths) == len(set(idle_window.recent.paths)) == MAX_RECENT
    assert entries(idle_window)[0] == "&1  clip 5.mp4"
    assert entries(idle_window)[-1] == "&Forget these"


def test_cameras_and_the_demo_are_no_files(idle_window):
    for spec in ("auto", "demo", "0", "HD Webcam", "gone.mp4"):
        idle_window.controller.source_changed.emit(spec)
    assert idle_window.recent.paths == []


def test_choosing_one_opens_it(no_network, make_window, store, qtbot, clip):
    store.set(settings.RECENT_FILES, ["/elsewhere/a.mp4", str(clip)])
    window = make_window(source="demo")
    window.show()
    qtbot.waitUntil(lambda: window.controller.pipeline is not None, timeout=WAIT_MS)
    choose(window, 1)
    assert window.controller.source == str(clip)
    assert window.recent.paths[0] == str(clip)


def test_one_that_is_gone_is_said_and_forgotten(idle_window, files):
    idle_window.recent.add(files[0])
    idle_window.recent.add(files[1])
    files[1].unlink()
    choose(idle_window, 0)
    assert idle_window.status_line.message.severity is Severity.WARNING
    assert "is gone" in idle_window.status_line.message.text
    assert idle_window.recent.paths == [str(files[0])]


def test_they_can_be_forgotten(idle_window, files):
    idle_window.recent.add(files[0])
    idle_window.recent.menu.aboutToShow.emit()
    idle_window.recent.menu.actions()[-1].trigger()
    assert idle_window.recent.paths == []
    assert not idle_window.recent.menu.menuAction().isEnabled()


def test_a_reset_forgets_them_too(idle_window, files):
    idle_window.recent.add(files[0])
    reset_settings(idle_window)
    assert idle_window.recent.paths == []
    assert not idle_window.recent.menu.menuAction().isEnabled()


def test_a_name_with_an_ampersand_is_shown_whole(idle_window, tmp_path):
    path = tmp_path / "Tom & Ann.mp4"
    path.write_bytes(b"")
    idle_window.recent.add(path)
    assert entries(idle_window)[0] == "&1  Tom && Ann.mp4"


def test_a_source_where_one_may_not_look_is_not_remembered(idle_window):
    idle_window.recent.add_source("/" + "y" * 5000)
    assert idle_window.recent.paths == []
