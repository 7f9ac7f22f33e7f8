"""A system that writes decimal commas, or whose letters are Turkish: the same numbers, in the window and in files."""

from __future__ import annotations

import csv
import json
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GERMAN, TURKISH = "de_DE.UTF-8", "tr_TR.UTF-8"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not take its locale from LC_ALL")


def environment(tmp_path: Path, **changes: str) -> dict[str, str]:
    """Offscreen, settings in a folder of their own, no locale but the one in ``changes``; skips where it is missing."""
    before = locale.setlocale(locale.LC_MONETARY)
    try:
        for name in changes.values():
            locale.setlocale(locale.LC_MONETARY, name)
    except locale.Error:
        pytest.skip(f"{', '.join(changes.values())} is not installed")
    finally:
        locale.setlocale(locale.LC_MONETARY, before)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path / "settings"), "QT_QPA_PLATFORM": "offscreen", **changes}


def run(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, text=True, encoding="utf-8", capture_output=True, timeout=100
    )


@pytest.mark.parametrize("changes", [{"LC_NUMERIC": GERMAN}, {"LC_ALL": TURKISH}], ids=["German numbers", "Turkish"])
def test_the_window_measures_and_exports_write_decimal_points(tmp_path, changes):
    env = environment(tmp_path, **changes)
    session = tmp_path / "session"
    words = ["--source", "demo", "--duration", "2", "--record", str(session), "--weights", "lite"]
    done = run(["-m", "app", *words], env)
    assert done.returncode == 0, done.stderr
    assert "motionscope:" not in done.stderr
    assert json.loads((session / "session.json").read_text(encoding="utf-8"))["state"] == "complete"
    with (session / "frames.csv").open(encoding="utf-8", newline="") as file:
        measured = [row for row in csv.DictReader(file) if row["success"] == "1"]
    assert measured
    done = run(["-m", "app", "export", str(session), "--format", "openface,bids,elan,spreadsheet", "--quiet"], env)
    assert (done.returncode, done.stderr) == (0, "")
    (exported,) = session.glob("export/**/*openface*.csv")
    with exported.open(encoding="utf-8", newline="") as file:
        timestamps = [float(row["timestamp"]) for row in csv.DictReader(file, skipinitialspace=True)]
    assert any(value % 1 for value in timestamps)
    assert (session / "export" / "markers.csv").read_text(encoding="utf-8-sig").startswith("session;participant;")


@pytest.mark.parametrize("name", [GERMAN, TURKISH])
def test_extract_writes_the_same_bytes(tmp_path, assets, name):
    picture = tmp_path / "IŞIK ı.png"  # letters that Turkish and English lower differently
    picture.write_bytes((assets / "screenshot-review.png").read_bytes())
    tables = []
    for changes in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": name}):
        env = environment(tmp_path, **changes)
        out = tmp_path / changes["LC_ALL"]
        words = ["extract", str(picture), "--out", str(out), "--weights", "lite", "--jobs", "1", "--quiet"]
        done = run(["-m", "app", *words], env)
        assert (done.returncode, done.stderr) == (0, "")
        tables.append((out / "images.csv").read_bytes())
    assert tables[0] == tables[1]
    assert b",1,1,,0." in tables[0]  # a face was measured, so there are decimals to compare


EMBEDDED = """
import locale, os, sys
from PyQt6.QtWidgets import QDoubleSpinBox
from app.faces.detector import create_detector
from app.ui.shell.event_loop import make_application

app = make_application()
print(os.strerror(2))
locale.setlocale(locale.LC_ALL, "")  # as GTK and input methods do, whenever they are loaded
print(locale.localeconv()["decimal_point"])
box = QDoubleSpinBox()
box.setValue(0.5)
print(box.text())
locale.setlocale(locale.LC_ALL, sys.argv[1])  # as a program might that embeds the detector
create_detector().close()
print("detector")
"""


@pytest.mark.parametrize("variable", ["LC_ALL", "LC_NUMERIC", "LANG"])
@pytest.mark.parametrize("name", [GERMAN, TURKISH])
def test_c_libraries_stay_plain_whatever_sets_the_locale_and_people_keep_their_comma(tmp_path, variable, name):
    done = run(["-c", EMBEDDED, name], environment(tmp_path, **{variable: name}))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["No such file or directory", ".", "0,50", "detector"]
