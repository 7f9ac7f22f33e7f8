"""The display's rotations are the library's, and errors between them are angles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.rotation import (
    angles_near,
    angles_of,
    geodesic_deg,
    recentred,
    rotation_from_vector,
    rotation_of,
    rotation_vector,
)
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


@given(degrees, degrees, degrees)
def test_angles_come_back_from_their_rotation(pitch, yaw, roll):
    assert angles_of(rotation_of(Angles(pitch, yaw, roll))) == pytest.approx((pitch, yaw, roll), abs=1e-3)


@given(st.floats(-60, 60), st.floats(-130, 130), st.floats(-60, 60))
def test_near_the_measured_angles_yaw_counts_on_beyond_a_right_angle(pitch, yaw, roll):
    assume(abs(abs(yaw) - 90) > 1)
    angles = Angles(pitch, yaw, roll)
    near = Angles(pitch + 3, yaw - 3, roll + 3)
    assert angles_of(rotation_of(angles), near) == pytest.approx(angles, abs=1e-2)
    assert np.allclose(rotation_of(angles_of(rotation_of(angles))), rotation_of(angles), atol=1e-5)


@given(st.floats(-60, 60), st.floats(-75, 75), st.floats(-60, 60), degrees, degrees)
def test_the_damped_angles_are_the_plain_ones_where_those_are_well_defined(pitch, yaw, roll, a, b):
    angles = Angles(pitch, yaw, roll)
    near = Angles(pitch + a / 45, yaw + b / 45, roll - a / 45)
    assert angles_near(rotation_of(angles), near) == pytest.approx(angles, abs=0.15)


def test_at_a_right_angle_of_yaw_damped_angles_stay_where_they_were_measured():
    """Half a degree of rotation, of which the plain formulas make dozens of degrees of pitch and roll."""
    near = Angles(5, 89.5, -3)
    turned = rotation_from_vector(np.deg2rad([0.4, 0.2, 0.3])) @ rotation_of(near)
    plain = angles_of(turned, near)
    damped = angles_near(turned, near)
    assert abs(plain.pitch_deg - near.pitch_deg) > 15
    assert np.abs(np.subtract(damped, near)).max() < 1
    assert geodesic_deg(rotation_of(damped), turned) < geodesic_deg(rotation_of(near), turned)


vectors = st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3).map(np.array)


@given(vectors)
def test_logarithm_and_exponential_undo_each_other(vector):
    assume(np.linalg.norm(vector) < np.pi - 1e-3)
    rotation = rotation_from_vector(vector)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation_vector(rotation), vector, atol=1e-7)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0, -0.8), (0.48, 0.6, 0.64)])
def test_half_a_turn_has_a_logarithm_too(axis):
    rotation = rotation_from_vector(np.pi * np.array(axis))
    np.testing.assert_allclose(rotation_from_vector(rotation_vector(rotation)), rotation, atol=1e-6)


tilts = st.floats(-50, 50)


@given(tilts, tilts, tilts)
def test_the_reference_itself_is_straight_ahead(pitch, yaw, roll):
    reference = rotation_of(Angles(pitch, yaw, roll))
    assert angles_of(recentred(reference, reference)) == pytest.approx((0, 0, 0), abs=1e-3)


@given(tilts, tilts, tilts, st.floats(-85, 85))
def test_a_turn_about_the_cameras_vertical_is_yaw_and_nothing_else(pitch, yaw, roll, turn):
    reference = rotation_of(Angles(pitch, yaw, roll))
    moved = rotation_of(Angles(0, turn, 0)) @ reference
    assert angles_of(recentred(moved, reference)) == pytest.approx((0, turn, 0), abs=1e-2)


@given(tilts, st.floats(-80, 80), st.floats(-80, 80))
def test_a_nod_before_a_camera_at_the_side_is_pitch_and_nothing_else(pitch, yaw, nod):
    reference = rotation_of(Angles(0, yaw, 0)) @ rotation_of(Angles(pitch, 0, 0))
    moved = reference @ rotation_of(Angles(nod, 0, 0))
    assert angles_of(recentred(moved, reference)) == pytest.approx((nod, 0, 0), abs=1e-2)


@given(tilts, tilts, tilts, tilts, tilts, tilts)
def test_recentring_neither_stretches_nor_shrinks_a_movement(pitch, yaw, roll, a, b, c):
    reference, other = rotation_of(Angles(pitch, yaw, roll)), rotation_of(Angles(a, b, c))
    turned = geodesic_deg(np.eye(3), recentred(other, reference))
    assert turned == pytest.approx(geodesic_deg(reference, other), abs=1e-2)


def test_a_plain_left_or_right_quotient_would_mix_the_axes():
    """Why neither is used; the numbers in the explanation."""
    aside = rotation_of(Angles(0, 30, 0))
    nod = aside @ rotation_of(Angles(20, 0, 0))
    assert angles_of(nod @ aside.T).roll_deg == pytest.approx(-10, abs=0.2)
    tilted = rotation_of(Angles(20, 0, 0))
    turn = rotation_of(Angles(0, 40, 0)) @ tilted
    assert abs(angles_of(tilted.T @ turn).roll_deg) > 10
