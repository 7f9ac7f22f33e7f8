"""The filter against heads whose motion is known: steady at rest, late by what the presets say, and never wrapping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.one_euro import OneEuro, RotationFilter, VectorFilter
from app.core.rotation import angles_of, geodesic_deg, rotation_from_vector, rotation_of
from app.signals.presets import DEFAULT_PRESET, PRESETS, preset_named
from extractor.types import Angles

FPS = 30.0
NOISE_DEG = 0.2

# As in the docstring of the presets: jitter in degrees, lag of the quick and of the slow motion in milliseconds.
MEASURED = {
    "off": (0.200, 0, 0),
    "research": (0.106, 9, 30),
    "gaming": (0.074, 11, 44),
    "streaming": (0.053, 27, 95),
}


def filtered_angles(preset_name: str, angles: np.ndarray, fps: float = FPS) -> np.ndarray:
    """(n, 3) angles in degrees through a preset's rotation filter."""
    rotation = preset_named(preset_name).rotation
    if rotation is None:
        return angles
    filters = RotationFilter(rotation)
    return np.array([angles_of(filters.update(rotation_of(Angles(*row)), i / fps)) for i, row in enumerate(angles)])


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, NOISE_DEG, (n, 3))


def jitter_deg(preset_name: str) -> float:
    return float(filtered_angles(preset_name, noise(900, 1))[60:].std(axis=0).mean())


def lag_ms(preset_name: str, amplitude_deg: float, frequency_hz: float) -> float:
    """By the phase of the filtered sine against the true one."""
    n = 600
    times = np.arange(n) / FPS
    true = amplitude_deg * np.sin(2 * np.pi * frequency_hz * times)
    angles = noise(n, 2)
    angles[:, 1] += true
    carrier = np.exp(-2j * np.pi * frequency_hz * times)[60:]
    shown = filtered_angles(preset_name, angles)[60:, 1]
    phase = np.angle((shown * carrier).sum() / (true[60:] * carrier).sum())
    return float(-phase / (2 * np.pi * frequency_hz) * 1e3)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_jitter_and_lag_are_those_that_the_presets_claim(preset):
    jitter, quick, slow = MEASURED[preset.name]
    assert jitter_deg(preset.name) == pytest.approx(jitter, rel=0.03)
    assert lag_ms(preset.name, 30, 0.5) == pytest.approx(quick, abs=1)
    assert lag_ms(preset.name, 5, 0.25) == pytest.approx(slow, abs=3)
    assert preset_named(preset.name) is preset


def test_presets_are_ordered_from_quick_to_steady_and_off_is_the_default():
    jitters = [jitter_deg(preset.name) for preset in PRESETS]
    assert jitters == sorted(jitters, reverse=True)
    assert preset_named(DEFAULT_PRESET).rotation is None
    with pytest.raises(ValueError, match=r"no filter preset 'loud'.*off, research, gaming, streaming"):
        preset_named("loud")


