"""The window's tests leave no thread and no warning behind: what would, fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

CARELESS = """
import threading
import warnings

from PyQt6.QtCore import qWarning
from tests.ui.conftest import _no_thread_left  # as for the window's tests

stop = threading.Event()


def test_leaves_a_thread():
    threading.Thread(target=stop.wait, name="forgotten", daemon=True).start()


def test_leaves_a_warning():
    warnings.warn("careless", UserWarning)


def test_leaves_a_warning_of_qt(qapp):
    qWarning("QPainter::begin: careless")


def test_leaves_a_slot_that_raises(qtbot):
    from PyQt6.QtCore import QTimer

    QTimer.singleShot(0, lambda: 1 / 0)
    qtbot.wait(50)


def test_leaves_nothing(qapp):
    pass
"""


def test_what_is_left_behind_fails(tmp_path):
    path = tmp_path / "test_careless.py"
    path.write_text(CARELESS, encoding="utf-8")
    words = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider", "-rA", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    ends = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR") and "::" in rest:
            ends[rest.partition("::")[2].split(" ")[0]] = word
    assert "threads left running: forgotten" in done.stdout, done.stdout
    assert ends == {
        "test_leaves_a_thread": "ERROR",  # after its end
        "test_leaves_a_warning": "FAILED",
        "test_leaves_a_warning_of_qt": "FAILED",
        "test_leaves_a_slot_that_raises": "FAILED",
        "test_leaves_nothing": "PASSED",
    }, done.stdout
