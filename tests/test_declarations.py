"""A row is all that a new engine, output, panel, exporter or estimator needs: everything else follows from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``made_up`` prints, in a process of its own: tables are read when modules are imported."""
    words = [sys.executable, "-m", "tests.made_up", str(tmp_path_factory.mktemp("made up"))]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


def test_an_engine(found: dict[str, Any]) -> None:
    assert ",abacus}" in found["window"]
    assert "numpy" in found["check"].partition("engines ")[2].partition(" weights ")[0]
    assert found["backend"] == "an abacus"
    assert found["engines"][0] == "Automatic"
    assert "abacus" in found["engines"]


def test_an_output(found: dict[str, Any]) -> None:
    assert "--fax NUMBER Everything on paper (The number to dial)" in found["window"]
    assert found["asked"] == [["fax", "112"]]
    assert "no Fax (no line)" in found["check"]
    assert found["output"] == "a fax to 112"
    assert found["target"] == ["NUMBER"]


def test_a_panel(found: dict[str, Any]) -> None:
    assert found["key"] == "Ctrl+Alt+K"
    assert found["panel"] is True


def test_an_exporter(found: dict[str, Any]) -> None:
    assert "punched (Punched cards)" in found["export"]
    assert "Punched cards" in found["exports"]


def test_an_estimator(found: dict[str, Any]) -> None:
    assert "guesswork (Guesswork)" in found["extract"]
    assert found["estimator"] == "Nobody guesses today."
