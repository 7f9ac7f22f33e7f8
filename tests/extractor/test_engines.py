"""What every engine must do, whichever is installed: the numbers of torch, on pictures like those it will see."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from _pytest.mark import ParameterSet
from numpy.typing import NDArray

from app.capture.demo import DemoSource
from app.faces.crop import crop_square, extract
from app.faces.detector import create_detector
from extractor import WeightsError, find_weights, onnx_graph
from extractor.agreement import MOST, Difference, difference
from extractor.backends import ENGINES, Backend, DeviceError, EngineError, create_backend
from extractor.backends.cache import NetworkCache
from extractor.backends.devices import adds_bytes_exactly
from extractor.backends.engines import engine_named, installed_packages
from extractor.backends.torch_backend import TorchBackend, _cpu_has_bfloat16
from extractor.export import parameters_of, torch_motion
from extractor.model import MotionExtractor
from extractor.report import sha256_of
from extractor.types import CropSpec, Floats, Motion
from extractor.user_cache import cache_folder
from tests.interpreter import run_python

ROOT = Path(__file__).resolve().parents[2]
Crops = NDArray[np.uint8]

WEIGHTS = "lite"  # a sixth of the work; test_quantisation compares both with torch

LAYERS = ("stages.0.0.pwconv2", "stages.1.0.pwconv2", "downsample_layers.2.1", "stages.3.0.pwconv2")


def runs(name: str) -> bool:
    """Whether the engine, or ours by such a name, can be here: what a processor can't do is no fault of an engine."""
    package, _, precision = name.partition("-")
    if precision == "bf16" and not _cpu_has_bfloat16():
        return False
    return package in installed_packages() and (precision != "int8" or adds_bytes_exactly())


def openvino_in_float32() -> Backend:
    from extractor.backends.openvino_backend import OpenVinoBackend
    from extractor.shipped import find_weights

    return OpenVinoBackend(find_weights(WEIGHTS), precision="float32")


def torch_in_static_batches() -> Backend:
    """The way of CUDA, buffers that never move and batches of few sizes, with the same steps instead of a graph."""
    backend = TorchBackend(find_weights(WEIGHTS), "cpu")
    backend._graphs = True
    return backend


MAKERS: dict[str, Callable[[], Backend]] = {
    "torch": lambda: create_backend(WEIGHTS, "cpu", engine="torch"),
    "torch-bf16": lambda: create_backend(WEIGHTS, "cpu", engine="torch-bf16"),
    "torch-static": torch_in_static_batches,
    "onnxruntime": lambda: create_backend(WEIGHTS, "cpu", engine="onnxruntime"),
    "onnxruntime-int8": lambda: create_backend(WEIGHTS, "cpu", engine="onnxruntime-int8"),
    "openvino": lambda: create_backend(WEIGHTS, "cpu", engine="openvino"),
    "openvino-float32": openvino_in_float32,
    "openvino-int8": lambda: create_backend(WEIGHTS, "cpu", engine="openvino-int8"),
}


def only_where_it_runs(name: str) -> ParameterSet:
    return pytest.param(name, marks=pytest.mark.skipif(not runs(name), reason=f"{name} does not run here"))


@pytest.fixture(scope="module", params=[only_where_it_runs(name) for name in MAKERS])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made = MAKERS[request.param]()
    yield made
    made.close()


@pytest.fixture(scope="module")
def reference() -> Iterator[Backend]:
    made = MAKERS["torch"]()
    yield made
    made.close()


@pytest.fixture(scope="module")
def crops(reference: Backend) -> Crops:
    """Twelve moments of the demo, cut as the pipeline cuts them."""
    return demo_crops(reference.spec.crop)


def demo_crops(spec: CropSpec) -> Crops:
    source, detector = DemoSource(paced=False, loop=False), create_detector()
    found = []
    try:
        source.open()
        while (frame := source.read(1.0)) is not None:
            if frame.index % 30 == 15:
                face = detector.detect(frame.image)[0]
                found.append(extract(frame.image, crop_square(face.box, spec)))
    finally:
        source.close()
        detector.close()
    assert len(found) == 12
    return np.stack(found)


