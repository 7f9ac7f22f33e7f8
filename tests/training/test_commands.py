from __future__ import annotations

import importlib
import json
import re
import signal
from pathlib import Path

import pytest
import torch

from extractor import MotionExtractor
from extractor.training import evaluate, export, render, train
from extractor.training.learning.calibration import apply_gain
from extractor.training.learning.trainer import Trainer
from extractor.types import CropSpec
from extractor.weights import read_weights


def run_training(heads: Path, out: Path, *more: str) -> int:
    return train.main(
        ["--heads", str(heads), "--out", str(out), "--backbone", "atto", "--phase", "0:32:8", "--device", "cpu",
         "--no-amp", "--warmup", "0", *more]
    )  # fmt: skip


def test_a_missing_pack_is_one_sentence_that_says_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render.main(["--pack", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "no folder" in said
    assert "MakeHuman" in said
    assert "--pack" in said
    assert "Traceback" not in said


def test_an_incomplete_pack_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "geom.npz").write_bytes(b"")
    assert render.main(["--pack", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "lacks meta.json" in capsys.readouterr().err


def commands() -> dict[str, Path]:
    """What can be run as a module, by its name within the package."""
    folder = Path(train.__file__).parent
    files = [path for path in folder.rglob("*.py") if '__name__ == "__main__"' in path.read_text(encoding="utf-8")]
    return {".".join(path.relative_to(folder).with_suffix("").parts): path for path in files}


@pytest.mark.parametrize("name", commands())
def test_a_command_names_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        importlib.import_module(f"extractor.training.{name}").main(["--help"])
    assert stopped.value.code == 0
    assert f"usage: python -m extractor.training.{name} " in " ".join(capsys.readouterr().out.split())


def test_the_page_names_the_commands(request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs" / "training.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"(?m)^\|(.*?)\|", page) for name in re.findall(r"`([a-z_.]+)`", row)}
    assert named - set(commands()) <= {"python -m extractor.training."}
    assert "photographs" in named


def test_training_writes_logs_and_a_state_and_goes_on(
    shard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert run_training(shard_folder, out, "--samples", "16") == 0
    assert json.loads((out / "settings.json").read_text())["settings"]["samples"] == 16
    header, line = (out / "log.csv").read_text().splitlines()
    assert len(header.split(",")) == len(line.split(","))
    (out / "log.csv").write_text("step,loss,gone\n1,9.0,7\n")  # an earlier version's columns
    assert run_training(shard_folder, out, "--samples", "32", "--held-out", str(shard_folder)) == 0
    said = capsys.readouterr().out
    assert "Going on after 16 samples" in said
    assert "geodesic, webcam" in said
    rows = [row.split(",") for row in (out / "log.csv").read_text().splitlines()]
    assert [len(row) for row in rows] == [3, 3, 3]
    assert rows[2][0] == "4"
    assert float(rows[2][1]) > 0
    assert torch.load(out / "state.pth", weights_only=True)["seen"] == 32


def test_training_grows_from_smaller_weights(shard_folder: Path, tmp_path: Path) -> None:
    assert run_training(shard_folder, tmp_path / "small", "--samples", "8") == 0
    state = str(tmp_path / "small" / "state.pth")
    assert run_training(shard_folder, tmp_path / "large", "--samples", "4", "--grow", state, "--backbone", "nano",
                        "--phase", "0:32:2") == 0  # fmt: skip
    assert MotionExtractor.from_checkpoint(tmp_path / "large" / "state.pth").backbone == "nano"


def test_a_run_keeps_the_crop_of_its_first_weights(shard_folder: Path, tmp_path: Path) -> None:
    def crop_after(run: str, *more: str) -> CropSpec:
        assert run_training(shard_folder, tmp_path / run, "--samples", "8", *more) == 0
        report = MotionExtractor.from_checkpoint(tmp_path / run / "state.pth").report
        assert report is not None
        return report.spec.crop

    assert crop_after("wide") == CropSpec(input_size=32)
    assert crop_after("narrow", "--crop-side", "1.5") == CropSpec(1.5, input_size=32)
    narrow = str(tmp_path / "narrow" / "state.pth")
    assert crop_after("on", "--init", narrow) == CropSpec(1.5, input_size=32)
    assert crop_after("other", "--init", narrow, "--crop-side", "1.8") == CropSpec(1.8, input_size=32)
    assert crop_after("grown", "--grow", narrow, "--backbone", "nano") == CropSpec(1.5, input_size=32)


def test_a_run_that_is_told_to_stop_saves_first(
    shard_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Trainer.step

    def step_and_stop(self: Trainer) -> dict[str, torch.Tensor]:
        found = step(self)
        signal.raise_signal(signal.SIGTERM)
        return found

    monkeypatch.setattr(Trainer, "step", step_and_stop)
    assert run_training(shard_folder, tmp_path / "run", "--samples", "800") == 130
    assert "same command goes on" in capsys.readouterr().err
    assert torch.load(tmp_path / "run" / "state.pth", weights_only=True)["seen"] == 8


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--phase", "0.5:32:8x"], "START:SIZE:BATCH"),
        (["--init", "missing.pth"], "no such file"),
        (["--grow", "missing.pth"], "no such file"),
        (["--backbone", "enormous"], "enormous"),
        (["--limit", "7"], "as few heads"),
    ],
)
def test_bad_settings_are_one_sentence(
    shard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], reason: str
) -> None:
    assert run_training(shard_folder, tmp_path / "run", "--samples", "8", *more) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert len(said.splitlines()) == 1


def test_no_heads_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(tmp_path, tmp_path / "run") == 1
    assert "python -m extractor.training.render" in capsys.readouterr().err


def test_an_exported_file_loads_and_says_what_it_is(
    shard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    run_training(shard_folder, out, "--samples", "8")
    target = tmp_path / "weights.safetensors"
    words = [str(out / "state.pth"), str(target), "--heads", str(shard_folder), "--recipe", str(out / "settings.json")]
    assert export.main(words) == 0
    assert export.main(words) == 1  # it exists
    assert "--force" in capsys.readouterr().err
    report = read_weights(target).report
    assert report.layout == "project"
    assert report.spec.crop.input_size == 32
    assert report.spec.keypoint_names is not None
    assert report.metadata["recipe"]["settings"]["samples"] == 8  # type: ignore[index]
    assert report.metadata["errors"]["rendered_heldout"]["heads"] == 16  # type: ignore[index]
    assert 0 < report.metadata["sure_std_deg"] < 100  # type: ignore[operator]
    assert evaluate.main([str(target), "--heads", str(shard_folder), "--json", str(tmp_path / "m.json")]) == 0
    assert json.loads((tmp_path / "m.json").read_text())["heads"] == 16


def test_weights_are_calibrated_on_photographs(shard_folder: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run_training(shard_folder, out, "--samples", "8", "--photos", str(photos), "--photo-share", "0.5")
    target = tmp_path / "weights.safetensors"
    words = [str(out / "state.pth"), str(target), "--photos", str(photos), "--recipe", str(out / "settings.json")]
    assert export.main(words) == 0
    metadata = read_weights(target).report.metadata
    measured = metadata["errors"]["photographs"]  # type: ignore[index]
    assert metadata["recipe"]["photos"] == ["photos.npz"]  # type: ignore[index]
    assert 0 < measured["webcam_geodesic_deg"] < 180
    assert len(measured["spread_ratio"]) == 3
    states = torch.load(out / "state.pth", weights_only=True)["model"]
    temperatures = metadata["temperatures"]
    exported = read_weights(target).tensors
    for name, temperature in zip(("pitch", "yaw", "roll"), temperatures, strict=True):  # type: ignore[call-overload]
        assert torch.allclose(exported[f"fc_{name}.bias"].float() * temperature, states[f"fc_{name}.bias"], atol=0.01)


def test_without_held_out_heads_the_numbers_are_the_averaged_networks(shard_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run_training(shard_folder, out, "--samples", "8")
    target = tmp_path / "weights.safetensors"
    data = "pictures of my own"
    assert export.main([str(out / "state.pth"), str(target), "--dtype", "fp32", "--training-data", data]) == 0
    a, b = MotionExtractor.from_checkpoint(out / "state.pth"), MotionExtractor.from_checkpoint(target)
    assert b.report is not None
    assert b.report.metadata["training_data"] == data
    x = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        ours, theirs = a(x), b(x)
    # Not bit by bit: the state's tensors are channels-last, which another kernel sums up.
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-5) for name in ours)


def test_the_gain_that_the_metadata_tell_is_applied_without_photographs_too(shard_folder: Path, tmp_path: Path) -> None:
    state, target = tmp_path / "run" / "state.pth", tmp_path / "weights.safetensors"
    run_training(shard_folder, state.parent, "--samples", "8")
    assert export.main([str(state), str(target), "--dtype", "fp32", "--pitch-gain", "1.2"]) == 0
    plain, stretched = MotionExtractor.from_checkpoint(state), MotionExtractor.from_checkpoint(target)
    assert stretched.report is not None
    assert stretched.report.metadata["pitch_gain"] == 1.2
    apply_gain(plain, "pitch", 1.2)
    x = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        ours, theirs = plain(x), stretched(x)
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-5) for name in ours)
