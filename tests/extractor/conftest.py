"""Small checkpoints of every layout, written anew for each test that changes or reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from extractor.model import MotionExtractor

HEAD_PREFIX = "fc_"


def small_network(num_kp: int = 24, num_bins: int = 66, seed: int = 0) -> MotionExtractor:
    """An atto (3.4 M parameters) whose GRN, norms and biases are not at their trivial initial values."""
    generator = torch.Generator().manual_seed(seed)
    network = MotionExtractor(num_kp, num_bins, backbone="atto")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return network.eval()


@pytest.fixture(scope="session")
def make_network() -> Callable[..., MotionExtractor]:
    return small_network


@pytest.fixture(scope="session")
def network() -> MotionExtractor:
    return small_network()


@pytest.fixture(scope="session")
def state(network: MotionExtractor) -> dict[str, Tensor]:
    """The detector's parameters, without a prefix."""
    return dict(network.detector.state_dict())


@pytest.fixture(scope="session")
def backbone_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in state.items() if not name.startswith(HEAD_PREFIX)}


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write an object as a pickle of torch's and return the file's path."""

    def write(content: object, name: str = "weights.pth", legacy: bool = False) -> Path:
        path = tmp_path / name
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        return path

    return write
