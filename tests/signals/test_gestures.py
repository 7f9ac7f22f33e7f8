"""Nods and shakes: made ones are found where they are, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.signals.gestures import MIN_SWINGS, NOD, SHAKE, find_gestures

NOISE_DEG = 0.25  # what the network leaves on a quiet face


def still(seconds: float, fps: float = 30.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times and two angles of a head at rest."""
    time = np.arange(round(seconds * fps)) / fps
    rng = np.random.default_rng(seed)
    return time, rng.normal(0, NOISE_DEG, len(time)), rng.normal(0, NOISE_DEG, len(time))


def oscillation(time: np.ndarray, onset_s: float, swings: int, hertz: float, swing_deg: float) -> np.ndarray:
    """Down and up again, ``swings`` half periods long, ending where it began or at the other end."""
    phase = np.clip((time - onset_s) * 2 * np.pi * hertz, 0, np.pi * swings)
    return swing_deg * (1 - np.cos(phase)) / 2


@pytest.mark.parametrize("kind", [NOD, SHAKE])
@pytest.mark.parametrize("hertz", [1.0, 2.0, 3.5, 5.0])
@pytest.mark.parametrize("swings", [3, 4, 7])
def test_a_made_gesture_is_found_with_its_onset_duration_and_swings(kind, hertz, swings):
    time, pitch, yaw = still(6.0)
    (pitch if kind == "nod" else yaw)[:] += oscillation(time, 2.0, swings, hertz, 10.0)
    (found,) = find_gestures(time, pitch, yaw)
    assert (found.kind, found.swings) == (kind, swings)
    assert found.onset_s == pytest.approx(2.0, abs=0.08)
    assert found.duration_s == pytest.approx(swings / 2 / hertz, abs=0.12)


@pytest.mark.parametrize(
    ("hertz", "swings", "swing_deg"),
    [
        (2.0, 2, 10.0),  # down and up once
        (2.0, 6, 2.0),  # too small
        (0.5, 6, 10.0),  # looking up and down slowly
        (9.0, 9, 10.0),  # no head does that
    ],
)
def test_what_is_too_short_too_small_too_slow_or_too_quick_is_no_gesture(hertz, swings, swing_deg):
    time, pitch, yaw = still(12.0, fps=60)
    assert find_gestures(time, pitch + oscillation(time, 1.0, swings, hertz, swing_deg), yaw) == []


def test_a_head_at_rest_never_nods():
    for seed in range(5):
        assert find_gestures(*still(60.0, seed=seed)) == []


def test_the_greater_of_two_wins_and_a_circle_is_neither():
    time, pitch, yaw = still(6.0)
    nod = oscillation(time, 2.0, 6, 2.0, 12.0)
    assert [g.kind for g in find_gestures(time, pitch + nod, yaw + 0.3 * nod)] == ["nod"]
    assert [g.kind for g in find_gestures(time, pitch + 0.3 * nod, yaw + nod)] == ["shake"]
    turning = (time > 2) & (time < 5)
    circle = 2 * np.pi * 2.0 * time
    assert find_gestures(time, pitch + 8 * np.sin(circle) * turning, yaw + 8 * np.cos(circle) * turning) == []


def test_nodding_while_the_head_turns_slowly_is_nodding():
    time, pitch, yaw = still(6.0)
    found = find_gestures(time, pitch + oscillation(time, 2.0, 6, 2.0, 10.0), yaw + 15 * time - 40)
    assert [(g.kind, g.swings) for g in found] == [("nod", 6)]


def test_two_gestures_in_order_and_a_pause_between_two_nods_parts_them():
    time, pitch, yaw = still(12.0)
    yaw += oscillation(time, 1.0, 4, 2.0, 10.0)
    pitch += oscillation(time, 4.0, 4, 2.0, 10.0) + oscillation(time, 7.0, 4, 2.0, 10.0)
    assert [(g.kind, round(g.onset_s)) for g in find_gestures(time, pitch, yaw)] == [
        ("shake", 1), ("nod", 4), ("nod", 7),
    ]  # fmt: skip


def test_frames_without_a_face_are_passed_over_and_a_long_gap_ends_a_gesture():
    time, pitch, yaw = still(6.0)
    pitch += oscillation(time, 2.0, 6, 2.0, 10.0)
    spotted = pitch.copy()
    spotted[::9] = np.nan
    assert [(g.kind, g.swings) for g in find_gestures(time, spotted, yaw)] == [("nod", 6)]
    spotted[(time > 2.45) & (time < 2.9)] = np.nan
    assert all(g.onset_s > 2.5 and g.swings < 6 for g in find_gestures(time, spotted, yaw))


@settings(max_examples=60)
@given(
    st.floats(0, 1e6), st.floats(-80, 80), st.floats(-80, 80), st.integers(0, 999), st.floats(0.6, 3.0),
    st.sampled_from((NOD, SHAKE)),
)  # fmt: skip
def test_only_the_motion_counts(start_s, pitch_offset, yaw_offset, seed, size, kind):
    """Neither when it happens nor where the head looks; mirrored it is the same; uneven steps don't matter."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.01, 0.06, 200))
    quiet = rng.normal(0, 0.1, (2, 200))
    moved = oscillation(time, 2.0, 5, 1.8, 8 * size)
    pitch, yaw = (quiet[0] + moved, quiet[1]) if kind == "nod" else (quiet[0], quiet[1] + moved)
    (found,) = find_gestures(time, pitch, yaw)
    assert (found.kind, found.swings) == (kind, 5)
    (later,) = find_gestures(start_s + time, pitch_offset - pitch, yaw_offset - yaw)
    assert later[0] == kind
    assert later.swings == 5
    assert later.onset_s - start_s == pytest.approx(found.onset_s, abs=1e-3)


@settings(max_examples=100)
@given(st.lists(st.tuples(*[st.floats(-180, 180) | st.just(float("nan"))] * 2), max_size=40))
def test_any_numbers_give_gestures_within_their_time(rows):
    time = np.arange(len(rows)) / 20
    angles = np.array(rows, np.float64).reshape(len(rows), 2)
    for kind, onset_s, duration_s, swings in find_gestures(time, angles[:, 0], angles[:, 1]):
        assert kind in (NOD, SHAKE)
        assert 0 <= onset_s <= onset_s + duration_s <= time[-1] + 1e-9
        assert swings >= MIN_SWINGS


def test_bad_input():
    time, pitch, yaw = still(4.0)
    assert find_gestures([], [], []) == []
    with pytest.raises(ValueError, match="alike"):
        find_gestures(time, pitch[1:], yaw)
    with pytest.raises(ValueError, match="backwards"):
        find_gestures(time[::-1], pitch, yaw)
