"""Where something is missing, the sentence names the command that adds it to this very program."""

from __future__ import annotations

import shlex
import sys

import pytest

from extractor import installing
from extractor.installing import extra_command, install_hint, package_command


@pytest.fixture
def foreign(monkeypatch, tmp_path):
    """An environment that ``run.py`` has not made, without a checkout."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(installing, "ROOT", tmp_path / "site-packages")
    return tmp_path


def test_who_came_by_run_py_goes_on_with_it(foreign, monkeypatch):
    root = foreign / "my programs"
    venv = root / ".venv"
    venv.mkdir(parents=True)
    (root / "run.py").touch()
    (venv / installing.MADE_BY_RUN).write_text(str(root))
    monkeypatch.setattr(sys, "prefix", str(venv))
    assert shlex.split(extra_command("lsl"))[1:] == [str(root / "run.py"), "add", "lsl"]
    (root / "run.py").unlink()  # the project was moved: what the environment remembers leads nowhere
    assert "add" not in shlex.split(extra_command("lsl"))


def test_a_checkout_in_another_environment_installs_itself(foreign):
    root = installing.ROOT
    root.mkdir()
    (root / "run.py").touch()
    words = shlex.split(extra_command("lsl"))
    assert words == [sys.executable, "-m", "pip", "install", "-c", str(root / "constraints.txt"), f"{root}[lsl]"]


@pytest.mark.usefixtures("foreign")
def test_elsewhere_it_is_pips_own_way():
    assert shlex.split(extra_command("lsl")) == [sys.executable, "-m", "pip", "install", "motionscope[lsl]"]
    assert shlex.split(package_command("pyarrow<26"))[-1] == "pyarrow<26"
    assert install_hint(package_command("onnx")) == f"Install it with {sys.executable} -m pip install onnx"


@pytest.mark.usefixtures("foreign")
def test_nothing_can_be_added_to_a_program_with_its_own_python(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert extra_command("lsl") == package_command("onnx") == ""
    assert "install Motionscope with pip" in install_hint(extra_command("lsl"))
