"""A camera that is not level: what a level one in its place would have measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.rotation import angles_of, rotation_of
from app.core.tilt import MOST_BEND_DEG, CameraTilt, as_shown, levelled_deg, parse_camera_tilt
from extractor.types import Angles

tilts = st.builds(CameraTilt, st.floats(-60, 60), st.floats(-180, 180))
poses = st.builds(Angles, st.floats(-40, 40), st.floats(-60, 60), st.floats(-30, 30))


def seen(pose: Angles, tilt: CameraTilt) -> np.ndarray:
    """The rotation that the tilted camera measures of a head with this pose before a level one."""
    return tilt.to_level.T @ rotation_of(pose)


def test_a_camera_above_the_eyes_sees_a_face_that_looks_down_and_a_turned_one_a_face_that_leans():
    assert angles_of(seen(Angles(0, 0, 0), CameraTilt(20, 0))) == pytest.approx((20, 0, 0), abs=1e-4)
    assert angles_of(seen(Angles(0, 0, 0), CameraTilt(0, 10))) == pytest.approx((0, 0, -10), abs=1e-4)


@given(tilts, poses)
def test_levelled_angles_are_those_before_a_level_camera(tilt, pose):
    measured = angles_of(seen(pose, tilt))
    np.testing.assert_allclose(
        rotation_of(Angles(*levelled_deg(np.array([measured]), tilt)[0].tolist())), rotation_of(pose), atol=1e-4
    )


@given(tilts, poses, st.floats(-85, 85))
def test_a_turn_about_ones_own_neck_is_yaw_and_a_nod_is_pitch_however_the_camera_stands(tilt, straight, turn):
    reference = seen(straight, tilt)
    turned = tilt.to_level.T @ rotation_of(Angles(0, turn, 0)) @ rotation_of(straight)
    assert angles_of(as_shown(turned, reference, tilt)) == pytest.approx((0, turn, 0), abs=0.01)
    heading = rotation_of(Angles(0, straight.yaw_deg, 0))
    upright = tilt.to_level.T @ heading
    nodded = upright @ rotation_of(Angles(turn, 0, 0))
    assert angles_of(as_shown(nodded, upright, tilt)) == pytest.approx((turn, 0, 0), abs=0.01)


def test_without_the_tilt_a_third_of_the_turn_would_be_roll():
    tilt = CameraTilt(20, 0)
    turned = as_shown(seen(Angles(0, 30, 0), tilt), seen(Angles(0, 0, 0), tilt), None)
    assert abs(angles_of(turned).roll_deg) > 9


@given(tilts, poses, st.floats(-MOST_BEND_DEG, MOST_BEND_DEG))
def test_the_bend_is_taken_off_the_pitch_of_a_turn_and_nothing_else(tilt, pose, bend):
    bent = replace(tilt, bend_deg=bend)
    more = bend * (1 - np.cos(np.deg2rad(pose.yaw_deg)))
    measured = seen(pose._replace(pitch_deg=pose.pitch_deg + more), tilt)
    np.testing.assert_allclose(bent.levelled(measured), rotation_of(pose), atol=1e-4)
    np.testing.assert_allclose(bent.as_seen(rotation_of(pose)), measured, atol=1e-4)
    levelled = rotation_of(Angles(*levelled_deg(np.array([angles_of(measured)]), bent)[0].tolist()))
    np.testing.assert_allclose(levelled, rotation_of(pose), atol=1e-4)
    assert bent.without_bend == tilt


@given(tilts)
def test_the_tilt_follows_from_what_is_up(tilt):
    found = CameraTilt.of_vertical(tilt.to_level.T @ (0.0, -1.0, 0.0))
    np.testing.assert_allclose(found.to_level, tilt.to_level, atol=1e-3)


def test_missing_angles_stay_missing_and_a_level_camera_changes_nothing():
    angles = np.array([[1.0, -2.0, 3.0], [np.nan] * 3], np.float32)
    np.testing.assert_array_equal(levelled_deg(angles, None), angles)
    assert np.isnan(levelled_deg(angles, CameraTilt(10, 0))[1]).all()
    np.testing.assert_allclose(levelled_deg(angles, CameraTilt(0, 0)), angles, atol=1e-4)


def test_a_profile_is_written_as_it_was_measured():
    assert levelled_deg(np.array([[4.0, 97.0, -2.0]]), CameraTilt(0, 0))[0] == pytest.approx((4, 97, -2), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "pitch", "roll"), [("-20", -20, 0), ("15,2.5", 15, 2.5), (" +3. , -.5 ", 3, -0.5), ("0,180", 0, 180)]
)
def test_what_is_typed(text, pitch, roll):
    assert parse_camera_tilt(text) == CameraTilt(pitch, roll)


@pytest.mark.parametrize("text", ["", "up", "1,2,3", "90", "0,181", "nan", "1e9", "20 deg"])
def test_what_is_no_tilt_is_a_sentence(text):
    with pytest.raises(UserError, match="is no tilt of a camera"):
        parse_camera_tilt(text)
