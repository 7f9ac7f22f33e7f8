"""Which engine ``auto`` takes: the fastest, measured once, remembered, and why is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from extractor.backends import Backend, EngineError, choice, create_backend
from extractor.backends.choice import auto_backend
from extractor.shipped import find_weights

SPEEDS = {"torch": 30.0, "onnxruntime": 20.0, "openvino": 10.0}


@pytest.fixture(scope="module")
def real() -> Backend:
    return create_backend("lite", "cpu", engine="torch")


class Fakes:
    """Makes backends by name that are torch in truth; the clock tells their speeds."""

    def __init__(self, real: Backend) -> None:
        self._real = real
        self.made: list[str] = []
        self.closed: list[str] = []
        self.broken: set[str] = set()

    def __call__(self, name: str) -> Backend:
        self.made.append(name)
        if name in self.broken:
            raise EngineError(f"{name} is broken.")
        return _Fake(self._real, name, self.closed)


class _Fake:
    def __init__(self, real: Backend, name: str, closed: list[str]) -> None:
        self._closed, self.name = closed, name
        self.info, self.spec, self.report = real.info, real.spec, real.report
        self.run: Callable[[NDArray[np.uint8]], object] = real.run

    def close(self) -> None:
        self._closed.append(self.name)


@pytest.fixture
def fakes(real: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fakes:
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "installed_engines", lambda: dict.fromkeys(SPEEDS, "1.0"))
    monkeypatch.setattr(choice, "installed_packages", lambda: dict.fromkeys(SPEEDS, "1.0"))
    monkeypatch.setattr(choice, "_time", lambda backend: SPEEDS[backend.name])
    return Fakes(real)


def auto(fakes: Fakes, device: str = "cpu", threads: int | None = 1) -> Backend:
    return auto_backend(find_weights("lite"), device, threads, fakes)


def test_the_fastest_is_taken_and_the_others_are_closed(fakes: Fakes, real: Backend) -> None:
    backend = auto(fakes)
    assert fakes.made == ["torch", "onnxruntime", "openvino"]
    assert fakes.closed == ["torch", "onnxruntime"]
    expected = "the fastest measured here (ms a crop: openvino 10.0, onnxruntime 20.0, torch 30.0)"
    assert backend.info.chosen == expected
    assert backend.info.summary.endswith(expected)
    side = backend.spec.crop.input_size
    assert len(backend.run(np.zeros((2, side, side, 3), np.uint8))) == 2
    assert backend.report is real.report
    backend.close()
    assert fakes.closed[-1] == "openvino"


def test_an_earlier_winner_stays_open(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_time", lambda backend: {"torch": 1.0}.get(backend.name, 2.0))
    auto(fakes)
    assert fakes.closed == ["onnxruntime", "openvino"]


def test_the_choice_is_remembered_for_the_same_facts(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    first = auto(fakes)
    again = auto(fakes)
    assert fakes.made[3:] == ["openvino"]
    assert again.info.chosen == first.info.chosen
    auto(fakes, threads=2)
    assert len(fakes.made) == 7
    monkeypatch.setattr(choice, "installed_engines", lambda: dict.fromkeys(SPEEDS, "1.1"))
    auto(fakes)
    assert len(fakes.made) == 10


def test_an_engine_that_fails_is_passed_over(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    fakes.broken = {"openvino"}
    assert "onnxruntime 20.0, torch 30.0" in auto(fakes).info.chosen
    assert "openvino is broken." in caplog.text
    fakes.broken = {"onnxruntime"}  # the one remembered
    assert "openvino 10.0, torch 30.0" in auto(fakes).info.chosen


def test_torch_must_work(fakes: Fakes) -> None:
    fakes.broken = {"torch"}
    with pytest.raises(EngineError, match="torch is broken"):
        auto(fakes)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"KEY": 3}', '{"KEY": {"engine": "rm", "run_ms": {}}}',
                                     '{"KEY": {"engine": "torch", "run_ms": {"torch": "fast"}}}'])  # fmt: skip
def test_a_damaged_memory_is_measured_anew(fakes: Fakes, content: str, tmp_path: Path) -> None:
    auto(fakes)
    path = tmp_path / "cache" / "engines.json"
    (key,) = json.loads(path.read_text())
    path.write_text(content.replace("KEY", key))
    auto(fakes)
    assert len(fakes.made) == 6
    assert json.loads(path.read_text())[key]["engine"] == "openvino"


def test_a_cache_that_cannot_be_written_only_costs_time(fakes: Fakes, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert auto(fakes).info.chosen
    auto(fakes)
    assert len(fakes.made) == 4  # what was measured is kept until the end, in a temporary folder


def test_nothing_is_measured_without_a_choice(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    auto(fakes, device="cuda")
    assert fakes.made == ["torch"]
    monkeypatch.setattr(choice, "installed_packages", lambda: {"torch": "2"})
    assert auto(fakes).info.chosen == ""
    assert fakes.made == ["torch", "torch"]


def guess(fakes: Fakes) -> Backend:
    return auto_backend(find_weights("lite"), "cpu", 1, fakes, measure=False)


def test_without_measuring_a_guess_serves_until_something_is_known(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert guess(fakes).info.chosen == ""
    assert fakes.made == ["openvino"]
    monkeypatch.setattr(choice, "_time", lambda backend: {"torch": 1.0}.get(backend.name, 2.0))
    auto(fakes)
    assert "torch 1.0" in guess(fakes).info.chosen
    assert fakes.made[-1] == "torch"


def test_the_guess_is_the_first_that_can_be_made(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = dict.fromkeys(("torch", "openvino", "openvino-int8"), "1.0")
    monkeypatch.setattr(choice, "installed_engines", lambda: engines)
    guess(fakes)
    fakes.broken = {"openvino-int8"}
    guess(fakes)
    fakes.broken = {"openvino-int8", "openvino"}
    guess(fakes)
    assert fakes.made == ["openvino-int8", "openvino-int8", "openvino", "openvino-int8", "openvino", "torch"]


def test_the_variable_overrides_auto_and_must_name_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert create_backend(device="cpu").info.engine == "torch"  # as the tests' own settings say
    monkeypatch.setenv("MOTIONSCOPE_ENGINE", "abacus")
    with pytest.raises(EngineError, match=r"^There is no engine 'abacus'"):
        create_backend(device="cpu")
