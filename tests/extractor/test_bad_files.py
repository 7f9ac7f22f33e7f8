"""Files that are no usable weights: each gives one sentence with its name and the reason, and runs nothing."""

from __future__ import annotations

import json
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from extractor import MotionExtractor, WeightsError, plain
from extractor.checkpoint_file import read_file
from extractor.convert import convert

Save = Callable[..., Path]
State = dict[str, Tensor]


def refusal(path: Path | str) -> str:
    """The reason after the sentence's fixed beginning; the sentence is one, and ends with a full stop."""
    with pytest.raises(WeightsError) as caught:
        MotionExtractor.from_checkpoint(path)
    sentence = str(caught.value)
    start = f"The weights {path} can't be used: "
    assert sentence.startswith(start)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    return sentence.removeprefix(start)


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.pth") == "there is no such file."
    assert refusal(str(tmp_path / "nothing.pth")) == "there is no such file."


def test_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "it is a folder."


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.pth"
    path.touch()
    assert refusal(path) == "it is empty (0 bytes)."


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert refusal(tmp_path / "a" / "b.pth").startswith("it can't be opened (")


def test_impossible_path() -> None:
    assert "null" in refusal("a\0b")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user who may not read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.pth"
    path.write_bytes(b"x")
    path.chmod(0)
    assert refusal(path) == "it can't be opened (Permission denied)."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "it is not a regular file."
    assert plain.read_project(tmp_path / "pipe") is None  # before torch is asked


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello\n", "it is a text file."),
        ("Grüße".encode() * 200, "it is a text file."),
        (b"<!DOCTYPE html><html>", "it is a web page, so the download has failed."),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            "it is a Git LFS pointer and not the file itself, which `git lfs pull` fetches.",
        ),
        (b"\x89PNG\r\n\x1a\n", "it is a PNG image."),
        (b"\xff\xd8\xff\xe0", "it is a JPEG image."),
        (b"\x1f\x8b\x08", "it is a gzip archive, which must be unpacked first."),
        (b"\x00\x00\x00\x1cftypisom", "it is neither a safetensors file nor a PyTorch checkpoint."),
        (b"\x80\x02 no", "its pickle is damaged or no plain weights, so it was refused and nothing was run."),
    ],
)  # fmt: skip
def test_foreign_files(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    assert refusal(path) == reason


def test_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "text")
    assert refusal(path) == "it is a zip archive without a checkpoint in it."


def test_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/a.py"):
            archive.writestr(f"net/{name}", "")
    assert refusal(path) == "it is a TorchScript program, not a state dict."


DAMAGED = "it is cut short or damaged, so the download should be repeated."


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kept", [0.0001, 0.3, 0.99])
def test_truncated_pickles(save: Save, state: State, legacy: bool, kept: float) -> None:
    path = save({"model": state}, legacy=legacy)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert refusal(path) == DAMAGED


