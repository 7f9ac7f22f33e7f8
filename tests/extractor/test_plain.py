"""The network without torch computes what the one with torch computes, and reads the same of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor import find_weights, plain
from extractor.agreement import MOST, check_faces, difference
from extractor.backbone import Detector
from extractor.backbone_sizes import SIZES
from extractor.decode_arrays import decode_arrays
from extractor.export import parameters_of, torch_motion
from extractor.model import MotionExtractor
from extractor.types import CropSpec, NetworkSpec
from extractor.weights import read_weights


@pytest.mark.parametrize("name", SIZES)
def test_names_and_shapes_are_torch_s(name: str) -> None:
    with torch.device("meta"):
        detector = Detector(24, 66, name)
    shapes = plain.parameter_shapes(NetworkSpec(name, 24, 66, CropSpec(), None))
    assert shapes == {key: tuple(value.shape) for key, value in detector.state_dict().items()}


@pytest.mark.parametrize("weights", ["default", "lite"])
def test_shipped_weights_are_read_and_computed_alike(weights: str) -> None:
    path = find_weights(weights)
    found = plain.read_project(path)
    assert found is not None
    report, parameters = found
    assert report == read_weights(path).report
    assert report.metadata == read_weights(path).report.metadata
    network = MotionExtractor.from_checkpoint(path)
    for name, values in parameters_of(network).items():
        np.testing.assert_array_equal(parameters[name], values, err_msg=name)
    crops = check_faces(report.spec.crop.input_size)[:3]
    motion = decode_arrays(plain.forward(parameters, report.spec.backbone, crops), report.spec.keypoint_names)
    off = difference(motion, torch_motion(network, crops))
    assert off.within(MOST["float32"]), off.summary


def test_norms_and_biases_of_any_values_are_computed_alike(network: MotionExtractor) -> None:
    crops = check_faces(96)
    found = plain.forward(parameters_of(network), network.backbone, crops)
    with torch.inference_mode():
        expected = network(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255)
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name].numpy(), rtol=1e-3, atol=1e-3, err_msg=name)


def test_other_files_are_left_to_torch(
    tmp_path: Path, save: Callable[..., Path], state: dict[str, torch.Tensor]
) -> None:
    from safetensors.torch import load_file, save_file

    assert plain.read_project(save(state)) is None
    assert plain.read_project(tmp_path / "none.safetensors") is None
    whole = find_weights("lite")
    bytes_ = whole.read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(bytes_[:-1000])
    assert plain.read_project(tmp_path / "cut.safetensors") is None
    tensors = load_file(whole)
    save_file(tensors, tmp_path / "bare.safetensors")
    assert plain.read_project(tmp_path / "bare.safetensors") is None
    from safetensors import safe_open

    with safe_open(whole, framework="pt") as file:
        strings = file.metadata()
    lacking = {name: value for name, value in tensors.items() if name != "norm.weight"}
    save_file(lacking, tmp_path / "lacking.safetensors", strings)
    assert plain.read_project(tmp_path / "lacking.safetensors") is None
    broken = {**tensors, "norm.bias": tensors["norm.bias"] * float("nan")}
    save_file(broken, tmp_path / "broken.safetensors", strings)
    assert plain.read_project(tmp_path / "broken.safetensors") is None