def zeroed(parameters: dict[str, Floats], layer: str) -> dict[str, Floats]:
    """The same with a layer that gives nothing but its bias."""
    return {name: values * (name != f"{layer}.weight") for name, values in parameters.items()}


def test_numbers_are_those_of_torch(backend: Backend, reference: Backend, crops: Crops) -> None:
    found, expected = backend.run(crops), reference.run(crops)
    assert all(np.isfinite(getattr(found, f.name)).all() for f in fields(Motion))
    off = difference(found, expected)
    assert off.within(MOST[backend.info.dtype]), off.summary
    if backend.info.dtype != "float32":
        assert off.degrees > 0  # it does compute in what it says


@pytest.mark.parametrize("name", [name for name in ENGINES if runs(name)])
def test_an_engine_is_made_again_by_what_it_tells_of_itself(name: str) -> None:
    backend = create_backend(WEIGHTS, "cpu", engine=name)
    assert engine_named(backend.info.engine, backend.info.dtype) == name
    backend.close()


@pytest.mark.parametrize("layer", LAYERS)
def test_numbers_of_a_damaged_network_are_not(reference: Backend, crops: Crops, layer: str) -> None:
    network = MotionExtractor.from_checkpoint(find_weights(WEIGHTS))
    expected = torch_motion(network, crops)
    off = difference(expected, reference.run(crops))
    assert off.within(MOST["float32"]), off.summary
    damaged = zeroed(parameters_of(network), layer)
    network.detector.load_state_dict({name: torch.from_numpy(values) for name, values in damaged.items()})
    off = difference(torch_motion(network, crops), expected)
    assert not any(off.within(most) for most in MOST.values()), off.summary


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_batches_are_as_good_as_single_crops(backend: Backend, crops: Crops, batch: int) -> None:
    motion = backend.run(crops[:batch])
    assert len(motion) == batch
    singles = [backend.run(crops[i : i + 1]) for i in range(batch)]
    for f in fields(Motion):
        value = getattr(motion, f.name)
        assert isinstance(value, np.ndarray), f.name
        assert value.dtype == np.float32, f.name
        assert all(value[i : i + 1].shape == getattr(single, f.name).shape for i, single in enumerate(singles)), f.name
    if batch > 1:
        together = Motion(**{f.name: np.concatenate([getattr(one, f.name) for one in singles]) for f in fields(Motion)})
        off = difference(motion, together)  # other sizes may be rounded in another order
        assert off.within(MOST[backend.info.dtype]), off.summary
    assert motion.driven.shape == (batch, 24, 3)
    assert motion.logits.shape == (batch, 3, 66)


def test_results_stay_when_the_next_crops_come(backend: Backend, crops: Crops) -> None:
    first = backend.run(crops[:1])
    before = first.logits.copy()
    backend.run(crops[5:6])
    np.testing.assert_array_equal(first.logits, before)


def test_crops_may_be_read_only_views_and_stay_unchanged(backend: Backend, crops: Crops) -> None:
    mirrored = crops[:2, :, ::-1]
    mirrored.flags.writeable = False
    before = mirrored.copy()
    motion = backend.run(mirrored)
    assert difference(motion, backend.run(before)).within(MOST[backend.info.dtype])
    np.testing.assert_array_equal(mirrored, before)


@pytest.mark.parametrize("wrong", ["another size", "no batch", "channels first", "floats"])
def test_other_crops_are_one_clear_sentence(backend: Backend, wrong: str) -> None:
    side = backend.spec.crop.input_size
    crops = {
        "another size": np.zeros((1, side - 32, side - 32, 3), np.uint8),
        "no batch": np.zeros((side, side, 3), np.uint8),
        "channels first": np.zeros((1, 3, side, side), np.uint8),
        "floats": np.zeros((1, side, side, 3), np.float32),
    }[wrong]
    with pytest.raises(ValueError, match=rf"^Crops must be uint8 of shape \(B, {side}, {side}, 3\), not "):
        backend.run(crops)


