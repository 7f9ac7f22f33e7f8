"""The process that finds the fastest engine, and what is remembered of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from extractor.backends import create_backend, installed_packages
from extractor.backends.prepare import Preparation, is_needed, main
from tests.waiting import join_threads

pytestmark = pytest.mark.skipif(len(installed_packages()) == 1, reason="only torch is installed")


@pytest.fixture
def own_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A fresh cache and no engine forced, as on a new machine."""
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path))
    monkeypatch.delenv("MOTIONSCOPE_ENGINE", raising=False)
    monkeypatch.setattr("extractor.backends.choice.MOST_S", 0.2)


@pytest.mark.timeout(400)  # every engine is made and measured, on a busy machine
@pytest.mark.usefixtures("own_choice")
def test_a_guess_serves_until_engines_have_been_measured(capfd: pytest.CaptureFixture[str]) -> None:
    assert is_needed("lite", "cpu", 1, "auto")
    assert not is_needed("lite", "cpu", 1, "torch")
    assert not is_needed("no such file", "cpu", 1, "auto")
    first = create_backend("lite", "cpu", 1, measure=False)
    assert first.info.engine == ("openvino" if "openvino" in installed_packages() else "torch")
    assert first.info.chosen == ""
    first.close()
    preparation = Preparation("lite", "cpu", 1)
    assert preparation.progress
    join_threads("prepare", 300)
    assert preparation.succeeded
    assert preparation.progress == ""
    preparation.close()
    assert not is_needed("lite", "cpu", 1, "auto")
    assert is_needed("lite", "cpu", 2, "auto")  # with other threads another may win
    second = create_backend("lite", "cpu", 1, measure=False)
    assert "the fastest measured here" in second.info.chosen
    measured = dict(re.findall(r"([\w-]+) (\d+\.\d)", second.info.chosen))
    assert {"torch", second.info.engine} <= {name.partition("-")[0] for name in measured}
    assert all(0 < float(ms) < 60_000 for ms in measured.values())
    second.close()
    err = capfd.readouterr().err.splitlines()
    assert [line for line in err if "it computes in float32 instead" not in line] == []  # so on some processors


@pytest.mark.usefixtures("own_choice")
def test_a_preparation_can_be_ended_at_any_time() -> None:
    preparation = Preparation("lite", "cpu", 1)
    preparation.close()
    assert preparation.finished
    assert not preparation.succeeded


def test_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"nothing")
    assert main([str(bad), "--device", "cpu"]) == 1
    assert capsys.readouterr().err.startswith("prepare: The weights")
