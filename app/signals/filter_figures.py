"""How steady and how late a filter is: on standard signals, and on what it filters just now.

**Standard**, at 30 frames a second: *jitter* is the standard deviation about a head at rest with 0.2 degrees of
white noise on each axis, which is what the network leaves on a quiet face; *lag* the phase of sinusoidal yaw, quick
(30 degrees at 0.5 Hz) and slow (5 degrees at 0.25 Hz), with the same noise.  Keypoints and expression get the same
signals in their own units, ``UNITS`` for a degree.

**Live**: jitter is the standard deviation about a straight line within one second, the median of those in which
the head was at rest; lag is the shift in time with which the raw signal fits the filtered one best, told only of
motion.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.one_euro import OneEuro, RotationFilter, VectorFilter
from app.core.rotation import angles_of, rotation_of
from app.signals.presets import FilterPreset
from extractor.types import Angles

FPS = 30.0
NOISE_DEG = 0.2
QUICK = (30.0, 0.5)  # degrees, Hz
SLOW = (5.0, 0.25)
_SETTLING = 60  # frames
_LEAST = 6  # samples in a second, to tell its jitter

Part = str
UNITS: dict[Part, float] = {"rotation": 1.0, "keypoints": 0.01, "expression": 0.0004}
"""The unit of each part that corresponds to a degree: a head that turns with 94 degrees a second moves its nose by
about one side of the face box a second, and a fast
expression moves by about a fifth of a bar in a tenth of a second."""

MAX_LAG_S = 0.4
MOVING = 5.0  # a lag is given when the signal's spread is so many times its noise

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one part of a filter."""

    raw_jitter: float  # in degrees, face sides or neutral units
    jitter: float
    quick_lag_ms: float
    slow_lag_ms: float

    @property
    def left(self) -> float:
        """The share of the jitter that is left."""
        return self.jitter / self.raw_jitter


def standard_figures(preset: FilterPreset, part: Part = "rotation") -> Figures:
    """Measured anew: 2100 steps of the filter, a few hundredths of a second."""
    settings: OneEuro | None = getattr(preset, part)
    settings = settings or preset.rotation
    unit = UNITS[part]
    run = _rotations if part == "rotation" else _vectors
    raw = unit * NOISE_DEG
    if settings is None:
        return Figures(raw, raw, 0.0, 0.0)
    still = run(settings, _noise(900, 1), unit)[_SETTLING:]
    return Figures(
        raw,
        float(still.std(axis=0).mean()),
        _phase_lag_ms(run, settings, unit, *QUICK),
        _phase_lag_ms(run, settings, unit, *SLOW),
    )


def jitters(time_s: Floats, raw: Floats, filtered: Floats, still: float) -> tuple[float, float]:
    """Of (N,) values and of the same filtered; (NaN, NaN) without a second in which the raw ones range over
    no more than ``still``."""
    found = []
    for second in _seconds(time_s):
        known = np.isfinite(raw[second]) & np.isfinite(filtered[second])
        t, x, y = time_s[second][known], raw[second][known], filtered[second][known]
        if len(t) >= _LEAST and float(np.ptp(x)) <= still:
            found.append((_deviation(t, x), _deviation(t, y)))
    if not found:
        return math.nan, math.nan
    before, after = np.median(np.array(found), axis=0).tolist()
    return before, after


def _deviation(t: Floats, values: Floats) -> float:
    """About the straight line that fits best."""
    t = t - t.mean()
    rest = values - values.mean() - (t * values).sum() / max(float((t * t).sum()), 1e-12) * t
    return math.sqrt(float((rest**2).sum()) / (len(t) - 2))


def lag_s(time_s: Floats, raw: Floats, filtered: Floats) -> float:
    """The seconds by which (N,) ``filtered`` comes after ``raw``; NaN while the signal moves too little to tell."""
    known = np.isfinite(raw) & np.isfinite(filtered)
    t, x, y = time_s[known], raw[known], filtered[known]
    if len(t) < 30 or t[-1] - t[0] < 2 * MAX_LAG_S + 1 or float(x.std()) < MOVING * _noise_of(x):
        return math.nan
    grid = np.arange(t[0] + MAX_LAG_S, t[-1], 1 / 120)
    shown = np.interp(grid, t, y)
    shifts = np.arange(0, MAX_LAG_S, 1 / 240)
    misfits = np.array([np.square(np.interp(grid - shift, t, x) - shown).mean() for shift in shifts])
    best = int(misfits.argmin())
    if 0 < best < len(shifts) - 1:  # the vertex of the parabola through the three lowest
        a, b, c = misfits[best - 1 : best + 2]
        bend = a - 2 * b + c
        return float(shifts[best] + (0.5 * (a - c) / bend / 240 if bend > 0 else 0.0))
    return float(shifts[best])


def _noise_of(values: Floats) -> float:
    """White noise on a smooth signal, by second differences, whose variance is six times the noise's."""
    return max(float(np.diff(values, 2).std()) / math.sqrt(6), 1e-9)


def _seconds(time_s: Floats) -> list[slice]:
    """Whole seconds, counted back from the newest."""
    if len(time_s) < 2:
        return []
    edges = np.searchsorted(time_s, np.arange(time_s[-1], time_s[0], -1.0)[::-1])
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def _noise(n: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, NOISE_DEG, (n, 3))


def _rotations(settings: OneEuro, angles_deg: Floats, unit: float) -> NDArray[np.float64]:
    filters = RotationFilter(settings)
    return np.array([angles_of(filters.update(rotation_of(Angles(*row)), i / FPS)) for i, row in enumerate(angles_deg)])


def _vectors(settings: OneEuro, angles_deg: Floats, unit: float) -> NDArray[np.float64]:
    filters = VectorFilter(settings)
    return np.array([filters.update(row[None] * unit, i / FPS)[0] for i, row in enumerate(angles_deg)])


def _phase_lag_ms(
    run: Callable[[OneEuro, Floats, float], NDArray[np.float64]],
    settings: OneEuro,
    unit: float,
    amplitude_deg: float,
    hertz: float,
) -> float:
    times = np.arange(600) / FPS
    true = amplitude_deg * np.sin(2 * np.pi * hertz * times)
    angles = _noise(600, 2)
    angles[:, 1] += true
    carrier = np.exp(-2j * np.pi * hertz * times)[_SETTLING:]
    shown = run(settings, angles, unit)[_SETTLING:, 1]
    phase = np.angle((shown * carrier).sum() / (true[_SETTLING:] * carrier).sum())
    return float(-phase / (2 * np.pi * hertz) * 1e3)