def test_the_scalar_case_is_casiez_algorithm():
    """Against the paper's pseudo-code, written out for numbers."""

    def alpha(cutoff: float, step: float) -> float:
        return 1.0 / (1.0 + 1.0 / (2 * np.pi * cutoff) / step)

    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.01, 0.08, 200))
    values = np.cumsum(rng.normal(0, 1, 200))
    filters = VectorFilter(OneEuro(1.2, 0.3, 0.8))
    expected, speed = values[0], 0.0
    assert filters.update(values[:1], times[0])[0] == expected
    for step, value, time in zip(np.diff(times), values[1:], times[1:], strict=True):
        speed += alpha(0.8, step) * ((value - expected) / step - speed)
        expected += alpha(1.2 + 0.3 * abs(speed), step) * (value - expected)
        assert filters.update(np.array([value]), time)[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_each_vector_has_its_own_cutoff():
    """One point that moves does not make those at rest tremble."""
    rng = np.random.default_rng(4)
    points = rng.normal(0, 0.01, (200, 2, 2))
    alone = VectorFilter(OneEuro(1.0, 5.0))
    both = VectorFilter(OneEuro(1.0, 5.0))
    still = [alone.update(frame[:1], i / FPS) for i, frame in enumerate(points)]
    points[:, 1, 0] += np.linspace(0, 20, 200)
    moved = np.array([both.update(frame, i / FPS) for i, frame in enumerate(points)])
    np.testing.assert_allclose(moved[:, :1], still)
    assert abs(moved[-1, 1, 0] - 20) < 0.2


def test_real_time_steps_count_not_frames():
    """Half a second after a jump the filter has come equally far at any frame rate."""
    reached = []
    for fps in (20, 60, 240):
        filters = RotationFilter(OneEuro(0.5, 0.0))
        filters.update(np.eye(3), 0.0)
        for i in range(1, fps // 2 + 1):
            shown = filters.update(rotation_of(Angles(0, 30, 0)), i / fps)
        reached.append(angles_of(shown).yaw_deg)
    assert reached == pytest.approx([23.8] * 3, rel=0.04)  # 30 * (1 - exp(-2 pi 0.5 0.5))


@settings(max_examples=60)
@given(st.floats(-170, 170), st.floats(-80, 80), st.floats(-170, 170), st.integers(0, 2**16))
def test_no_pose_is_special(pitch, yaw, roll, seed):
    """Turning everything turns what comes out by as much: nothing wraps, nothing locks."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.1, (25, 3)).cumsum(axis=0)
    turn = rotation_of(Angles(pitch, yaw, roll))
    plain, turned = RotationFilter(OneEuro(1.0, 0.05)), RotationFilter(OneEuro(1.0, 0.05))
    for i, step in enumerate(steps):
        rotation = rotation_from_vector(step)
        expected = turn @ plain.update(rotation, i / FPS)
        assert geodesic_deg(turned.update(turn @ rotation, i / FPS), expected) < 1e-3


def test_a_turn_through_half_a_circle_takes_the_short_way():
    """Roll from 170 over 180 to -170: degrees would swing through zero."""
    filters = RotationFilter(OneEuro(0.5, 0.0))
    for i in range(60):
        roll = 170 + 20 * i / 59
        shown = angles_of(filters.update(rotation_of(Angles(0, 0, roll)), i / FPS))
        assert abs(shown.roll_deg) > 165
        assert abs(shown.pitch_deg) < 1


def test_what_comes_out_is_a_rotation_after_ten_thousand_frames():
    filters = RotationFilter(OneEuro(0.5, 0.05))
    rng = np.random.default_rng(5)
    for i in range(10_000):
        shown = filters.update(rotation_from_vector(rng.normal(0, 1, 3)), i / FPS)
    np.testing.assert_allclose(shown @ shown.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(shown) == pytest.approx(1)


@pytest.mark.parametrize("step_s", [0.6, -1.0, 0.0, 1e-5])
def test_after_a_pause_or_a_jump_of_the_clock_it_starts_anew(step_s):
    rotations, vectors = RotationFilter(OneEuro(0.5, 0.0)), VectorFilter(OneEuro(0.5, 0.0))
    for i in range(10):
        rotations.update(np.eye(3), i / FPS)
        vectors.update(np.zeros((4, 2)), i / FPS)
    there = rotation_of(Angles(0, 40, 0))
    at = 9 / FPS + step_s
    np.testing.assert_allclose(rotations.update(there, at), there)
    np.testing.assert_allclose(vectors.update(np.ones((4, 2)), at), 1)


def test_numbers_that_are_none_pass_and_leave_no_trace():
    rotations, vectors = RotationFilter(OneEuro(0.5, 0.0)), VectorFilter(OneEuro(0.5, 0.0))
    for i, bad in enumerate((False, True, False)):
        rotation = np.full((3, 3), np.nan) if bad else np.eye(3)
        vector = np.full((2, 2), np.inf if bad else 7.0)
        assert np.array_equal(rotations.update(rotation, i / FPS), rotation, equal_nan=True)
        assert np.array_equal(vectors.update(vector, i / FPS), vector)
