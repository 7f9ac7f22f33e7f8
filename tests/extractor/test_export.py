"""Checkpoints as ONNX: what the file says of itself, that it is checked, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from extractor import metadata
from extractor.agreement import MOST, check_faces, difference
from extractor.backends.base import EngineError
from extractor.backends.runtimes import run_onnx
from extractor.decode_arrays import decode_arrays
from extractor.export import export, main, torch_motion
from extractor.model import MotionExtractor
from extractor.report import WeightsError
from extractor.shipped import find_weights
from extractor.types import HEADS, CropSpec

onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "network.onnx"
    _, worst_deg = export(find_weights("lite"), path)
    assert worst_deg <= MOST["float32"].degrees
    return path


@pytest.fixture(scope="module")
def network() -> MotionExtractor:
    return MotionExtractor.from_checkpoint(find_weights("lite"))


def test_file_is_a_valid_model_that_says_what_it_is(exported: Path, network: MotionExtractor) -> None:
    model = onnx.load(exported)
    onnx.checker.check_model(model)
    (given,) = model.graph.input
    side = network.report.spec.crop.input_size
    dims = given.type.tensor_type.shape.dim
    assert given.name == "crops"
    assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [dim.dim_value for dim in dims] == [0, side, side, 3]
    assert dims[0].dim_param == "batch"
    assert tuple(output.name for output in model.graph.output) == HEADS
    values = metadata.from_strings({entry.key: entry.value for entry in model.metadata_props})
    assert metadata.crop(values, CropSpec(9, 9, 32)) == network.report.spec.crop
    assert values["weights_sha256"] == network.report.sha256
    assert metadata.keypoint_names(values, 24) == network.report.spec.keypoint_names
    assert values["licence"]
    assert list(exported.parent.iterdir()) == [exported]


def test_every_sum_of_squares_is_in_single_precision(exported: Path, network: MotionExtractor) -> None:
    graph = onnx.shape_inference.infer_shapes(onnx.load(exported)).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in graph.value_info}
    norms = [node for node in graph.node if node.op_type == "ReduceL2"]
    assert len(norms) == sum(len(stage) for stage in network.detector.stages)  # one a block
    assert {kinds[node.output[0]] for node in norms} == {onnx.TensorProto.FLOAT}


@pytest.mark.parametrize("batch", [1, 2, 6])
def test_any_batch_gives_torch_s_numbers(exported: Path, network: MotionExtractor, batch: int) -> None:
    crops = check_faces(network.report.spec.crop.input_size)
    parts = [run_onnx(exported.read_bytes(), crops[i : i + batch]) for i in range(0, len(crops), batch)]
    heads = {name: np.concatenate([part[name] for part in parts]) for name in HEADS}
    off = difference(decode_arrays(heads), torch_motion(network, crops))
    assert off.within(MOST["float32"]), off.summary


def test_a_wrong_export_is_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exported: Path, network: MotionExtractor
) -> None:
    def off_by_one_bin(model: bytes, crops: np.ndarray) -> dict[str, np.ndarray]:
        heads = dict(run_onnx(model, crops))
        heads["yaw"] = np.roll(heads["yaw"], 1, axis=1)
        return heads

    monkeypatch.setattr("extractor.export.to_onnx", lambda _: exported.read_bytes())
    monkeypatch.setattr("extractor.backends.runtimes.run_onnx", off_by_one_bin)
    with pytest.raises(WeightsError, match=r"exported, it differs from itself by \d+\.\d+ degrees"):
        export(find_weights("lite"), tmp_path / "network.onnx")
    assert not list(tmp_path.iterdir())


def test_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("extractor.export.to_onnx", lambda _: exported.read_bytes())
    target = tmp_path / "out.onnx"
    assert main([str(find_weights("lite")), str(target)]) == 0
    assert target.read_bytes() == exported.read_bytes()
    assert "degrees of torch" in capsys.readouterr().out
    assert main([str(find_weights("lite")), str(target)]) == 1
    assert "exists already; --force overwrites it." in capsys.readouterr().err
    assert main([str(find_weights("lite")), str(target), "--force"]) == 0
    assert main([str(tmp_path / "none.pth"), str(tmp_path / "x.onnx")]) == 1
    assert main([str(find_weights("lite")), str(tmp_path / "no folder" / "x.onnx")]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    assert err[1].startswith("export: ")
    assert json.dumps(str(tmp_path))[1:-1] in err[1]


def test_missing_packages_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extractor.export.importlib.util.find_spec", lambda _: None)
    with pytest.raises(EngineError, match=r"^Exporting needs the package onnx\. Install it with .* install onnx$"):
        export(find_weights("lite"), tmp_path / "network.onnx")
