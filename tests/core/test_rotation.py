"""The display's rotations are the library's, and errors between them are angles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.core.rotation import geodesic_deg, rotation_of
from extractor.decode import rotation_matrix
from extractor.types import Angles

degrees = st.floats(-89, 89)


@given(degrees, degrees, degrees)
def test_it_is_the_rotation_the_library_computes(pitch, yaw, roll):
    expected = rotation_matrix(torch.tensor([pitch, yaw, roll], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(rotation_of(Angles(pitch, yaw, roll)), expected, atol=1e-6)


@given(degrees, degrees, degrees, st.floats(0.05, 170))
def test_the_distance_is_the_angle_turned_about_any_one_axis(pitch, yaw, roll, turn):
    start = rotation_of(Angles(pitch, yaw, roll))
    for axis in range(3):
        step = rotation_of(Angles(*(turn if i == axis else 0.0 for i in range(3))))
        assert geodesic_deg(start, start @ step) == pytest.approx(turn, abs=1e-2)


def test_no_turn_is_no_distance():
    rotation = rotation_of(Angles(10, 20, 30))
    assert geodesic_deg(rotation, rotation) == pytest.approx(0, abs=1e-3)
