"""What a face does, in numbers that neither the pose nor the size of the face changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.rotation import rotation_of
from extractor.face_shape import NO_SHAPE, displacements, face_shape
from extractor.types import KEYPOINT_NAMES, Angles

INDEX = {name: i for i, name in enumerate(KEYPOINT_NAMES)}

# The mean rendered head in distances of its outer eye corners, rounded: x to the subject's left, y down.
_HALF = {
    "eye_inner": (0.23, -0.26, -0.39), "eye_outer": (0.5, -0.28, -0.35), "lid_up": (0.36, -0.33, -0.43),
    "lid_low": (0.36, -0.23, -0.41), "brow_inner": (0.17, -0.4, -0.51), "brow_mid": (0.4, -0.41, -0.47),
    "brow_outer": (0.64, -0.37, -0.28), "mouth": (0.27, 0.54, -0.48), "alar": (0.22, 0.17, -0.51),
}  # fmt: skip
_MIDDLE = {
    "nose_tip": (0, 0.14, -0.75), "nasion": (0, -0.29, -0.52), "subnasale": (0, 0.27, -0.62),
    "lip_up": (0, 0.44, -0.65), "lip_low": (0, 0.59, -0.62), "chin": (0, 0.93, -0.5),
}  # fmt: skip


def neutral() -> np.ndarray:
    """(24, 3) a face at rest; its outer eye corners are 1 apart."""
    points = []
    for name in KEYPOINT_NAMES:
        x, y, z = _MIDDLE.get(name) or _HALF[name[:-2]]
        points.append((-x if name.endswith("_r") else x, y, z))
    return np.array(points)


def moved(**points: tuple[float, float, float]) -> np.ndarray:
    """Displacements (24, 3); a name without its side moves both, mirrored."""
    d = np.zeros((24, 3))
    for name, by in points.items():
        if name in INDEX:
            d[INDEX[name]] += by
        else:
            d[INDEX[f"{name}_l"]] += by
            d[INDEX[f"{name}_r"]] += (-by[0], by[1], by[2])
    return d


def shape_of(d: np.ndarray, kp: np.ndarray | None = None):
    return face_shape(neutral() if kp is None else kp, d, KEYPOINT_NAMES)


def test_a_face_at_rest_is_all_zeros():
    assert shape_of(moved()) == pytest.approx((0, 0, 0, 0, 0))


def test_a_mouth_that_opens_by_a_fifth_of_the_eyes_distance():
    shape = shape_of(moved(lip_low=(0, 0.2, 0), chin=(0, 0.15, 0)))
    assert shape.mouth_opening == pytest.approx(0.2, abs=2e-3)
    assert shape[1:] == pytest.approx((0, 0, 0, 0))


def test_corners_that_go_up_and_out_smile_and_those_that_go_down_do_not():
    assert shape_of(moved(mouth=(0.05, -0.05, 0))).smile == pytest.approx(0.05 * 2**0.5)
    assert shape_of(moved(mouth=(-0.03, 0.03, 0))).smile < 0
    assert shape_of(moved(mouth=(0.05, -0.05, 0))).mouth_opening == pytest.approx(0)
    # The whole lower face goes down with the jaw, nobody frowns.
    assert shape_of(moved(mouth=(0, 0.1, 0), subnasale=(0, 0.1, 0))).smile == pytest.approx(0)


def test_brows_are_measured_against_the_corners_of_the_eyes():
    up = (0, -0.06, 0)
    assert shape_of(moved(brow_inner=up, brow_mid=up, brow_outer=up)).brow_raise == pytest.approx(0.06)
    assert shape_of(moved(brow_inner=up)).brow_raise == pytest.approx(0.02)
    everything = np.tile((0.01, -0.05, 0.02), (24, 1))
    assert shape_of(everything) == pytest.approx((0, 0, 0, 0, 0), abs=1e-12)


def test_each_eye_has_a_closure_of_its_own_from_open_to_shut():
    shape = shape_of(moved(lid_up_l=(0, 0.05, 0)))
    assert (shape.eye_closure_l, shape.eye_closure_r) == pytest.approx((0.5, 0.0))
    assert shape_of(moved(lid_up_r=(0, 0.1, 0))).eye_closure_r == pytest.approx(1.0)
    assert shape_of(moved(lid_up_r=(0, 0.15, 0))).eye_closure_r == 1.0
    assert shape_of(moved(lid_up=(0, -0.05, 0))).eye_closure_l == pytest.approx(-0.5)


@given(
    st.tuples(st.floats(-80, 80), st.floats(-80, 80), st.floats(-170, 170)), st.floats(0.2, 5), st.integers(0, 2**32)
)
def test_neither_pose_nor_size_nor_place_changes_them(pose, size, seed):
    """The network's displacements are in the camera's axes; the face does the same whichever way it looks."""
    rng = np.random.default_rng(seed)
    d = rng.normal(0, 0.03, (24, 3))
    rotation = rotation_of(Angles(*pose)).astype(np.float64)
    exp = d @ rotation.T  # camera-aligned
    np.testing.assert_allclose(displacements(exp, rotation), d, atol=1e-6)
    plain = shape_of(d)
    turned = shape_of(size * displacements(exp, rotation), size * (neutral() + rng.normal(0, 1, 3)))
    assert turned == pytest.approx(plain, abs=1e-5)


def test_points_without_names_or_without_a_size_say_nothing():
    d = moved(lip_low=(0, 0.2, 0))
    for shape in (
        face_shape(neutral(), d, None),
        face_shape(neutral(), d, [f"point_{i}" for i in range(24)]),
        face_shape(neutral()[:21], d[:21], KEYPOINT_NAMES),
        shape_of(d, np.zeros((24, 3))),
        shape_of(np.full((24, 3), np.nan)),
    ):
        np.testing.assert_equal(tuple(shape), tuple(NO_SHAPE))
    shut = neutral()
    shut[INDEX["lid_up_l"]] = shut[INDEX["lid_low_l"]]
    assert np.isnan(shape_of(d, shut).eye_closure_l)
    assert shape_of(d, shut).eye_closure_r == pytest.approx(0)
