"""How computations of one network are compared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from extractor.agreement import MOST, Difference, check_faces, difference
from extractor.backends import create_backend
from extractor.types import HostMotion


@pytest.fixture(scope="module")
def motion() -> HostMotion:
    backend = create_backend("lite", "cpu", engine="torch")
    return backend.run(check_faces(backend.spec.crop.input_size))


@pytest.mark.parametrize("side", [64, 96, 128, 256])
def test_faces_come_in_the_size_that_the_network_wants(side: int) -> None:
    faces = check_faces(side)
    assert faces.shape == (6, side, side, 3)
    assert faces.dtype == np.uint8
    small = faces.reshape(6, 32, side // 32, 32, side // 32, 3).mean((2, 4))
    assert np.abs(small - check_faces(96).reshape(6, 32, 3, 32, 3, 3).mean((2, 4))).mean() < 2  # the same pictures


def test_faces_are_looking_everywhere(motion: HostMotion) -> None:
    """On pictures that a network is unsure of nothing could be compared."""
    assert np.ptp(motion.angles_deg, axis=0).min() > 10
    assert motion.std_deg.max() < 10


def test_a_difference_is_said_in_what_matters(motion: HostMotion) -> None:
    spread = np.sqrt(np.mean((motion.exp - motion.exp.mean(axis=0)) ** 2))
    other = dataclasses.replace(
        motion,
        angles_deg=motion.angles_deg + np.float32(1.5),
        driven=motion.driven + np.float32(0.02),
        exp=motion.exp + np.float32(spread / 4),
    )
    found = difference(other, motion)
    assert found == pytest.approx((1.5, 0.01, 0.25), rel=1e-3)
    assert found.summary == "1.50 degrees, 1.00% of the crop, 25% of the expression"
    assert difference(motion, motion) == Difference(0, 0, 0)


@pytest.mark.parametrize("field", range(3))
@pytest.mark.parametrize("dtype", MOST)
def test_what_is_larger_or_no_number_is_not_within(dtype: str, field: int) -> None:
    most = MOST[dtype]
    assert most.within(most)
    for value in (most[field] * 1.01, float("nan"), float("inf")):
        assert not Difference(*(value if i == field else 0.0 for i in range(3))).within(most)