def test_information_is_complete(backend: Backend, reference: Backend) -> None:
    info = backend.info
    assert info.device == "cpu"
    assert info.device_name
    assert info.dtype in ("float32", "bfloat16", "int8")
    assert backend.spec == reference.spec
    assert backend.report.sha256 == reference.report.sha256
    assert backend.report.pose_trained


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in MAKERS])
def test_a_closed_backend_says_so(name: str, crops: Crops) -> None:
    backend = MAKERS[name]()
    backend.close()
    backend.close()
    with pytest.raises(RuntimeError, match="closed"):
        backend.run(crops[:1])


def test_engines_that_are_not_there_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ", ".join(ENGINES)
    with pytest.raises(EngineError, match=rf"^There is no engine 'tensorrt': choose auto, {names}\.$"):
        create_backend(engine="tensorrt")
    monkeypatch.setattr("extractor.backends.engines.importlib.util.find_spec", lambda _: None)
    with pytest.raises(EngineError, match=r"^The engine openvino-int8 isn't installed\. Install it with .* openvino$"):
        create_backend(engine="openvino-int8")


def test_builds_under_another_name_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("torch", "onnxruntime-gpu"):
            return "1.2"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("extractor.backends.engines.importlib.util.find_spec", lambda _: True)
    monkeypatch.setattr("extractor.backends.engines.importlib.metadata.version", version)
    assert installed_packages() == {"torch": "1.2", "onnxruntime": "1.2", "openvino": "of unknown version"}


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in ("onnxruntime", "openvino")])
def test_devices_an_engine_does_not_have_are_one_sentence(name: str) -> None:
    with pytest.raises(
        DeviceError, match=r"^The engine .* can't use the device 'tpu', only .*cpu.*: choose another of the two\.$"
    ):
        create_backend(device="tpu", engine=name)


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in ("onnxruntime", "openvino")])
def test_bad_weights_are_refused_like_everywhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pth"
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"bad\.pth"):
        create_backend(path, engine=name)


@pytest.fixture(scope="module", params=[only_where_it_runs(name) for name in ("onnxruntime", "openvino-int8")])
def cached(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Backend]:
    """An engine's name, its cache, and what it was when that was made, closed."""
    folder = tmp_path_factory.mktemp("cached")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTIONSCOPE_CACHE", str(folder))
        made = MAKERS[request.param]()
    made.close()
    return request.param, folder, made


@pytest.mark.parametrize("damage", ["zeroes", "a bit", "the report", "no hash", "another hash"])
def test_a_damaged_cache_changes_no_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, crops: Crops, cached: tuple[str, Path, Backend], damage: str
) -> None:
    name, folder, made = cached
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path))
    sound = MAKERS[name]()
    expected, summary = sound.run(crops), sound.info.summary
    assert made.info.made_again == sound.info.made_again == ()
    sound.close()
    harmed = []
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        content = bytearray(path.read_bytes())
        if damage == "the report":
            if path.name == "report.json":
                path.write_bytes(content.replace(b'"side": 2', b'"side": 3').replace(b'"up": 0', b'"up": 1'))
                harmed.append(path.name)
        elif path.suffix == ".sha256":
            if damage == "no hash":
                path.unlink()
            elif damage == "another hash":
                path.write_text("0" * 64)
        elif len(content) > 500_000 and damage in ("zeroes", "a bit"):
            middle = len(content) // 2
            if damage == "zeroes":
                content[middle - 200_000 : middle + 200_000] = bytes(400_000)
            else:
                content[middle] ^= 64
            path.write_bytes(content)
            harmed.append(path.name)
    repaired = MAKERS[name]()
    assert repaired.spec == made.spec
    if damage != "no hash":
        assert set(repaired.info.made_again) >= set(harmed)
        assert "its damaged cache was made again" in repaired.info.summary
    np.testing.assert_array_equal(repaired.run(crops).driven, expected.driven)
    repaired.close()
    again = MAKERS[name]()
    assert again.info.summary == summary
    again.close()


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in ("openvino", "openvino-int8")])
def test_a_first_start_needs_no_torch(tmp_path: Path, name: str) -> None:
    code = (
        "import sys\n"
        "from extractor.backends import create_backend\n"
        f"create_backend({WEIGHTS!r}, 'cpu', engine={name!r}).close()\n"
        "print('torch' in sys.modules)\n"
    )
    assert run_python(code, MOTIONSCOPE_CACHE=str(tmp_path)) == "False"


