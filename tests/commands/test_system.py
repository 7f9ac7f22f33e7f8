"""The command that installs an extra names what there is here."""

from __future__ import annotations

import shlex
from pathlib import Path

from app import system
from app.system import extra_command


def test_in_a_checkout_it_installs_into_this_environment():
    words = shlex.split(extra_command("lsl"))
    assert Path(words[0]).is_file()
    assert Path(words[words.index("-c") + 1]).is_file()
    assert words[-1].endswith("[lsl]")


def test_elsewhere_it_is_pips_own_way(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "__file__", str(tmp_path / "app" / "system.py"))
    assert extra_command("lsl") == "pip install 'motionscope[lsl]'"


def test_folders_with_spaces_are_quoted(monkeypatch, tmp_path):
    root = tmp_path / "my programs"
    (root / "app").mkdir(parents=True)
    (root / "run.py").touch()
    monkeypatch.setattr(system, "__file__", str(root / "app" / "system.py"))
    assert shlex.split(extra_command("lsl"))[-1] == f"{root}[lsl]"
