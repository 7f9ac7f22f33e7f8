"""The measurement as a whole: what it prints can be read, and its numbers fit together.  No speed is asserted."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import time
import types
import typing
from pathlib import Path

import numpy as np
import pytest

from app.commands.bench import BenchOptions
from app.commands.bench.compose import measure
from app.commands.bench.engines import images_per_s, time_backend, time_engines
from app.commands.bench.report import BenchReport, Spread, as_table
from app.core.errors import SourceError, UserError
from app.pipeline.network_choice import THREADS
from extractor.backends import EngineError, installed_engines
from extractor.backends.base import BackendInfo

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def report() -> BenchReport:
    options = BenchOptions(weights="lite", seconds=0.6, warm_up_s=0.3, device="cpu", engine="torch", engines="all")
    return measure(options)


def assert_has_schema(value: object, kind: object, where: str = "report") -> None:
    """That a JSON value is what the record's field says, all the way down."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        assert isinstance(value, dict), where
        hints = typing.get_type_hints(kind)
        assert set(value) - {"schema"} == set(hints), where
        for name, hint in hints.items():
            assert_has_schema(value[name], hint, f"{where}.{name}")
    elif origin in (typing.Union, types.UnionType):
        if value is not None:
            assert_has_schema(value, next(arm for arm in inner if arm is not type(None)), where)
        else:
            assert type(None) in inner, where
    elif origin is tuple:
        assert isinstance(value, list), where
        for i, item in enumerate(value):
            assert_has_schema(item, inner[0], f"{where}[{i}]")
    elif origin is dict:
        assert isinstance(value, dict), where
        assert all(isinstance(item, str) for item in [*value, *value.values()]), where
    elif kind is float:
        assert isinstance(value, (int, float)), where
        assert not isinstance(value, bool), where
    else:
        assert type(value) is kind, where


def test_json_has_the_documented_fields(report: BenchReport) -> None:
    values = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert values["schema"] == 1
    assert_has_schema(values, BenchReport)


def test_numbers_fit_together(report: BenchReport) -> None:
    live = report.live
    frames, stages = live.frames, live.stages_ms
    assert live.seconds >= 0.6
    assert (live.source.kind, live.window, live.recording) == ("demo", False, None)
    assert 0 < frames.with_face <= frames.results
    assert frames.lost == 0
    assert abs(frames.captured - frames.results - frames.skipped) <= 2  # in the slot or being measured at either end
    assert live.rates.results == pytest.approx(frames.results / live.seconds)
    assert stages.detect is not None
    assert stages.infer is not None
    assert stages.capture_to_result is not None
    assert stages.capture_to_result.count == stages.detect.count == frames.results
    assert stages.infer.count == frames.with_face
    assert stages.capture_to_result.median > stages.infer.median
    assert stages.capture_to_paint is None
    assert live.rates.painted is None
    assert live.cpu_s_per_result * frames.results == pytest.approx(live.cpu_cores * live.seconds)
    assert 0 < live.memory.start_mb <= live.memory.peak_mb
    assert report.peer is None
    assert report.network.engine == "torch"
    assert {engine.engine for engine in report.engines} == set(installed_engines())
    for engine in report.engines:  # what these weights or this processor can't do is said
        assert engine.network_ms is not None or re.search("recipe|This processor", engine.error)
        assert (engine.paced_ms is None) == (engine.network_ms is None)
    alone = next(engine for engine in report.engines if engine.engine == "torch" and engine.threads == THREADS)
    assert alone.paced_ms is not None
    assert report.overhead == pytest.approx(stages.infer.median / alone.paced_ms.median)
    assert report.machine.versions["python"].startswith("3.")


def test_table_names_every_stage(report: BenchReport) -> None:
    table = as_table(report)
    for words in (
        "capture to result",
        "face detector",
        "network alone",
        "at the same pace",
        "peak",
        "per result",
        "Built-in demo",
    ):
        assert words in table
    assert "capture to paint" not in table
    assert "nan" not in table


def test_spread_of_known_values() -> None:
    assert Spread.of(range(101)) == Spread(50.0, 95.0, 101)
    assert Spread.of([]) is None


def test_numbers_that_are_not_finite_become_null(report: BenchReport) -> None:
    odd = dataclasses.replace(report, live=dataclasses.replace(report.live, cpu_cores=float("nan")))
    assert odd.to_json()["live"]["cpu_cores"] is None


