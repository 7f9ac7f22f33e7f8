"""The cheapest one-to-one assignment, exact."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["assign"]


def assign(costs: Sequence[Sequence[float]], unmatched: float) -> list[int | None]:
    """For each row the column it gets, or None, so that the sum of all costs is least.

    ``costs`` are (n, m), finite or infinite; a row without a column costs ``unmatched``, so no pair
    above it is ever made.  The Hungarian algorithm with potentials (Kuhn 1955, Munkres 1957, in the
    shortest-augmenting-path form of Jonker and Volgenant 1987), O(n^2 (n + m)).  Written out because
    SciPy, which has it too, would be a dependency of 100 MB for a handful of faces.
    """
    n = len(costs)
    m = len(costs[0]) if n else 0
    never = 2 * unmatched * (n + 1) + 1  # dearer than leaving everybody alone
    # A column of its own for each row stands for nobody, so there is always a way out.
    table = [
        [min(cost, never) if not math.isnan(cost) else never for cost in row]
        + [unmatched if i == j else never for j in range(n)]
        for i, row in enumerate(costs)
    ]
    width = m + n
    row_potential = [0.0] * n
    column_potential = [0.0] * width
    row_of: list[int | None] = [None] * width
    for start in range(n):
        # Dijkstra over alternating paths from a free row to the nearest free column.
        distance = [math.inf] * width
        came_from: list[int | None] = [None] * width
        done = [False] * width
        row, last = start, None
        while True:
            best, nearest = math.inf, -1
            reached = 0.0 if last is None else distance[last]
            for j in range(width):
                if done[j]:
                    continue
                length = reached + table[row][j] - row_potential[row] - column_potential[j]
                if length < distance[j]:
                    distance[j], came_from[j] = length, last
                if distance[j] < best:
                    best, nearest = distance[j], j
            done[nearest], last = True, nearest
            taker = row_of[nearest]
            if taker is None:
                break
            row = taker
        shortest = distance[last]
        for j in range(width):
            if done[j] and j != last:
                taken = row_of[j]
                assert taken is not None
                row_potential[taken] += shortest - distance[j]
                column_potential[j] -= shortest - distance[j]
        row_potential[start] += shortest
        while last is not None:
            previous = came_from[last]
            row_of[last] = start if previous is None else row_of[previous]
            last = previous
    found: list[int | None] = [None] * n
    for j in range(m):
        owner = row_of[j]
        if owner is not None and costs[owner][j] <= unmatched:
            found[owner] = j
    return found
