from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from extractor import HEADS, MotionExtractor
from extractor.types import head_widths
from tests.interpreter import run_python


@pytest.mark.parametrize(("num_kp", "count"), [(24, 28_132_570), (21, 28_118_728)])
def test_tiny_has_exactly_the_published_number_of_parameters(num_kp: int, count: int) -> None:
    with torch.device("meta"):
        network = MotionExtractor(num_kp=num_kp, num_bins=66)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    assert all(name.startswith("detector.") for name in network.state_dict())


def test_usage_example_of_the_library(tmp_path: Path) -> None:
    network = MotionExtractor(num_kp=24, num_bins=66)
    out = network(torch.rand(2, 3, 256, 256))
    shapes = {name: tuple(tensor.shape) for name, tensor in out.items()}
    assert list(shapes) == list(HEADS)
    assert shapes == {
        "pitch": (2, 66), "yaw": (2, 66), "roll": (2, 66),
        "t": (2, 3), "exp": (2, 72), "scale": (2, 1), "kp": (2, 72),
    }  # fmt: skip

    with torch.device("meta"):
        other = MotionExtractor()
    assert other.state_dict().keys() == network.state_dict().keys()
    path = tmp_path / "x.pth"
    torch.save({"model": {**network.detector.state_dict(), "head.weight": torch.zeros(1000, 768)}}, path)
    fresh = MotionExtractor(num_kp=24, num_bins=66)
    report = fresh.load_pretrained(path)
    assert report.missing == ()
    assert report.unexpected == ()
    network.eval()
    fresh.eval()
    x = torch.rand(1, 3, 64, 64)
    assert all(torch.equal(a, b) for a, b in zip(network(x).values(), fresh(x).values(), strict=True))


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("size", [(32, 32), (96, 96), (64, 128)])
def test_any_batch_and_any_multiple_of_32(network: MotionExtractor, batch: int, size: tuple[int, int]) -> None:
    out = network(torch.rand(batch, 3, *size))
    widths = head_widths(24, 66)
    assert {name: tuple(tensor.shape) for name, tensor in out.items()} == {
        name: (batch, width) for name, width in widths.items()
    }


def test_samples_of_a_batch_do_not_touch_each_other(network: MotionExtractor) -> None:
    x = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        together = network(x)
        alone = network(x[1:2])
    for name in HEADS:
        torch.testing.assert_close(together[name][1:2], alone[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(0, 32), (16, 32), (33, 32), (250, 256), (256, 250)])
def test_other_sizes_are_one_clear_sentence(network: MotionExtractor, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"^Height and width must be multiples of 32, not {size[0]} and {size[1]}\.$"):
        network(torch.rand(1, 3, *size))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 64, 64, 3)])
def test_other_shapes_are_one_clear_sentence(network: MotionExtractor, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^The network takes images of shape \(B, 3, H, W\), not "):
        network(torch.rand(*shape))


@pytest.mark.parametrize(("num_kp", "num_bins"), [(0, 66), (24, 0), (-1, 66)])
def test_a_network_needs_keypoints_and_bins(num_kp: int, num_bins: int) -> None:
    with pytest.raises(ValueError, match="keypoints and bins"):
        MotionExtractor(num_kp, num_bins, backbone="atto")


def test_every_parameter_learns() -> None:
    network = MotionExtractor(num_kp=2, backbone="atto", drop_path_rate=0.1).train()
    sum(out.square().sum() for out in network(torch.rand(2, 3, 64, 64)).values()).backward()
    # GRN starts at gamma = 0, so every gradient has a way through.
    assert [name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())] == []


def test_building_from_some_tensors_initialises_the_rest(state: dict[str, Tensor]) -> None:
    torch.manual_seed(3)
    some = {name: t.clone() for name, t in state.items() if not name.startswith("fc_") or name == "fc_kp.weight"}
    network = MotionExtractor.from_tensors(some, 24, 66, "atto", drop_path_rate=0.1)
    assert not network.training
    own = network.detector.state_dict()
    assert all(torch.equal(own[name], tensor) for name, tensor in some.items())
    assert not any(parameter.is_meta for parameter in network.parameters())
    assert bool((own["fc_kp.bias"] == 0).all())
    assert float(own["fc_pitch.weight"].std()) == pytest.approx(0.02, rel=0.1)
    network.train()(torch.rand(2, 3, 32, 32))["kp"].sum().backward()
    assert all(p.requires_grad for p in network.parameters())


def test_importing_the_package_does_not_import_torch() -> None:
    out = run_python(
        "import sys, extractor, extractor.backends; print('torch' in sys.modules, 'create_backend' in dir(extractor))"
    )
    assert out.split() == ["False", "True"]


def test_the_library_needs_neither_window_nor_camera() -> None:
    out = run_python(
        "import sys, extractor.backends.torch_backend, extractor.convert, extractor\n"
        "assert all(hasattr(extractor, name) for name in extractor.__all__)\n"
        "print([m for m in ('app', 'cv2', 'PyQt6', 'mediapipe') if m in sys.modules])"
    )
    assert out == "[]"


def test_the_package_has_no_other_names() -> None:
    import extractor

    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(extractor, "no_such_name")  # noqa: B009


def test_a_failed_load_changes_nothing(save: Callable[..., Path], state: dict[str, Tensor]) -> None:
    network = MotionExtractor(backbone="atto")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    poisoned = {**state, "fc_exp.bias": torch.full((72,), torch.nan)}
    with pytest.raises(ValueError, match=r"fc_exp\.bias holds numbers that are not finite"):
        network.load_pretrained(save({"model": poisoned}))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert network.report is None