def test_truncated_safetensors(tmp_path: Path, state: State) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(state, path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert refusal(path) == "it is cut short or has bytes too many, so the download should be repeated."
    path.write_bytes(content[:600])
    assert refusal(path) == "it is cut short, its header already is incomplete."
    path.write_bytes(content[:8] + b"{" + b"x" * len(content[9:]))
    assert refusal(path) == "its safetensors header is damaged."


class Malicious:
    """Unpickled by a careless reader, it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["zip", "legacy", "beside", "plain", "plain, protocol 4"])
def test_code_in_a_pickle_is_refused_and_never_run(save: Save, tmp_path: Path, state: State, how: str) -> None:
    trap = Malicious(tmp_path / "trap")
    if how.startswith("plain"):
        path = tmp_path / "weights.pth"
        path.write_bytes(pickle.dumps(trap, protocol=4 if how.endswith("4") else 2))
    else:
        path = save({"model": state, "extra": trap} if how == "beside" else trap, legacy=how == "legacy")
    reason = refusal(path)
    assert reason.endswith("so it was refused and nothing was run.")
    assert ("protocol 4" if how.endswith("4") else ".mkdir, which could run code on this machine") in reason
    assert not (tmp_path / "trap").exists()
    pickle.loads(pickle.dumps(trap))  # the trap works
    assert (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "it holds a list and not a state dict."),
        (torch.ones(2), "it holds a Tensor and not a state dict."),
        ({}, "it holds no tensors, and no ConvNeXtV2 in the published naming."),
        ({"epoch": 3}, "it is not a state dict: 'epoch' is a int."),
        ({"model": [1]}, "its entry 'model' is not a state dict."),
        ({"model": {"a": 1}}, "it is not a state dict: 'a' is a int."),
        ({1: torch.ones(1)}, "it is not a state dict: '1' is a Tensor."),
        (
            {"layer1.0.conv1.weight": torch.ones(1)},
            "it holds other tensors, such as 'layer1.0.conv1.weight', and no ConvNeXtV2 in the published naming.",
        ),
    ],
)
def test_pickles_of_something_else(save: Save, content: object, reason: str) -> None:
    assert refusal(save(content)) == reason


def test_safetensors_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"transformer.wte.weight": torch.ones(2)}, path)
    assert "such as 'transformer.wte.weight'" in refusal(path)


def test_convnext_v1(save: Save, backbone_state: State) -> None:
    old = {name: tensor for name, tensor in backbone_state.items() if "grn" not in name}
    assert (
        refusal(save({"model": old})) == "it has no GRN parameters, so it is no ConvNeXtV2 but perhaps a ConvNeXt V1."
    )


def test_unknown_size(save: Save, state: State) -> None:
    shallow = {name: tensor for name, tensor in state.items() if not name.startswith("stages.2.5")}
    assert refusal(save(shallow)) == (
        "it is a ConvNeXtV2 of no published size: depths (2, 2, 5, 2), widths (40, 80, 160, 320)."
    )


def test_incomplete_backbone(save: Save, state: State) -> None:
    part = {name: tensor for name, tensor in state.items() if not name.startswith("downsample")}
    assert refusal(save(part)) == (
        "16 parameters of its ConvNeXtV2 atto are missing, such as downsample_layers.0.0.weight."
    )


def test_wrong_shape(save: Save, state: State) -> None:
    assert refusal(save({**state, "norm.bias": torch.ones(321)})) == (
        "it was made for another network: norm.bias has the shape (321,) instead of (320,)."
    )
    assert "fc_t.weight" in refusal(save({**state, "fc_t.weight": torch.ones(3, 768)}))


@pytest.mark.parametrize(
    "change",
    [
        {"fc_exp.weight": torch.ones(63, 320)},
        {"fc_kp.bias": torch.ones(71)},
        {"fc_kp.bias": torch.tensor(1.0)},
        {f"fc_{head}.weight": torch.empty(0, 320) for head in ("kp", "exp")},
    ],
)  # fmt: skip
def test_heads_that_contradict_each_other(save: Save, state: State, change: State) -> None:
    assert refusal(save({**state, **change})) == "the sizes of its heads kp, exp do not fit together."


def test_pose_heads_of_different_bins(save: Save, state: State) -> None:
    change = {"fc_yaw.weight": torch.ones(62, 320), "fc_yaw.bias": torch.ones(62)}
    assert refusal(save({**state, **change})) == "the sizes of its heads pitch, yaw, roll do not fit together."


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_numbers_that_are_none(save: Save, state: State, bad: float) -> None:
    poisoned = state["stages.1.0.grn.gamma"].clone()
    poisoned[..., 3] = bad
    reason = refusal(save({**state, "stages.1.0.grn.gamma": poisoned}))
    assert reason == "stages.1.0.grn.gamma holds numbers that are not finite."


@pytest.mark.parametrize(
    "tensor",
    [torch.ones(320, dtype=torch.int64), torch.ones(320, dtype=torch.complex64), torch.ones(320, device="meta")],
)
def test_tensors_of_another_kind(save: Save, state: State, tensor: Tensor) -> None:
    assert refusal(save({**state, "norm.bias": tensor})) == "norm.bias is no plain tensor of floating-point numbers."


def test_the_same_parameter_twice(save: Save, state: State) -> None:
    path = save({**state, "detector.norm.bias": state["norm.bias"]})
    assert refusal(path) == "it holds norm.bias twice, with different prefixes."


NO_MULTIPLE = "which is no multiple of 32 up to 2048."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_kp": "21"}, "its metadata say num_kp 21, its parameters' shapes 24."),
        ({"architecture": '"convnextv2_tiny"'}, "its metadata say architecture tiny, its parameters' shapes atto."),
        ({"format_version": "2"}, "its format has version 2, and this program reads up to 1."),
        ({"format_version": "true"}, "its metadata have no format_version."),
        ({"licence": "GPL"}, "its metadata are not JSON."),
        ({"licence": "[" * 100_000}, "its metadata are not JSON."),
        ({"crop": "[1]"}, "its metadata hold no proper crop."),
        ({"crop": '{"side": NaN}'}, "its metadata ask for an impossible crop of side nan and shift 0.054."),
        ({"crop": '{"input_size": 100}'}, "its metadata ask for an input of 100 pixels, " + NO_MULTIPLE),
        ({"crop": '{"input_size": 1e400}'}, "its metadata ask for an input of inf pixels, " + NO_MULTIPLE),
        ({"keypoint_names": '"nose"'}, "its metadata hold no proper keypoint names."),
        ({"keypoint_names": '["nose"]'}, "its metadata name 1 keypoints, but it has 24."),
    ],
)  # fmt: skip
def test_metadata_that_can_not_be(
    save: Save, tmp_path: Path, state: State, change: dict[str, str], reason: str
) -> None:
    good = tmp_path / "good.safetensors"
    convert(save(state), good)
    header = good.read_bytes()[8:]
    metadata = json.JSONDecoder().raw_decode(header.decode("latin-1"))[0]["__metadata__"]
    path = tmp_path / "bad.safetensors"
    save_file(state, path, metadata={**metadata, **change})
    assert refusal(path) == reason


@pytest.fixture(scope="module")
def tiny_files(state: State, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One file of each container, small enough to be damaged hundreds of times."""
    folder = tmp_path_factory.mktemp("files")
    few = {name: tensor[:2].clone() for name, tensor in list(state.items())[:6]}
    torch.save({"model": few}, folder / "zip")
    torch.save({"model": few}, folder / "legacy", _use_new_zipfile_serialization=False)
    save_file(few, folder / "safetensors", metadata={"format": '"motionscope"'})
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damage_of_any_kind_is_one_sentence(tmp_path: Path, tiny_files: list[bytes], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(tiny_files)))
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.pth"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    refusal(path)  # the six tensors are never a whole network


def test_a_checkpoint_that_would_grow_past_the_memory_is_refused(tmp_path):
    path = tmp_path / "bomb.pth"
    torch.save({"model": {"weight": torch.zeros(2_500_000)}}, path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(WeightsError, match="it would grow to 10 MB out of 0 MB, so it was refused"):
        read_file(path)


def test_a_tensor_that_is_larger_than_its_bytes_is_refused(tmp_path):
    path = tmp_path / "expanded.pth"
    torch.save({"weight": torch.zeros(1).expand(10**9)}, path)
    with pytest.raises(WeightsError, match="would grow to 4000 MB, which are not in the file"):
        read_file(path)
