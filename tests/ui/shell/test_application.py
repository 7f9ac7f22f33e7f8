"""The program as it is started: where no window can open, and how it ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.ui.shell import display
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland are Linux's")


def environment(tmp_path: Path, **changes: str) -> dict[str, str]:
    """Without a display, settings in a folder of their own."""
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path), **changes}


def start(arguments: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@LINUX
@pytest.mark.parametrize("changes", [{}, {"DISPLAY": ":987"}, {"QT_QPA_PLATFORM": "xcb"}])
def test_without_a_display_there_is_one_sentence_and_no_crash(tmp_path, changes):
    program = start([], environment(tmp_path, **changes))
    out, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert out == ""
    assert err.startswith("motionscope: ")
    assert len(err.splitlines()) == 1
    # Where Qt's libraries are missing too, that is what must be said first.
    assert "display" in err or "install" in err


@LINUX
def test_a_missing_library_is_named_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":987")
    broken = tmp_path / "Qt6" / "plugins" / "platforms" / "libqxcb.so"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no library")
    package = SimpleNamespace(submodule_search_locations=[tmp_path])
    monkeypatch.setattr(display.importlib.util, "find_spec", lambda name: package)
    monkeypatch.setattr(display, "missing_packages", lambda: ["libxcb-cursor0"])
    problem = display.display_problem()
    assert "libxcb-cursor0" in problem
    assert "install" in problem


@LINUX
@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=800x600", "offscreen;xcb"])
def test_platforms_that_need_no_display_are_let_through(monkeypatch, platform):
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert display.display_problem() == ""


def test_what_opencv_left_in_the_environment_is_removed(monkeypatch):
    for name in display.FOREIGN_VARIABLES:
        monkeypatch.setenv(name, "/somewhere/cv2/qt")
    display.forget_foreign_qt()
    assert not set(display.FOREIGN_VARIABLES) & set(os.environ)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to catch")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_like_a_person_and_the_recording_is_whole(number, tmp_path, clip):
    session = tmp_path / "session"
    program = start(
        ["--source", str(clip), "--record", str(session), "--weights", str(tmp_path / "nothing.pth")],
        environment(tmp_path, QT_QPA_PLATFORM="offscreen"),
    )
    wait_until(lambda: list(session.glob("video*.mkv")) or program.poll() is not None)
    time.sleep(0.5)  # a few frames
    program.send_signal(signal.Signals[number])
    _, err = program.communicate(timeout=60)
    assert program.returncode == 1  # the weights that were asked for are not there
    assert "nothing.pth" in err
    assert "Traceback" not in err
    manifest = json.loads((session / "session.json").read_text(encoding="utf-8"))
    assert manifest["state"] == "complete"
    assert manifest["frames"] > 3
