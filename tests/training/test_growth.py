from __future__ import annotations

import pytest
import torch

from extractor.model import MotionExtractor
from extractor.training.growth import grow, same_outputs


def trained_like(backbone: str) -> MotionExtractor:
    """Weights in which nothing is zero, unlike those of a new network."""
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
    assert same_outputs(small, large, torch.rand(2, 3, 64, 64)) < 1e-4
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
