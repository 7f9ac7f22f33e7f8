"""Up and right, from a shake of the head and a nod: found however the camera stands, refused where it can't be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.rotation import angles_of, geodesic_deg, rotation_from_vector, rotation_of
from app.core.tilt import MEASURED, MOST_BEND_DEG, CameraTilt, as_shown
from app.signals.head_axes import MotionWatch, estimate_tilt
from extractor.types import Angles

FPS = 30.0
TIMES = np.arange(0, 5, 1 / FPS)


def moved(
    tilt: CameraTilt,
    straight: Angles = Angles(0, 0, 0),  # noqa: B008  (frozen)
    shake: float = 25.0,
    nod: float = 15.0,
    noise: float = 0.0,
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0),
    nod_first: bool = False,
    bend: float = 0.0,
) -> np.ndarray:
    """Rotations as a tilted camera measures them; ``gains``: how large the network says pitch, yaw and roll."""
    rng = np.random.default_rng(0)
    swing = np.sin(2 * np.pi * 0.9 * TIMES)
    first = TIMES < 2.5
    yaw, pitch = shake * swing * (first != nod_first), nod * swing * (first == nod_first)
    heading, lean = rotation_of(Angles(0, straight.yaw_deg, 0)), rotation_of(straight._replace(yaw_deg=0))
    rotations = []
    for a, b in zip(yaw, pitch, strict=True):
        level = rotation_of(Angles(0, a, 0)) @ heading @ rotation_of(Angles(b, 0, 0)) @ lean
        said = np.array(angles_of(replace(tilt, bend_deg=bend).as_seen(level))) * gains + rng.normal(0, noise, 3)
        rotations.append(rotation_of(Angles(*said)))
    return np.array(rotations)


def apart_deg(found: CameraTilt, tilt: CameraTilt) -> float:
    return geodesic_deg(found.to_level, tilt.to_level)


@settings(max_examples=20)
@given(
    st.builds(CameraTilt, st.floats(-35, 35), st.floats(-100, 100)),
    st.builds(Angles, st.floats(-8, 8), st.floats(-20, 20), st.floats(-5, 5)),
    st.booleans(),
)
def test_the_tilt_is_found_to_a_degree_or_two_from_noisy_poses(tilt, straight, nod_first):
    found = estimate_tilt(TIMES, moved(tilt, straight, noise=0.5, nod_first=nod_first))
    assert found.found == MEASURED
    assert apart_deg(found, tilt) < 2.0
    assert 0.1 < found.std_deg < 2.5


def test_a_turn_of_thirty_then_leaks_less_than_two_degrees_also_where_pitch_is_said_too_small():
    tilt = CameraTilt(20, 0)
    found = estimate_tilt(TIMES, moved(tilt, noise=0.5, gains=(0.75, 1.0, 0.9)))
    straight, turned = (tilt.to_level.T @ rotation_of(Angles(0, yaw, 0)) for yaw in (0, 30))
    shown = angles_of(as_shown(turned, straight, found))
    assert shown.yaw_deg == pytest.approx(30, abs=1)
    assert max(abs(shown.pitch_deg), abs(shown.roll_deg)) < 2


@settings(max_examples=20)
@given(
    st.builds(CameraTilt, st.floats(-35, 35), st.floats(-100, 100)),
    st.floats(-30, 30),
    st.floats(25, 35),
    st.booleans(),
)
def test_of_a_turn_that_was_not_in_the_shake_most_of_the_bend_is_taken_off(tilt, bend, shake, nod_first):
    found = estimate_tilt(TIMES, moved(tilt, shake=shake, noise=0.5, bend=bend, nod_first=nod_first))
    assert abs(found.bend_deg) <= abs(bend) + 5  # rather less than more
    straight, turned = (replace(tilt, bend_deg=bend).as_seen(rotation_of(Angles(0, yaw, 0))) for yaw in (0, 30))
    added = abs(bend) * (1 - np.cos(np.deg2rad(30)))
    assert abs(angles_of(as_shown(turned, straight, found)).pitch_deg) < 0.4 * added + 0.8


def test_a_small_shake_tells_nothing_of_the_bend():
    assert estimate_tilt(TIMES, moved(CameraTilt(10, 0), shake=10, bend=30)).bend_deg == 0
    assert estimate_tilt(TIMES, moved(CameraTilt(10, 0), Angles(0, 25, 0), shake=20, bend=30)).bend_deg == 0


def test_a_bend_beyond_all_measure_is_held_back():
    assert estimate_tilt(TIMES, moved(CameraTilt(0, 0), bend=90)).bend_deg == MOST_BEND_DEG


def test_a_gap_and_a_wild_pose_do_little():
    tilt = CameraTilt(-20, 5)
    rotations = moved(tilt, noise=0.3)
    rotations[40:43] = rotation_of(Angles(30, -60, 50))
    keep = (TIMES < 1.6) | (TIMES > 2.0)
    assert apart_deg(estimate_tilt(TIMES[keep], rotations[keep]), tilt) < 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shake": 3.0, "nod": 3.0}, "The shake was too small"),
        ({"shake": 10.0, "nod": 3.5}, "The nod was too small"),
        ({"nod": 0.0, "noise": 0.1}, "Only one movement"),
        ({"noise": 8.0}, "mixed|uneven"),
    ],
)
def test_what_tells_nothing_is_refused_with_what_to_do(change, says):
    with pytest.raises(UserError, match=says) as refused:
        estimate_tilt(TIMES, moved(CameraTilt(20, 0), **change))
    assert "try again, shake your head" in str(refused.value)


def test_axes_that_are_not_near_a_right_angle_are_refused():
    swing = np.deg2rad(20) * np.sin(2 * np.pi * 0.9 * TIMES)
    one, other = np.array([0.0, 1.0, 0.0]), np.array([np.sin(np.pi / 3), np.cos(np.pi / 3), 0.0])
    rotations = [rotation_from_vector(s * (one if t < 2.5 else other)) for s, t in zip(swing, TIMES, strict=True)]
    with pytest.raises(UserError, match="mixed"):
        estimate_tilt(TIMES, np.array(rotations))


def test_a_face_seen_too_seldom_is_refused():
    with pytest.raises(UserError, match="too seldom"):
        estimate_tilt(TIMES[::15], moved(CameraTilt(20, 0))[::15])


@pytest.mark.parametrize("last", [0.0, 3.0])
def test_a_head_in_a_frozen_picture_is_refused(last):
    rotations = np.repeat(rotation_of(Angles(5, 10, 0))[None], len(TIMES), axis=0)
    rotations[-1] = rotation_of(Angles(5, 10 + last, 0))
    with pytest.raises(UserError, match="did not move"):
        estimate_tilt(TIMES, rotations)


def test_the_watch_is_over_after_its_time_and_begins_anew_with_another_face():
    watch = MotionWatch(1.0)
    nothing = np.zeros((3, 3))
    for i in range(20):
        watch.add(i / 30, 1, np.eye(3, dtype=np.float32), nothing)
    assert 0.6 < watch.progress < 0.7
    watch.add(21 / 30, 2, np.eye(3, dtype=np.float32), nothing)
    assert (len(watch), watch.progress, watch.face_id) == (1, 0.0, 2)
    watch.add(52 / 30, 2, np.eye(3, dtype=np.float32), nothing)
    assert watch.progress == 1.0
    times, rotations = watch.motion
    assert times.shape == (2,)
    assert rotations.shape == (2, 3, 3)