@pytest.mark.skipif(not runs("onnxruntime"), reason="onnxruntime is not installed")
def test_export_is_kept_by_the_weights_hash_and_mended(own_cache: Path, reference: Backend, crops: Crops) -> None:
    folder = NetworkCache(reference.report.sha256).folder
    assert cache_folder() == own_cache
    assert folder.is_relative_to(own_cache)
    assert reference.report.sha256[:32] in folder.name
    MAKERS["onnxruntime"]().close()
    model = folder / "network.onnx"
    whole = model.read_bytes()
    MAKERS["onnxruntime"]().close()
    assert model.read_bytes() == whole
    model.write_bytes(whole[:1000])
    repaired = MAKERS["onnxruntime"]()
    assert difference(repaired.run(crops), reference.run(crops)).within(MOST["float32"])
    repaired.close()
    assert len(model.read_bytes()) == len(whole)


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in MAKERS if "torch" not in name])
def test_a_damaged_engine_is_refused_once_it_is_new(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path))
    with monkeypatch.context() as patch:
        true_build = onnx_graph.build
        patch.setattr(onnx_graph, "build", lambda whole, *how: true_build(zeroed(whole, LAYERS[0]), *how))
        with pytest.raises(EngineError, match=r"^The engine \w+ gives other numbers than it should on .*expression\.$"):
            MAKERS[name]()
    assert not list(tmp_path.rglob("checked-*"))
    NetworkCache(sha256_of(find_weights(WEIGHTS))).forget()  # the graph of before
    MAKERS[name]().close()
    marks = [mark.read_text() for mark in tmp_path.rglob("checked-*")]  # two where bfloat16 gave way to float32
    assert marks
    assert all(name.partition("-")[0] in mark for mark in marks)


@pytest.mark.skipif(not runs("openvino"), reason="openvino is not installed")
def test_bfloat16_that_moves_the_numbers_too_far_gives_way_to_float32(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "anything goes"))
    monkeypatch.setitem(MOST, "bfloat16", Difference(90.0, 1.0, 9.0))
    usual = MAKERS["openvino"]()
    usual.close()
    if usual.info.dtype != "bfloat16":
        pytest.skip("this processor does not compute in bfloat16")
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "nothing does"))
    monkeypatch.setitem(MOST, "bfloat16", Difference(0.0, 0.0, 0.0))
    for _ in range(2):  # the second start knows it
        backend = MAKERS["openvino"]()
        backend.close()
        assert backend.info.dtype == "float32"
        found = [record.getMessage() for record in caplog.records]
        assert len(found) == 1
        assert re.fullmatch(
            r"The engine openvino gives .* bfloat16: off by .*; it computes in float32 instead\.", found[0]
        )


def test_integers_are_refused_where_their_sums_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.backends.exported.adds_bytes_exactly", lambda: False)
    for name in (name for name in ENGINES if name.endswith("int8") and ENGINES[name].package in installed_packages()):
        with pytest.raises(EngineError, match=r"^This processor does not add 8-bit products exactly"):
            create_backend(WEIGHTS, "cpu", engine=name)


@pytest.mark.parametrize("name", [only_where_it_runs(name) for name in ("onnxruntime", "openvino")])
def test_engines_report_to_nobody(name: str) -> None:
    """Both packages send reports on their use unless they are stopped."""
    code = (
        "import os, sys, psutil\n"
        "from extractor.backends import create_backend\n"
        f"create_backend({WEIGHTS!r}, 'cpu', engine={name!r}).close()\n"
        "telemetry = sys.modules.get('openvino_telemetry')\n"
        "print(telemetry, os.environ.get('ORT_DISABLE_TELEMETRY'), psutil.Process().net_connections())\n"
    )
    telemetry, disabled, connections = run_python(code).split()
    assert (telemetry, connections) == ("None", "[]")
    if name == "onnxruntime":
        assert disabled == "1"
