"""How two tables of the same video differ: the recorded one and one of another analysis, say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from extractor.types import POSE_HEADS


class Poses(Protocol):
    """The part of a table, such as ``app.session.table.Table``, that ``compare`` needs."""

    @property
    def success(self) -> NDArray[np.bool_]:
        """(N,)"""

    @property
    def angles_deg(self) -> NDArray[np.floating[Any]]:
        """(N, 3) pitch, yaw, roll."""


@dataclass(frozen=True, slots=True)
class AxisComparison:
    """One axis over the rows that both tables measured; NaN where there are none."""

    mean_difference_deg: float  # second minus first
    mae_deg: float  # mean absolute difference
    rms_deg: float  # root mean square of the difference
    correlation: float  # Pearson's; NaN below two rows, or where a table doesn't vary


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Row numbers are frame numbers; a row is in exactly one of the three lists, or measured by neither."""

    pitch: AxisComparison
    yaw: AxisComparison
    roll: AxisComparison
    rows: int
    both: NDArray[np.int64]  # rows with a pose in both tables
    only_first: NDArray[np.int64]
    only_second: NDArray[np.int64]

    @property
    def axes(self) -> dict[str, AxisComparison]:
        """The differences by the names in ``POSE_HEADS``."""
        return {"pitch": self.pitch, "yaw": self.yaw, "roll": self.roll}

    def as_text(self) -> str:
        """For the terminal: how many rows were measured, and a line for each axis."""
        counts = f"{len(self.both)} rows; only as recorded: {len(self.only_first)}; only now: {len(self.only_second)}"
        lines = [f"  measured in both tables: {counts}"]
        for name, axis in self.axes.items() if len(self.both) else ():
            lines.append(
                f"  {name:5} mean difference {axis.mean_difference_deg:+.2f}°, absolute {axis.mae_deg:.2f}°, "
                f"RMS {axis.rms_deg:.2f}°, correlation {axis.correlation:.3f}"
            )
        return "\n".join(lines)


def compare(first: Poses, second: Poses) -> Comparison:
    """How the angles of ``second`` differ from the angles of ``first``, row by row.

    Only rows that both measured are compared.  Raises SessionError when the tables don't have the
    same number of rows, so can't be of the same video.
    """
    if len(first.success) != len(second.success):
        raise SessionError(
            f"The tables can't be compared: one has {len(first.success)} rows, the other {len(second.success)}."
        )
    a, b = np.asarray(first.success, bool), np.asarray(second.success, bool)
    both = np.flatnonzero(a & b)
    angles = [np.asarray(table.angles_deg, np.float64)[both] for table in (first, second)]
    pitch, yaw, roll = (_axis(angles[0][:, i], angles[1][:, i]) for i in range(len(POSE_HEADS)))
    return Comparison(pitch, yaw, roll, len(a), both, np.flatnonzero(a & ~b), np.flatnonzero(b & ~a))


def _axis(first: NDArray[np.float64], second: NDArray[np.float64]) -> AxisComparison:
    if not len(first):
        return AxisComparison(np.nan, np.nan, np.nan, np.nan)
    difference = second - first
    correlation = np.nan
    if np.ptp(first) > 0 and np.ptp(second) > 0:
        correlation = float(np.corrcoef(first, second)[0, 1])
    return AxisComparison(
        mean_difference_deg=float(difference.mean()),
        mae_deg=float(np.abs(difference).mean()),
        rms_deg=float(np.sqrt(np.square(difference).mean())),
        correlation=correlation,
    )
