from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from extractor import CropSpec, MotionExtractor, WeightsError
from extractor.convert import convert, main

Save = Callable[..., Path]
State = dict[str, Tensor]


def test_command_converts_and_says_what_it_wrote(save: Save, tmp_path: Path, state: State) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"licence": "CC0-1.0", "crop": {"input_size": 64}}), encoding="utf-8")
    target = tmp_path / "out.safetensors"
    command = [sys.executable, "-m", "extractor.convert", str(save({"model": state})), str(target)]
    done = subprocess.run(
        [*command, "--dtype", "fp16", "--metadata", str(card)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{target}: ConvNeXtV2 atto, 24 unnamed keypoints, 66 bins, 64 px, all heads trained\n"
    assert done.stderr == ""
    with safe_open(target, framework="pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
        assert set(file.metadata()) == {
            "format", "format_version", "architecture", "num_kp", "num_bins", "keypoint_names", "crop", "licence",
            "source_sha256",
        }  # fmt: skip
        assert json.loads(file.metadata()["crop"]) == {"side": 2.15, "up": 0.054, "input_size": 64}


def test_equal_contents_are_equal_files(save: Save, tmp_path: Path, state: State) -> None:
    source = save(state)
    further = {key: key for key in "abcdefghij"}
    files = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    for file in files:
        convert(source, file, torch.float16, further)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_converting_again_keeps_the_metadata(save: Save, tmp_path: Path, state: State) -> None:
    first = convert(save(state), tmp_path / "a.safetensors", further={"licence": "MIT", "crop": {"side": 1.5}})
    again = convert(first.path, tmp_path / "b.safetensors", torch.float16, {"errors": {"x": 1}})
    assert again.metadata == {**first.metadata, "errors": {"x": 1}}
    assert again.spec.crop == CropSpec(1.5, 0.054, 256)


def test_untrained_heads_are_not_written(save: Save, tmp_path: Path, backbone_state: State) -> None:
    report = convert(save({"model": backbone_state}), tmp_path / "a.safetensors")
    assert report.layout == "project"
    assert report.trained_heads == ()
    assert not report.pose_trained
    network = MotionExtractor.from_checkpoint(report.path)
    assert torch.equal(network.detector.state_dict()["norm.weight"], backbone_state["norm.weight"])


def test_numbers_too_large_for_half_precision_are_refused(save: Save, tmp_path: Path, state: State) -> None:
    target = tmp_path / "a.safetensors"
    source = save({**state, "norm.bias": torch.full((320,), 1e6)})
    with pytest.raises(WeightsError, match=r"norm\.bias holds numbers that float16 can't hold\.$"):
        convert(source, target, torch.float16)
    assert list(tmp_path.iterdir()) == [source]
    assert convert(source, target).path == target


def test_command_refuses_in_one_sentence(
    save: Save, tmp_path: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target, text = save(state), tmp_path / "a.safetensors", tmp_path / "text"
    text.write_text("no JSON", encoding="utf-8")
    numbers = tmp_path / "numbers"
    numbers.write_text("[1]", encoding="utf-8")

    def refused(*arguments: object) -> str:
        assert main([str(argument) for argument in arguments]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err

    assert "it is a text file" in refused(text, target)
    assert "there is no such file" in refused(tmp_path / "none", target)
    assert "can't be read" in refused(source, target, "--metadata", text)
    assert "are not a JSON object" in refused(source, target, "--metadata", numbers)
    assert "can't be written" in refused(source, tmp_path / "no folder" / "a.safetensors")
    assert not target.exists()
    assert main([str(source), str(target)]) == 0
    capsys.readouterr()
    before = target.read_bytes()
    assert "--force overwrites it" in refused(source, target, "--dtype", "fp16")
    assert target.read_bytes() == before
    assert main([str(source), str(target), "--dtype", "fp16", "--force"]) == 0
    assert target.stat().st_size < len(before) * 0.6
