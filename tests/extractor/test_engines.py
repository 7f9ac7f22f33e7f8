"""What every engine must do, whichever is installed: the numbers of torch, on pictures like those it will see."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.capture.demo import DemoSource
from app.faces.crop import crop_square, extract
from app.faces.detector import create_detector
from extractor import WeightsError, find_weights
from extractor.backends import ENGINES, Backend, DeviceError, EngineError, create_backend, installed_engines
from extractor.backends.cache import cache_folder, network_folder
from extractor.backends.engines import installed_packages
from extractor.backends.torch_backend import TorchBackend
from extractor.types import CropSpec, HostMotion, Motion

ROOT = Path(__file__).resolve().parents[2]
Crops = NDArray[np.uint8]

WEIGHTS = "lite"  # a seventh of the work; test_quantisation compares both with torch

needs = {name: pytest.mark.skipif(name not in installed_engines(), reason=f"{name} is not installed")
         for name in ("onnxruntime", "openvino")}  # fmt: skip


def openvino_in_float32() -> Backend:
    from extractor.backends.openvino_backend import OpenVinoBackend
    from extractor.weights import find_weights

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


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=needs.get(name.partition("-")[0], ())) for name in MAKERS]
)
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


def largest_difference(one: HostMotion, other: HostMotion) -> dict[str, float]:
    return {
        f.name: float(np.abs(getattr(one, f.name) - getattr(other, f.name)).max())
        for f in fields(Motion)
        if len(one) and not np.isnan(getattr(one, f.name)).any()
    }


def test_numbers_are_those_of_torch(backend: Backend, reference: Backend, crops: Crops) -> None:
    worst = largest_difference(backend.run(crops), reference.run(crops))
    assert len(worst) == len(fields(Motion))
    if backend.info.dtype == "int8":
        angles = backend.run(crops).angles_deg - reference.run(crops).angles_deg
        assert 0 < np.abs(angles).mean() < 0.5
        assert worst["driven"] < 0.05
        return
    half = backend.info.dtype == "bfloat16"
    assert worst["angles_deg"] < (0.2 if half else 0.005)
    assert worst["driven"] < (0.02 if half else 1e-4)  # a pixel at most; bfloat16 keeps 8 bits
    assert worst["exp"] < (0.01 if half else 1e-4)
    assert worst["logits"] < (0.2 if half else 1e-3)
    angles = backend.run(crops).angles_deg - reference.run(crops).angles_deg
    assert np.abs(angles).mean() < (0.05 if half else 0.001)


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_batches_are_as_good_as_single_crops(backend: Backend, crops: Crops, batch: int) -> None:
    motion = backend.run(crops[:batch])
    assert len(motion) == batch
    for f in fields(Motion):
        value = getattr(motion, f.name)
        assert isinstance(value, np.ndarray), f.name
        assert value.dtype == np.float32, f.name
        singles = [getattr(backend.run(crops[i : i + 1]), f.name) for i in range(batch)]
        if batch:
            off = 0.2 if backend.info.dtype == "int8" else 1e-3  # a step more or less, where a value lies between two
            np.testing.assert_allclose(value, np.concatenate(singles), rtol=1e-3, atol=off, err_msg=f.name)
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
    np.testing.assert_allclose(motion.angles_deg, backend.run(before).angles_deg, rtol=0, atol=1e-4)
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


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs.get(name.partition("-")[0], ())) for name in MAKERS])
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
    with pytest.raises(EngineError, match=r"^The engine openvino-int8 isn't installed: pip install openvino brings"):
        create_backend(engine="openvino-int8")


def test_builds_under_another_name_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("torch", "onnxruntime-gpu"):
            return "1.2"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("extractor.backends.engines.importlib.util.find_spec", lambda _: True)
    monkeypatch.setattr("extractor.backends.engines.importlib.metadata.version", version)
    assert installed_packages() == {"torch": "1.2", "onnxruntime": "1.2", "openvino": "of unknown version"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs[name]) for name in needs])
def test_devices_an_engine_does_not_have_are_one_sentence(name: str) -> None:
    with pytest.raises(DeviceError, match=r"^The device 'tpu' isn't there: .* offers .*cpu\.$"):
        create_backend(device="tpu", engine=name)


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs[name]) for name in needs])
def test_bad_weights_are_refused_like_everywhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pth"
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"bad\.pth"):
        create_backend(path, engine=name)


@needs["onnxruntime"]
def test_export_is_kept_by_the_weights_hash_and_mended(own_cache: Path, reference: Backend, crops: Crops) -> None:
    folder = network_folder(reference.report.sha256)
    assert cache_folder() == own_cache
    assert folder.is_relative_to(own_cache)
    assert reference.report.sha256[:32] in folder.name
    MAKERS["onnxruntime"]().close()
    model = folder / "network.onnx"
    whole = model.read_bytes()
    MAKERS["onnxruntime"]().close()
    assert model.read_bytes() == whole
    model.write_bytes(whole[:1000])
    mended = MAKERS["onnxruntime"]()
    assert largest_difference(mended.run(crops), reference.run(crops))["angles_deg"] < 0.005
    mended.close()
    assert len(model.read_bytes()) == len(whole)


@needs["onnxruntime"]
def test_an_engine_that_gives_other_numbers_is_refused_once_it_is_new(
    monkeypatch: pytest.MonkeyPatch, reference: Backend
) -> None:
    from extractor.backends.onnx_backend import OnnxBackend

    MAKERS["onnxruntime"]().close()
    marks = list(network_folder(reference.report.sha256).glob("checked-*"))
    assert any("onnxruntime" in mark.read_text() for mark in marks)
    for mark in marks:
        mark.unlink()
    true_heads = OnnxBackend._heads

    def off_by_a_bin(self: OnnxBackend, crops: Crops) -> dict[str, NDArray[np.float32]]:
        heads = dict(true_heads(self, crops))
        heads["yaw"] = np.roll(heads["yaw"], 1, axis=1)
        return heads

    with monkeypatch.context() as patch:
        patch.setattr(OnnxBackend, "_heads", off_by_a_bin)
        with pytest.raises(EngineError, match=r"^The engine onnxruntime gives other numbers than torch .*%\.$"):
            MAKERS["onnxruntime"]()
    assert not list(network_folder(reference.report.sha256).glob("checked-*"))
    MAKERS["onnxruntime"]().close()


@needs["onnxruntime"]
def test_integers_that_are_far_off_are_refused(monkeypatch: pytest.MonkeyPatch, reference: Backend) -> None:
    from extractor.backends.onnx_backend import OnnxBackend

    MAKERS["onnxruntime-int8"]().close()
    for mark in network_folder(reference.report.sha256).glob("checked-*"):
        if "int8" in mark.read_text():
            mark.unlink()
    true_heads = OnnxBackend._heads

    def of_half_the_light(self: OnnxBackend, crops: Crops) -> dict[str, NDArray[np.float32]]:
        return dict(true_heads(self, crops // 2))

    with monkeypatch.context() as patch:
        patch.setattr(OnnxBackend, "_heads", of_half_the_light)
        with pytest.raises(EngineError, match=r"^The engine onnxruntime gives other numbers .* in int8: .*%\.$"):
            MAKERS["onnxruntime-int8"]()
    MAKERS["onnxruntime-int8"]().close()


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs[name]) for name in needs])
def test_engines_report_to_nobody(name: str) -> None:
    """Both packages send reports on their use unless they are stopped."""
    code = (
        "import os, sys, psutil\n"
        "from extractor.backends import create_backend\n"
        f"create_backend({WEIGHTS!r}, 'cpu', engine={name!r}).close()\n"
        "telemetry = sys.modules.get('openvino_telemetry')\n"
        "print(telemetry, os.environ.get('ORT_DISABLE_TELEMETRY'), psutil.Process().net_connections())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split()[0] == "None"
    assert run.stdout.split()[2] == "[]"
    if name == "onnxruntime":
        assert run.stdout.split()[1] == "1"
