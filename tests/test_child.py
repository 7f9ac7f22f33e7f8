"""Processes of our own run this program's code and no other's, whatever lies in the current folder."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.cli import main
from extractor import child
from extractor.backends.prepare import Preparation
from tests.conftest import MARK, ROOT
from tests.waiting import join_threads


def test_what_is_planted_would_run(hostile: Path, tmp_path: Path) -> None:
    """Otherwise the tests below would show nothing."""
    tried = subprocess.run([sys.executable, "-c", "import numpy"], capture_output=True, text=True, check=False)
    assert MARK in tried.stderr
    (tmp_path / "mark").unlink()


@pytest.mark.usefixtures("hostile")
def test_a_child_imports_from_where_this_process_does() -> None:
    printing = "import json, sys; print(json.dumps(sys.path))"
    words = [word.replace("from extractor.child import run; sys.exit(run(sys.argv[2:]))", printing.partition("; ")[2])
             for word in child.command("extractor.child")]  # fmt: skip
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=child.environment())
    path = json.loads(said.stdout)
    assert path == child.import_path()
    assert path[0] == str(ROOT)
    assert str(Path.cwd()) not in path
    assert all(Path(place).is_absolute() for place in path)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("variable", ["", ".", "FOLDER"])
def test_a_variable_that_names_the_current_folder_leads_nowhere(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("PYTHONPATH", variable.replace("FOLDER", str(Path.cwd())))
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(Path.cwd().parent / "cache"))
    engines_are_measured()


def engines_are_measured() -> None:
    preparation = Preparation("lite", "tpu", 1)  # a device that engines do not compete on, so it ends at once
    join_threads("prepare")
    assert preparation.succeeded
    preparation.close()


@pytest.mark.usefixtures("hostile")
def test_engines_are_measured_by_our_own_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    engines_are_measured()


@pytest.mark.usefixtures("hostile")
def test_python_m_app_imports_nothing_else_from_the_current_folder(tmp_path: Path) -> None:
    for name in ("app", "extractor"):
        (Path.cwd() / name).rename(tmp_path / name)  # Python itself runs a folder of the name that -m is given
    said = subprocess.run([sys.executable, "-m", "app", "cameras", "--help"], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)  # fmt: skip
    assert said.returncode == 0, said.stderr


def test_a_frozen_program_is_its_own_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/motionscope")
    assert child.command("extractor.backends.prepare", "lite") == [
        "/opt/motionscope", "--run-module", "extractor.backends.prepare", "lite"
    ]  # fmt: skip


def test_the_hidden_word_runs_a_module_of_ours_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([child.WORD, "extractor.backends.prepare", "--device", "tpu"]) == 0
    assert capsys.readouterr().out == "there is no choice of engines here\n"
    with pytest.raises(ValueError, match=r"^os is not a module of this program\.$"):
        child.run(["os"])


def test_processes_are_started_in_one_place() -> None:
    """But for ``devices``, which asks macOS for the processor's name by a full path."""
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "extractor").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in names if name.split(".")[0] == "multiprocessing"}, path
        started = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("subprocess", "os")
        } & {"Popen", "run", "call", "check_call", "check_output", "system", "popen", "execv", "spawnv", "fork"}
        if path.relative_to(ROOT).as_posix() not in ("extractor/child.py", "extractor/backends/devices.py"):
            assert not started, path
