"""Where torch is not installed, OpenVINO runs the project's own weights, and a sentence refuses what needs torch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytest.importorskip("openvino")

HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch": raise ModuleNotFoundError(name, name=name)
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else real(name, package)
sys.meta_path.insert(0, Hidden())
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MOTIONSCOPE_ENGINE": "", **environment}
    words = [sys.executable, "-c", HIDE + code]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_projects_weights_run_on_openvino() -> None:
    done = run(
        "import numpy as np\n"
        "from extractor.backends import create_backend, installed_packages\n"
        "backend = create_backend()\n"
        "side = backend.spec.crop.input_size\n"
        "motion = backend.run(np.zeros((1, side, side, 3), np.uint8))\n"
        "print(backend.info.engine, len(motion.kp), 'torch' in installed_packages(), 'torch' in sys.modules)\n"
    )
    engine, *rest = done.stdout.split()
    assert engine.startswith("openvino"), done.stderr
    assert rest == ["1", "False", "False"]


@pytest.mark.parametrize("words", [["--weights", "tiny"], ["--engine", "torch"]])
def test_what_needs_torch_is_refused_in_a_sentence(words: list[str]) -> None:
    done = run(f"from app.commands.cli import main; sys.exit(main(['check', *{words!r}]))")
    assert done.returncode == 1
    assert "torch" in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_that_only_torch_makes_are_not_offered_and_the_refusal_is_about_them() -> None:
    done = run("from extractor.shipped import alternatives; print(alternatives())")
    assert done.stdout.strip() == "()", done.stderr
    refused = run("from app.commands.cli import main; sys.exit(main(['check', '--weights', 'tiny']))").stderr
    assert "The tiny weights are made from the lite ones by torch, which is not here." in refused
    assert "can't be used" not in refused  # the lite ones can
