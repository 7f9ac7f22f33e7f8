"""The recipe in the metadata, and what the graph makes of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from extractor import find_weights, onnx_graph
from extractor.backends import EngineError, create_backend, installed_engines
from extractor.backends.devices import adds_bytes_exactly
from extractor.export import parameters_of
from extractor.model import MotionExtractor
from extractor.quantisation import KEY, Recipe, recipe_of

onnx = pytest.importorskip("onnx")
RECIPE = Recipe(
    {"stages.0.0.pwconv1": (-3.0, 4.0), "stages.3.1.pwconv2": (-0.2, 9.0)}, ("stages.1.0.pwconv1",), {"x": 0.1}
)


@pytest.fixture(scope="module")
def network() -> MotionExtractor:
    return MotionExtractor.from_checkpoint(find_weights("lite"))


def test_a_recipe_survives_the_metadata() -> None:
    assert recipe_of({KEY: RECIPE.to_json()}) == RECIPE
    assert recipe_of({}) is None


@pytest.mark.parametrize(
    "value",
    [3, {}, {"version": 2, "limits": {"a": [0, 1]}}, {"version": 1, "limits": {}}, {"version": 1, "limits": [1]},
     {"version": 1, "limits": {"a": [1, 0]}}, {"version": 1, "limits": {"a": [0, float("nan")]}},
     {"version": 1, "limits": {"a": [0]}}, {"version": 1, "limits": {"a": [0, "1"]}},
     {"version": 1, "limits": {"a": [0, 1]}, "kept": 3}],
)  # fmt: skip
def test_what_is_no_recipe_is_none(value: object) -> None:
    assert recipe_of({KEY: value}) is None


def test_layers_that_take_the_time_can_be_rounded(network: MotionExtractor) -> None:
    names = onnx_graph.quantisable(parameters_of(network))
    blocks = sum(len(stage) for stage in network.detector.stages)
    assert len(names) == 3 + 2 * blocks  # between the stages, and two a block
    assert "downsample_layers.1.1" in names
    assert not any("dwconv" in name or name.startswith(("fc_", "downsample_layers.0")) for name in names)


def test_only_the_recipe_s_layers_are_rounded(network: MotionExtractor) -> None:
    parameters, report = parameters_of(network), network.report
    plain = onnx.load_from_string(onnx_graph.build(parameters, report))
    rounded = onnx.load_from_string(onnx_graph.build(parameters, report, RECIPE))
    for model in (plain, rounded):
        onnx.checker.check_model(model)
    kinds = Counter(node.op_type for node in rounded.graph.node)
    assert kinds["QuantizeLinear"] == 2
    assert kinds["DequantizeLinear"] == 4
    assert "QuantizeLinear" not in {node.op_type for node in plain.graph.node}
    assert len(rounded.SerializeToString()) < len(plain.SerializeToString())
    used = {name for node in rounded.graph.node for name in node.input}
    assert {constant.name for constant in rounded.graph.initializer} <= used


@pytest.mark.skipif(len(installed_engines()) < 3, reason="only torch is installed")
def test_weights_without_a_recipe_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "plain.pth"
    network = MotionExtractor.from_checkpoint(find_weights("lite"))
    torch.save({"model": network.detector.state_dict()}, path)
    engine = next(name for name in installed_engines() if name.endswith("int8"))
    with pytest.raises(EngineError, match=r"no recipe for 8-bit integers: in a checkout, .*quantise makes one\.$"):
        create_backend(path, "cpu", engine=engine)


@pytest.mark.parametrize("weights", ["default", "lite"])
@pytest.mark.parametrize("engine", ["openvino-int8", "onnxruntime-int8"])
def test_shipped_weights_pass_the_check_of_their_numbers(weights: str, engine: str) -> None:
    if engine not in installed_engines() or not adds_bytes_exactly():
        pytest.skip(f"{engine} does not run here")
    backend = create_backend(weights, "cpu", 1, engine)
    assert backend.info.dtype == "int8"
    backend.close()
