from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from extractor import growth, shipped
from extractor.backends import create_backend
from extractor.growth import grow
from extractor.model import MotionExtractor
from extractor.report import WeightsError
from extractor.shipped import alternatives, find_weights
from extractor.user_cache import cache_folder


def trained_like(backbone: str) -> MotionExtractor:
    """Weights in which nothing is zero, unlike a new network's."""
    torch.manual_seed(0)
    network = MotionExtractor(backbone=backbone).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    return network


def test_growing_keeps_the_function() -> None:
    small = trained_like("femto")
    large = grow(small, "tiny", torch.Generator().manual_seed(1))
    assert large.backbone == "tiny"
    crops = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        before, after = small(crops), large(crops)
    assert max(float((before[name] - after[name]).abs().max()) for name in before) < 1e-4
    assert sum(p.numel() for p in large.parameters()) == 28_132_570


def test_the_copies_are_not_alike() -> None:
    large = grow(trained_like("atto"), "nano", torch.Generator().manual_seed(1))
    weight = large.detector.head("yaw").weight
    half = weight.shape[1] // 2
    assert not torch.allclose(weight[:, :half], weight[:, half:])


@pytest.mark.parametrize("backbone", ["femto", "pico", "base"])
def test_what_is_not_twice_as_wide_is_refused(backbone: str) -> None:
    with pytest.raises(ValueError, match="can't grow"):
        grow(trained_like("femto"), backbone)


@pytest.fixture
def only_lite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the program that came without tiny, and an empty cache."""
    monkeypatch.setattr(shipped, "SHIPPED", {**shipped.SHIPPED, "tiny": "not_shipped.safetensors"})
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path))
    return tmp_path


def test_tiny_is_grown_from_lite_where_it_did_not_come_with_the_program(
    only_lite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = find_weights("tiny")
    assert path.is_relative_to(only_lite)
    lite, tiny = (MotionExtractor.from_checkpoint(p) for p in (find_weights("lite"), path))
    assert (lite.backbone, tiny.backbone) == ("femto", "tiny")
    assert tiny.report is not None
    assert lite.report is not None
    assert tiny.report.metadata["grown_from"] == {
        "file": find_weights("lite").name, "sha256": lite.report.sha256, "architecture": "convnextv2_femto",
    }  # fmt: skip
    assert tiny.report.metadata["errors"] == lite.report.metadata["errors"]
    side = lite.report.spec.crop.input_size
    crops = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    said = [create_backend(name, "cpu", engine="torch").run(crops) for name in ("lite", "tiny")]
    assert said[0].angles_deg == pytest.approx(said[1].angles_deg, abs=0.01)
    assert said[0].driven == pytest.approx(said[1].driven, abs=1e-3)
    monkeypatch.setattr(growth, "grow", lambda *_, **__: pytest.fail("it was grown again"))
    assert find_weights("tiny") == path


def test_a_damaged_grown_file_is_grown_again_and_comes_out_the_same(only_lite: Path) -> None:
    path = find_weights("tiny")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert find_weights("tiny") == path
    assert path.read_bytes() == content


def test_the_default_may_be_grown_too_and_lists_know_all(only_lite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shipped.DEFAULT in shipped.SHIPPED
    assert alternatives() == tuple(name for name in ("tiny", "lite") if name != shipped.DEFAULT)
    monkeypatch.setattr(shipped, "DEFAULT", "lite")
    assert find_weights() == find_weights("default") == find_weights("lite")
    assert alternatives() == ("tiny",)
    monkeypatch.setattr(shipped, "DEFAULT", "tiny")
    assert alternatives() == ("lite",)
    assert not (cache_folder() / "grown").exists()  # to list is not to grow
    monkeypatch.setattr(shipped, "SHIPPED", {"tiny": "none.safetensors", "lite": "none.safetensors"})
    assert alternatives() == ()
    with pytest.raises(WeightsError, match="did not come with"):
        find_weights()


def test_a_cache_that_cant_be_written_is_one_sentence(only_lite: Path) -> None:
    (only_lite / "grown").write_bytes(b"in the way")
    with pytest.raises(WeightsError, match=r"^The tiny weights are grown from .*which did not work") as caught:
        find_weights("tiny")
    assert "\n" not in str(caught.value)