def test_what_cannot_be_measured_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        measure(BenchOptions(source=str(tmp_path / "none.mp4")))
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"^The weights .*bad\.pth can't be used"):
        measure(BenchOptions(weights=str(bad)))


def test_engines_that_cannot_run_are_in_the_report(monkeypatch: pytest.MonkeyPatch, report: BenchReport) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("It can't.")

    monkeypatch.setattr("app.commands.bench.engines.create", refuse)
    times = time_engines(BenchOptions(weights="lite", engines="all"), None, 30.0)
    assert {(time.engine, time.network_ms, time.error) for time in times} == {
        (name, None, "It can't.") for name in installed_engines()
    }
    assert "It can't." in as_table(dataclasses.replace(report, engines=times))
    with pytest.raises(EngineError):
        time_engines(BenchOptions(), None, 30.0)


def test_the_first_minute_is_counted_by_the_second(tmp_path: Path) -> None:
    words = ["bench", "--first-minute", "--weights", "lite", "--engine", "openvino", "--seconds", "4"]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "app", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=100
    )
    if "before the measurement was over" in run.stderr:
        pytest.skip("this machine is too busy for a result within four seconds")
    assert run.returncode == 0, run.stderr
    window, pose, title, *seconds = run.stdout.splitlines()
    assert window.startswith("window ")
    assert pose.startswith("first pose ")
    assert title.split() == ["second", "poses", "painted", "engine"]
    assert [int(line.split()[0]) for line in seconds] == [0, 1, 2, 3]
    assert not any((tmp_path / ".cache").rglob("*.onnx"))  # what was made is gone again


def test_the_command_in_the_window_with_recording_and_peer(tmp_path: Path) -> None:
    words = ["bench", "--json", "--weights", "lite", "--seconds", "0.5", "--window", "--record", "--peer", "mediapipe"]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "app", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stderr
    values = json.loads(run.stdout)
    assert_has_schema(values, BenchReport)
    live, peer = values["live"], values["peer"]
    assert live["window"] is True
    assert live["stages_ms"]["capture_to_paint"]["count"] > 0
    assert live["rates"]["painted"] > 0
    assert live["recording"]["frames"] >= live["frames"]["captured"]
    assert live["recording"]["error"] == ""
    assert live["launch_to_first_pose_s"] > 0
    assert peer["name"] == "MediaPipe FaceMesh"
    assert 0 < peer["peer_found"] <= peer["frames"]
    assert 0 < peer["ours_found"] <= peer["frames"]
    assert peer["ratio"] == pytest.approx(peer["ours_ms"]["median"] / peer["peer_ms"]["median"])
    said = [
        line for line in run.stderr.splitlines() if "propagateSizeHints" not in line
    ]  # the platform without a screen
    assert all(line.startswith("motionscope: ") for line in said), run.stderr


def test_words_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    from app.commands.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["bench", "--peer", "nobody"])
    assert stopped.value.code == 2
    assert main(["bench", "--source", "none.mp4", "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == "motionscope: none.mp4 does not exist."


class Accelerator:
    """A backend that says it is one."""

    info = BackendInfo("torch", "cuda:0", "A card", "float16")

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, crops: np.ndarray) -> None:
        self.sizes.append(len(crops))
        time.sleep(0.001)


def test_an_accelerator_is_timed_with_many_images_at_a_time_too(report: BenchReport) -> None:
    backend = Accelerator()
    begun = time.monotonic()
    measured = time_backend(backend, np.zeros((1, 8, 8, 3), np.uint8), 1, 0.02, 50.0)  # type: ignore[arg-type]
    assert time.monotonic() - begun >= (measured.paced_ms.count - 1) / 50
    assert set(backend.sizes) == {1, 64}
    assert measured.network_ms.median >= 1
    assert measured.cpu_ms is None
    assert measured.paced_ms.count >= 10
    assert measured.batch == 64
    assert 0 < measured.images_per_s <= 64_000
    text = as_table(dataclasses.replace(report, engines=(measured,)))
    assert f"{measured.images_per_s:.0f} images/s, 64 at a time" in text
    assert images_per_s(backend, np.zeros((4, 8, 8, 3), np.uint8), 0.01) <= 4_000  # type: ignore[arg-type]
