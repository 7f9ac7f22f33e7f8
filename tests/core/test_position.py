"""A field of view and where it puts a head."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.core.errors import UserError
from app.core.position import NOWHERE, FaceSize, FieldOfView, Position, parse_face_size, parse_field_of_view, seen_from
from app.core.tilt import MEASURED, CameraTilt


@pytest.mark.parametrize(("text", "view"), [("60", FieldOfView(60.0)), (" 68.5d ", FieldOfView(68.5, True))])
def test_a_field_of_view_is_typed(text, view):
    assert parse_field_of_view(text) == view


def test_a_distance_of_pupils_is_typed():
    assert parse_face_size(" 61.5 ") == FaceSize(61.5)


@pytest.mark.parametrize("text", ["6.3", "63mm", "", "nan", "-63", "630"])
def test_what_is_no_distance_of_pupils_gets_one_sentence(text):
    with pytest.raises(UserError, match="40 to 80 millimetres"):
        parse_face_size(text)


@pytest.mark.parametrize("text", ["", "wide", "5", "170", "60h", "-60", "6,5"])
def test_what_is_no_field_of_view_gets_one_sentence(text):
    with pytest.raises(UserError, match="is no field of view: 10 to 150 degrees"):
        parse_field_of_view(text)


def test_edges_and_corners_are_one_camera():
    across = FieldOfView(90.0)
    assert across.focal_px(640, 480) == pytest.approx(320)
    corner = math.degrees(2 * math.atan(400 / 320))
    assert FieldOfView(corner, diagonal=True).focal_px(640, 480) == pytest.approx(320)


def test_a_sheet_that_fills_the_picture_tells_the_angle():
    view = FieldOfView.of_width(29.7, 29.7 / 2 / math.tan(math.radians(30)))
    assert view.degrees == pytest.approx(60, abs=0.01)
    assert view.found == MEASURED
    assert 1 < view.std_deg < 3
    assert FieldOfView.of_width(200, 173.2).std_deg < view.std_deg / 3  # farther away the lens's place matters less


def test_a_data_sheet_speaks_of_the_wide_picture():
    """78 degrees are 70.4 across; of 640 x 480 the sides are cut off, as a C920 was seen to do."""
    assert FieldOfView.of_data_sheet(78, 1280, 720).degrees == pytest.approx(70.4, abs=0.1)
    narrow = FieldOfView.of_data_sheet(78, 640, 480)
    assert narrow.focal_px(640, 480) / 480 == pytest.approx(FieldOfView(78, True).focal_px(1280, 720) / 720, rel=1e-3)


def test_a_level_camera_sees_the_head_elsewhere_but_as_far_away():
    """One that looks down by 30 degrees on a head in its axis: for a level one the head is below."""
    position = Position(0.0, 0.0, 100.0, 0.0, 0.0, 10.0)
    level = seen_from(position, CameraTilt(30, 0))
    assert level[:3] == pytest.approx((0, 50, 100 * math.cos(math.radians(30))), abs=1e-3)
    assert level.distance_cm == pytest.approx(100)
    assert np.hypot(*level[4:]) == pytest.approx(10)
    assert seen_from(position, None) == position
    assert not np.isfinite(seen_from(NOWHERE, CameraTilt(0, 0))).any()
