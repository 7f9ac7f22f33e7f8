"""Parts that plots are made of: lines and bands that break, ranges in steps, thinning for long spans."""

from __future__ import annotations

import math

import numpy as np
import PyQt6.QtWidgets  # noqa: F401  (before pyqtgraph, which binds to the Qt it finds loaded)
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtWidgets import QGraphicsItem

pg.setConfigOptions(exitCleanup=False)  # the window is deleted in order; pyqtgraph's own way is for scripts

Floats = NDArray[np.float64]


def curve() -> pg.PlotCurveItem:
    """A line that breaks where there is no number."""
    return pg.PlotCurveItem(connect="finite", antialias=True)


def band() -> pg.PlotCurveItem:
    """An area that breaks where there is no number; ``outline`` makes its data."""
    return pg.PlotCurveItem(connect="finite", fillLevel="enclosed", pen=None, antialias=True)


def outline(x: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The edge of the area between two curves, all (n,): there and back along each whole stretch, NaN after it."""
    finite = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8))).reshape(-1, 2)
    xs, ys, gap = [np.empty(0)], [np.empty(0)], np.array([np.nan])
    for a, b in edges:
        xs += [x[a:b], x[a:b][::-1], gap]
        ys += [low[a:b], high[a:b][::-1], gap]
    return np.concatenate(xs), np.concatenate(ys)


def largest(values: Floats) -> float:
    """The largest size among the numbers there are; 0 without any."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0


def step_above(value: float, least: float) -> float:
    """The first of ``least`` times 1, 2, 4 (so 15, 30, 60), then of 1, 2, 5, 10 ... that is not below ``value``."""
    if not math.isfinite(value) or value <= least:
        return least
    for factor in (2.0, 4.0):
        if value <= least * factor:
            return least * factor
    power = 10.0 ** math.floor(math.log10(value))
    return next((power * digit for digit in (1.0, 2.0, 5.0) if value <= power * digit), power * 10)


def range_around(values: Floats, least: float) -> tuple[float, float]:
    """Ends on a grid of 1, 2 or 5 that hold every number, at least ``least`` apart; 0 to ``least`` without any."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, least
    low, high = float(finite.min()), float(finite.max())
    grid = step_above(max(high - low, least) / 4, least / 4)
    low, high = math.floor(low / grid) * grid, math.ceil(high / grid) * grid
    return low, max(high, low + least)


def thinned(times: Floats, values: Floats, width_s: float) -> tuple[Floats, Floats]:
    """(n,) times and (n, C) values as two rows for each ``width_s``: the smallest and the largest number in it.

    So a spike stays to be seen however long the span.  Where that would not be fewer rows they are
    left as they are.  A piece without any number is NaN: the line breaks there.  The pieces stand
    still on the clock, so that a curve that scrolls doesn't shimmer.
    """
    if len(times) < 3 or len(times) <= 2 * (times[-1] - times[0]) / width_s + 2:
        return times, values
    starts = np.flatnonzero(np.diff(np.floor(times / width_s), prepend=-np.inf))
    both = np.empty((2 * len(starts), values.shape[1]))
    both[0::2] = np.fmin.reduceat(values, starts, axis=0)
    both[1::2] = np.fmax.reduceat(values, starts, axis=0)
    return np.repeat(times[starts], 2), both


def cache_axes(plot: pg.PlotItem, on: bool) -> None:
    """Axes and grid seldom change: from the cache they cost a quarter of the time.  A vector file wants none."""
    modes = QGraphicsItem.CacheMode
    for side in ("left", "bottom"):
        plot.getAxis(side).setCacheMode(modes.DeviceCoordinateCache if on else modes.NoCache)
