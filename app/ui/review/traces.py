"""Curves of any length at the width of a screen: the least and the greatest value of every pixel, nothing lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FACTOR = 16  # from one level of the pyramid to the next
_DENSE = 2  # samples a pixel from which on extremes are drawn instead of the samples


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is drawn of a curve: M places in the table's rows and, there, the range of its values; NaN breaks it.

    Where a sample of a curve has a pixel of its own or more, ``low`` and ``high`` are the same array.
    """

    rows: NDArray[np.float64]  # (M,)
    low: NDArray[np.float32]  # (M,)
    high: NDArray[np.float32]  # (M,)


class Trace:
    """(N,) values, NaN where there is none, and their extremes over 16, 256 ... rows.

    Bins begin at whole multiples of their width, so a curve doesn't flicker while it is moved.
    """

    def __init__(self, values: NDArray[np.float32], highs: NDArray[np.float32] | None = None) -> None:
        """``highs``: for a band, the upper edge to ``values`` as the lower one."""
        low = np.asarray(values, np.float32)
        high = low if highs is None else np.asarray(highs, np.float32)
        self._levels = [(low, high)]
        while len(low) > FACTOR:
            low, high = _reduced(low, np.fmin, FACTOR), _reduced(high, np.fmax, FACTOR)
            self._levels.append((low, high))

    def __len__(self) -> int:
        return len(self._levels[0][0])

    def piece(self, first: float, end: float, pixels: int) -> Piece:
        """Rows ``first`` to ``end``, which may lie outside the table, for so many pixels."""
        start, stop = max(0, int(np.floor(first)) - 1), min(len(self), int(np.ceil(end)) + 2)
        if stop <= start or pixels <= 0:
            nothing = np.empty(0, np.float32)
            return Piece(np.empty(0), nothing, nothing)
        width = (end - first) / pixels  # rows a pixel
        if width < _DENSE:
            low, high = self._levels[0]
            lower = low[start:stop]
            return Piece(np.arange(start, stop, dtype=np.float64), lower, lower if high is low else high[start:stop])
        bin_rows = 2 ** int(np.ceil(np.log2(width)))
        level, size = 0, 1
        while level + 1 < len(self._levels) and bin_rows % (size * FACTOR) == 0:
            level, size = level + 1, size * FACTOR
        low, high = self._levels[level]
        step = bin_rows // size
        a, b = start // bin_rows * step, -(-stop // bin_rows) * step
        middles = (np.arange(a // step, a // step + -(-len(low[a:b]) // step)) + 0.5) * bin_rows
        return Piece(middles, _reduced(low[a:b], np.fmin, step), _reduced(high[a:b], np.fmax, step))

    def extremes(self) -> tuple[float, float]:
        """The least and the greatest value of all; NaN without any."""
        low, high = self._levels[-1]
        with np.errstate(all="ignore"):
            return float(np.fmin.reduce(low)) if len(low) else np.nan, float(np.fmax.reduce(high)) if len(
                high
            ) else np.nan


def _reduced(values: NDArray[np.float32], extreme: np.ufunc, width: int) -> NDArray[np.float32]:
    if width <= 1 or not len(values):
        return values
    result: NDArray[np.float32] = extreme.reduceat(values, np.arange(0, len(values), width))
    return result
