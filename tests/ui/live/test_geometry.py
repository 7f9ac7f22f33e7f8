"""Where things of a frame lie in the view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Box
from app.core.rotation import project_axes, rotation_of
from app.ui.live.geometry import ViewTransform
from extractor.types import Angles

sizes = st.integers(1, 8000)
X, Y, Z = range(3)


@given(sizes, sizes, st.integers(1, 4000), st.integers(1, 4000), st.booleans())
def test_the_picture_fits_exactly_and_keeps_its_shape(width, height, view_width, view_height, mirrored):
    view = ViewTransform.fit(width, height, view_width, view_height, mirrored)
    picture = view.picture
    assert picture.left() >= -1e-6
    assert picture.top() >= -1e-6
    assert picture.width() == pytest.approx(view_width) or picture.height() == pytest.approx(view_height)
    assert picture.width() * height == pytest.approx(picture.height() * width)
    assert picture.center().x() == pytest.approx(view_width / 2)
    corners = view.points([(0, 0), (width, height)])
    np.testing.assert_allclose(sorted(corners[:, 0]), [picture.left(), picture.right()], atol=1e-6)
    np.testing.assert_allclose(corners[:, 1], [picture.top(), picture.bottom()], atol=1e-6)


@given(st.floats(-100, 740), st.floats(-100, 580))
def test_mirroring_turns_x_about_the_middle_and_leaves_y(x, y):
    plain = ViewTransform.fit(640, 480, 900, 500, False).point(x, y)
    mirrored = ViewTransform.fit(640, 480, 900, 500, True).point(x, y)
    assert plain.x() + mirrored.x() == pytest.approx(900)
    assert plain.y() == mirrored.y()


def test_a_box_is_upright_in_a_mirrored_view_too():
    box = ViewTransform.fit(640, 480, 640, 480, True).box(Box(10, 20, 30, 40))
    assert (box.left(), box.top(), box.width(), box.height()) == pytest.approx((600, 20, 30, 40))


def test_a_face_that_looks_into_the_camera_has_x_right_y_down_and_z_at_the_viewer():
    offsets, magnification = project_axes(np.eye(3), 100)
    np.testing.assert_allclose(offsets, [[100, 0], [0, 100], [0, 0]], atol=1e-9)
    assert magnification[Z] > magnification[X] == magnification[Y] == 1


@pytest.mark.parametrize(
    ("angles", "axis", "coordinate", "sign"),
    [
        (Angles(0, 30, 0), Z, X, -1),  # yaw +: the nose to the image's left
        (Angles(0, -30, 0), Z, X, +1),
        (Angles(30, 0, 0), Z, Y, +1),  # pitch +: looks down
        (Angles(-30, 0, 0), Z, Y, -1),
        (Angles(0, 0, 30), X, Y, +1),  # roll +: clockwise in the image
        (Angles(0, 0, 30), Y, X, -1),
    ],
)
def test_signs_are_those_of_the_conventions(angles, axis, coordinate, sign):
    offsets, _ = project_axes(rotation_of(angles), 100)
    assert sign * offsets[axis, coordinate] > 40
    assert abs(offsets[axis, 1 - coordinate]) < 1e-4 or axis != Z


def test_perspective_makes_the_nearer_tip_longer():
    """The nose to the image's left brings the image's right cheek nearer, and the other way round."""
    nearer, near = project_axes(rotation_of(Angles(0, 45, 0)), 100)
    farther, far = project_axes(rotation_of(Angles(0, -45, 0)), 100)
    assert near[X] > 1 > far[X]
    assert nearer[X, 0] > 100 / np.sqrt(2) > farther[X, 0]
    assert near[Z] == pytest.approx(far[Z])
