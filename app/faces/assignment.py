"""The cheapest one-to-one assignment, exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["assign", "preload"]


def assign(costs: Sequence[Sequence[float]], unmatched: float) -> list[int | None]:
    """For each row the column it gets, or None, so that the sum of all costs is least.

    ``costs`` are (n, m), finite, infinite or NaN, which is as infinite; a row without a column costs
    ``unmatched``, so no pair above it is ever made.
    """
    n = len(costs)
    m = len(costs[0]) if n else 0
    if not m:
        return [None] * n
    never = 2 * unmatched * (n + 1) + 1  # dearer than leaving everybody alone
    table = np.minimum(np.nan_to_num(np.asarray(costs, np.float64), nan=never, posinf=never), never)
    if n == 1:
        columns = [int(table[0].argmin())]
    else:
        from scipy.optimize import linear_sum_assignment  # half a second, which one face never waits for

        # A column of its own for each row stands for nobody, so there is always a way out.
        _, columns = linear_sum_assignment(np.hstack([table, np.where(np.eye(n, dtype=bool), unmatched, never)]))
    return [int(j) if j < m and table[i, j] <= unmatched else None for i, j in enumerate(columns)]


def preload() -> None:
    """Import what the first two faces would wait for."""
    import scipy.optimize  # noqa: F401
