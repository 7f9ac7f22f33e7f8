from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from extractor import KEYPOINT_NAMES, MotionExtractor, WeightsError
from extractor.backends import Backend, Device, DeviceError, available_devices, create_backend
from extractor.backends.devices import cpu_name, find_device
from extractor.decode import decode

Save = Callable[..., Path]


def noise(batch: int, side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (batch, side, side, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    backend = create_backend(device="cpu")
    yield backend
    backend.close()


def test_backend_equals_network_and_decode(backend: Backend) -> None:
    crops = noise(3, backend.spec.crop.input_size)
    motion = backend.run(crops)
    network = MotionExtractor.from_checkpoint(backend.report.path)
    with torch.no_grad():
        images = torch.from_numpy(crops.astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()
        expected = decode(network(images), KEYPOINT_NAMES)
    for f in fields(motion):
        found = getattr(motion, f.name)
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, getattr(expected, f.name).numpy(), rtol=1e-3, atol=1e-3, err_msg=f.name)


def test_info_names_the_machine(backend: Backend) -> None:
    assert (backend.info.engine, backend.info.device, backend.info.dtype) == ("torch", "cpu", "float32")
    assert backend.info.device_name == cpu_name() != ""
    assert backend.report.path.name == "motion_extractor_lite.safetensors"
    assert backend.spec is backend.report.spec


def test_untrained_pose_heads_are_passed_on(save: Save, backbone_state: dict[str, torch.Tensor]) -> None:
    backend = create_backend(save({"model": backbone_state}), "cpu")
    assert not backend.report.pose_trained
    assert len(backend.run(noise(1, 256))) == 1


def test_other_numbers_of_bins_are_refused(save: Save, make_network: Callable[..., MotionExtractor]) -> None:
    path = save(make_network(24, 60).state_dict())
    assert MotionExtractor.from_checkpoint(path).num_bins == 60
    with pytest.raises(
        WeightsError, match=r"can't be used: its pose heads have 60 bins, and degrees are defined for 66\.$"
    ):
        create_backend(path)


def test_devices_of_this_machine() -> None:
    devices = available_devices()
    assert devices[-1] == Device("cpu", cpu_name())
    assert find_device("auto") == devices[0]
    assert find_device("cpu").id == "cpu"
    assert len({device.id for device in devices}) == len(devices)


def test_devices_of_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.backends.devices._may_have_an_accelerator", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: f"Card {i}")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert [device.id for device in available_devices()] == ["cuda:0", "cuda:1", "mps", "cpu"]
    assert find_device("auto") == find_device("cuda") == Device("cuda:0", "Card 0")
    assert find_device("cuda:1").name == "Card 1"
    assert find_device("mps").name == f"{cpu_name()} GPU"
    with pytest.raises(
        DeviceError, match=r"^The device 'cuda:2' isn't there: this machine has cuda:0, cuda:1, mps, cpu\.$"
    ):
        find_device("cuda:2")


@pytest.mark.parametrize("wanted", ["cuda:99", "tpu", ""])
def test_a_device_that_is_not_there_is_one_sentence(wanted: str) -> None:
    with pytest.raises(DeviceError, match=rf"^The device '{wanted}' isn't there: this machine has .*cpu\.$"):
        create_backend(device=wanted)


def test_a_device_that_does_not_work_is_passed_over_by_auto(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        "extractor.backends.torch_backend.available_devices",
        lambda: (Device("cuda:99", "Broken Card"), Device("cpu", cpu_name())),
    )
    backend = create_backend(device="auto")
    assert backend.info.device == "cpu"
    assert "The device cuda:99 (Broken Card) can't be used: " in caplog.text
    assert len(backend.run(noise(1, backend.spec.crop.input_size))) == 1

    monkeypatch.setattr("extractor.backends.torch_backend.find_device", lambda _: Device("cuda:99", "Broken Card"))
    with pytest.raises(DeviceError, match=r"^The device cuda:99 \(Broken Card\) can't be used: [^\n]+\.$"):
        create_backend(device="cuda:99")


@pytest.mark.skipif(len(available_devices()) == 1, reason="no accelerator on this machine")
def test_accelerator_equals_the_cpu(backend: Backend) -> None:
    accelerated = create_backend(device="auto")
    crops = noise(4, backend.spec.crop.input_size)
    np.testing.assert_allclose(accelerated.run(crops).angles_deg, backend.run(crops).angles_deg, atol=0.2, rtol=0)
    accelerated.close()


def test_shipped_weights_read_real_faces(backend: Backend, shared: Path) -> None:
    """Pose of labelled photographs: not how good the weights are, but that signs, bins and crop are right."""
    import cv2

    spec = backend.spec.crop
    crops, truth = [], []
    with (shared / "eval" / "aflw_dev" / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pitch, yaw, roll = (float(row[key]) for key in ("pitch", "yaw", "roll"))
            if abs(yaw) > 50 or abs(pitch) > 30 or abs(roll) > 30:
                continue
            image = cv2.imread(str(shared / "eval" / "aflw_dev" / row["file"]))
            x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
            # The labels' boxes are 0.94 of MediaPipe's and lie 0.06 lower (medians of these files).
            box = max(x1 - x0, y1 - y0) / 0.94
            side, x, y = spec.side * box, (x0 + x1) / 2, (y0 + y1) / 2 - (spec.up + 0.06) * box
            zoom = spec.input_size / side
            affine = np.array([[zoom, 0, (side / 2 - x) * zoom], [0, zoom, (side / 2 - y) * zoom]])
            small = cv2.warpAffine(image, affine, (spec.input_size,) * 2, borderMode=cv2.BORDER_REPLICATE)
            crops.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
            truth.append((pitch, yaw, roll))
    motion = backend.run(np.stack(crops))
    angles, labels = motion.angles_deg, np.array(truth)
    assert len(labels) >= 20
    assert np.abs(angles - labels).mean() < 7.5  # a constant guess has 9
    turned = np.abs(labels[:, 1]) > 12
    assert (np.sign(angles[turned, 1]) == np.sign(labels[turned, 1])).all()
    assert np.corrcoef(angles[:, 1], labels[:, 1])[0, 1] > 0.85
    assert np.corrcoef(angles[:, 2], labels[:, 2])[0, 1] > 0.7
    # The eyes' and the mouth's points lie in the face, the right way up and the right way round.
    points = {name: motion.driven[:, i, :2] for i, name in enumerate(KEYPOINT_NAMES)}
    assert (np.abs(motion.driven[..., :2]) < 1).all()
    assert (points["brow_mid_l"][:, 1] < points["lip_low"][:, 1]).all()
    assert (points["eye_outer_r"][:, 0] < points["eye_outer_l"][:, 0]).all()  # the subject's right is the image's left
