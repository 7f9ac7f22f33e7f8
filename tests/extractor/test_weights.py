"""Every layout that must load, and what is reported of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from extractor import HEADS, KEYPOINT_NAMES, CropSpec, LoadReport, MotionExtractor, WeightsError, find_weights
from extractor.convert import convert
from extractor.weights import LIVEPORTRAIT_CROP

Save = Callable[..., Path]
Make = Callable[..., MotionExtractor]
State = dict[str, Tensor]


def assert_same_network(loaded: MotionExtractor, state: State) -> None:
    own = loaded.detector.state_dict()
    assert own.keys() == state.keys()
    assert all(torch.equal(own[name], tensor) for name, tensor in state.items())
    assert not loaded.training


def load(path: Path) -> tuple[MotionExtractor, LoadReport]:
    network = MotionExtractor.from_checkpoint(path)
    assert network.report is not None
    return network, network.report


@pytest.mark.parametrize(
    "prefix", ["", "detector.", "module.", "module.detector.", "detector.module.", "module._orig_mod.detector."]
)
@pytest.mark.parametrize("container", ["pickle", "legacy", "model", "safetensors"])
def test_all_containers_with_all_prefixes(
    save: Save, tmp_path: Path, state: State, prefix: str, container: str
) -> None:
    named = {prefix + name: tensor for name, tensor in state.items()}
    if container == "safetensors":
        path = tmp_path / "weights.safetensors"
        save_file(named, path, metadata={"format": "pt"})
    else:
        path = save({"model": named} if container == "model" else named, legacy=container == "legacy")
    network, report = load(path)
    assert_same_network(network, state)
    assert (network.backbone, network.num_kp, network.num_bins) == ("atto", 24, 66)
    assert report.layout == ("model" if container == "model" else "liveportrait")
    assert (report.missing, report.unexpected, report.trained_heads) == ((), (), HEADS)
    assert report.pose_trained
    assert report.spec.keypoint_names is None  # the file does not say what its points are
    assert len(report.sha256) == 64


def liveportrait_names() -> dict[str, tuple[int, ...]]:
    """Names and shapes of LivePortrait's motion_extractor.pth, from its published ConvNeXtV2-Tiny."""
    depths, dims = (3, 3, 9, 3), (96, 192, 384, 768)
    shapes: dict[str, tuple[int, ...]] = {
        "downsample_layers.0.0.weight": (96, 3, 4, 4),
        "downsample_layers.0.0.bias": (96,),
        "downsample_layers.0.1.weight": (96,),
        "downsample_layers.0.1.bias": (96,),
    }
    for i in range(3):
        shapes |= {f"downsample_layers.{i + 1}.0.{part}": (dims[i],) for part in ("weight", "bias")}
        shapes[f"downsample_layers.{i + 1}.1.weight"] = (dims[i + 1], dims[i], 2, 2)
        shapes[f"downsample_layers.{i + 1}.1.bias"] = (dims[i + 1],)
    for i, (depth, c) in enumerate(zip(depths, dims, strict=True)):
        for j in range(depth):
            shapes |= {
                f"stages.{i}.{j}.{name}": shape
                for name, shape in {
                    "dwconv.weight": (c, 1, 7, 7), "dwconv.bias": (c,), "norm.weight": (c,), "norm.bias": (c,),
                    "pwconv1.weight": (4 * c, c), "pwconv1.bias": (4 * c,),
                    "grn.gamma": (1, 1, 1, 4 * c), "grn.beta": (1, 1, 1, 4 * c),
                    "pwconv2.weight": (c, 4 * c), "pwconv2.bias": (c,),
                }.items()
            }  # fmt: skip
    shapes |= {"norm.weight": (768,), "norm.bias": (768,)}
    for head, width in {"kp": 63, "scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63}.items():
        shapes |= {f"fc_{head}.weight": (width, 768), f"fc_{head}.bias": (width,)}
    return {f"detector.{name}": shape for name, shape in shapes.items()}


def test_liveportrait_as_published(tmp_path: Path) -> None:
    tensors = {name: torch.full(shape, 0.01, dtype=torch.float16) for name, shape in liveportrait_names().items()}
    path = tmp_path / "motion_extractor.safetensors"
    save_file(tensors, path)
    network, report = load(path)
    assert sum(parameter.numel() for parameter in network.parameters()) == 28_118_728
    assert (network.backbone, network.num_kp, network.num_bins) == ("tiny", 21, 66)
    assert report.layout == "liveportrait"
    assert report.spec.crop == LIVEPORTRAIT_CROP == CropSpec(1.85, 0.16, 256)
    assert report.spec.keypoint_names is None
    assert report.summary == "ConvNeXtV2 tiny, 21 unnamed keypoints, 66 bins, 256 px, all heads trained"


def test_training_checkpoint_of_the_project(save: Save, state: State) -> None:
    halves = {name: tensor.half() for name, tensor in state.items()}
    path = save(
        {
            "model": halves,
            "backbone": "atto",
            "num_kp": 24,
            "num_bins": 66,
            "input_size": 96,
            "step": 7,
            "rng": torch.ones(3),
        }
    )
    network, report = load(path)
    assert report.layout == "model"
    assert report.spec.crop == CropSpec(2.15, 0.054, 96)
    assert report.spec.keypoint_names == KEYPOINT_NAMES
    assert report.metadata == {"backbone": "atto", "num_kp": 24, "num_bins": 66, "input_size": 96, "step": 7}
    assert_same_network(network, {name: tensor.float() for name, tensor in halves.items()})


def test_classifier_head_is_dropped_and_other_entries_are_reported(save: Save, state: State) -> None:
    path = save({"model": {**state, "head.weight": torch.ones(2, 2), "extra.thing": torch.ones(1)}})
    report = load(path)[1]
    assert report.unexpected == ("extra.thing",)
    assert report.summary.endswith("all heads trained, 1 entries ignored")


def test_command_line_of_the_published_training_code_is_harmless(save: Save, state: State) -> None:
    import argparse

    path = save({"model": state, "args": argparse.Namespace(lr=1e-3), "epoch": 3, "optimizer": {"state": {}}})
    assert load(path)[1].metadata == {"epoch": 3, "optimizer": {"state": {}}}


BESIDE = {
    "best": np.float64(2.5),
    "epoch": np.int64(-7),
    "loss": np.float32(0.25),
    "resumed": np.bool_(True),
    "out": PurePosixPath("/runs/a"),
    "data": {"train": PureWindowsPath("C:/faces")},
    "random": np.random.default_rng(3).random(4),
    "kind": np.dtype("float32"),
    "name": np.str_("a"),
}


@pytest.mark.parametrize("how", ["zip", "legacy", "newer"])
def test_numbers_of_numpy_and_paths_beside_the_weights(save: Save, state: State, how: str) -> None:
    path = save({"model": state, **BESIDE}, legacy=how == "legacy")
    if how == "newer":  # as NumPy 2 and Python 3.13 name them
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                if name.endswith("data.pkl"):
                    data = data.replace(b"numpy.core.", b"numpy._core.").replace(b"cpathlib\n", b"cpathlib._local\n")
                    data = data.replace(b"\nPure", b"\n")
                archive.writestr(name, data)
    network, report = load(path)
    assert_same_network(network, state)
    assert report.metadata == {
        "best": 2.5,
        "epoch": -7,
        "loss": 0.25,
        "resumed": True,
        "out": "/runs/a",
        "data": {"train": "C:\\faces"},
    }


def test_backbone_alone_leaves_the_pose_heads_untrained(save: Save, backbone_state: State) -> None:
    path = save({"model": {**backbone_state, "head.weight": torch.ones(1000, 320), "head.bias": torch.ones(1000)}})
    network, report = load(path)
    assert report.layout == "backbone"
    assert report.trained_heads == ()
    assert not report.pose_trained
    assert report.unexpected == ()
    assert set(report.missing) == {f"fc_{head}.{part}" for head in HEADS for part in ("weight", "bias")}
    assert report.summary.endswith("pose heads untrained")
    assert (network.num_kp, network.num_bins) == (24, 66)
    own = network.detector.state_dict()
    assert all(torch.equal(own[name], tensor) for name, tensor in backbone_state.items())
    crops = torch.rand(1, 3, 32, 32)
    assert bool(network(crops)["yaw"].isfinite().all())
    # An engine's numbers are compared with another reading of the file.
    assert torch.equal(network(crops)["yaw"], load(path)[0](crops)["yaw"])


def test_a_missing_head_is_named(save: Save, state: State) -> None:
    report = load(save({name: tensor for name, tensor in state.items() if name != "fc_scale.bias"}))[1]
    assert report.trained_heads == ("pitch", "yaw", "roll", "t", "exp", "kp")
    assert report.pose_trained
    assert report.missing == ("fc_scale.bias",)
    assert report.summary.endswith("untrained: scale")


@pytest.mark.parametrize(("num_kp", "num_bins"), [(21, 66), (5, 30)])
def test_numbers_of_keypoints_and_bins_come_from_the_shapes(
    save: Save, make_network: Make, num_kp: int, num_bins: int
) -> None:
    network, report = load(save(make_network(num_kp, num_bins).state_dict()))
    assert (report.spec.num_kp, report.spec.num_bins) == (network.num_kp, network.num_bins) == (num_kp, num_bins)
    assert network(torch.rand(1, 3, 32, 32))["exp"].shape == (1, 3 * num_kp)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_floating_point_type_becomes_float32(save: Save, state: State, dtype: torch.dtype) -> None:
    network, _ = load(save({name: tensor.to(dtype) for name, tensor in state.items()}))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert_same_network(network, {name: tensor.to(dtype).float() for name, tensor in state.items()})


def test_parameters_are_accepted_as_parameters(save: Save, network: MotionExtractor, state: State) -> None:
    path = save({name: torch.nn.Parameter(tensor) for name, tensor in state.items()})
    assert_same_network(load(path)[0], state)


def test_load_pretrained_is_not_strict(save: Save, state: State) -> None:
    torch.manual_seed(5)
    network = MotionExtractor(backbone="atto")
    before = {name: tensor.clone() for name, tensor in network.detector.state_dict().items()}
    some = {name: tensor for name, tensor in state.items() if name.startswith(("stages.0", "fc_yaw"))}
    report = network.load_pretrained(save({"model": {**some, "head.bias": torch.ones(5), "other": torch.ones(2)}}))
    assert network.report is report
    assert report.unexpected == ("other",)
    assert report.trained_heads == ("yaw",)
    assert not report.pose_trained
    assert set(report.missing) == state.keys() - some.keys()
    for name, tensor in network.detector.state_dict().items():
        assert torch.equal(tensor, some[name] if name in some else before[name])


def test_load_pretrained_refuses_another_network(save: Save, make_network: Make) -> None:
    path = save({"model": make_network(num_kp=21).state_dict()})
    with pytest.raises(WeightsError, match=r"another network: fc_\w+\.\w+ has the shape \(63.*instead of \(72"):
        MotionExtractor(num_kp=24, backbone="atto").load_pretrained(path)


def test_shipped_weights_are_found_by_name(assets: Path) -> None:
    assert find_weights() == find_weights("default") == (assets / "motion_extractor_lite.safetensors").resolve()
    assert find_weights("some/file.pth") == Path("some/file.pth")
    assert find_weights(Path("default")) == Path("default")  # a path is never a name
    assert find_weights("~/x.pth") == Path.home() / "x.pth"


def test_weights_that_were_not_shipped_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.shipped.SHIPPED", {"lite": "no_such_file.safetensors"})
    with pytest.raises(WeightsError, match=r"^The lite weights, no_such_file\.safetensors, did not come with"):
        find_weights("lite")


def test_shipped_weights_say_what_they_are(assets: Path) -> None:
    network, report = load(find_weights())
    assert report.layout == "project"
    assert report.pose_trained
    assert report.trained_heads == HEADS
    assert (report.missing, report.unexpected) == ((), ())
    assert report.spec.keypoint_names == KEYPOINT_NAMES
    assert report.metadata.keys() >= {
        "architecture", "num_kp", "num_bins", "keypoint_names", "crop", "training_data", "errors", "licence"
    }  # fmt: skip
    json.dumps(dict(report.metadata))
    size = report.spec.crop.input_size
    assert network(torch.rand(1, 3, size, size))["pitch"].shape == (1, 66)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_project_file_round_trip(save: Save, tmp_path: Path, state: State, dtype: torch.dtype) -> None:
    source = save(state)
    target = tmp_path / "own.safetensors"
    further = {
        "keypoint_names": list(KEYPOINT_NAMES),
        "crop": {"side": 1.9, "up": -0.1, "input_size": 128},
        "training_data": "rendered heads, été",
        "errors": {"set": {"mae_deg": 5.2}},
        "licence": "GPL-3.0-only",
    }
    report = convert(source, target, dtype, further)
    network, loaded = load(target)
    assert loaded == report
    assert loaded.layout == "project"
    assert loaded.spec.crop == CropSpec(1.9, -0.1, 128)
    assert loaded.spec.keypoint_names == KEYPOINT_NAMES
    assert {key: loaded.metadata[key] for key in further} == further
    assert loaded.metadata["architecture"] == "convnextv2_atto"
    assert_same_network(network, {name: tensor.to(dtype).float() for name, tensor in state.items()})
