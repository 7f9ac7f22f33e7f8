"""What the timeline shows of one table or two: frozen, made once, off the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.tilt import CameraTilt, levelled_cm, levelled_deg
from app.session.lazy_table import LazyTable
from app.session.one_face import OneFace
from app.session.table import Missing
from app.ui.review.traces import Trace
from extractor.types import POSE_HEADS

PLACES = ("x", "y", "distance")
BRIDGE_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The curves of one table."""

    angles: dict[str, Trace]  # degrees
    bands: dict[str, Trace]  # one standard deviation to either side
    expression: Trace
    places: dict[str, Trace]  # centimetres from their mean; no trace where no position is known
    angles_deg: NDArray[np.float32]  # (N, 3) pitch, yaw, roll as measured, in level axes
    drawn_deg: NDArray[np.float32]  # (N, 3) the same with short gaps bridged
    low_before: NDArray[np.int64]  # (N + 1,) how many frames of low quality stand before each
    tilt: CameraTilt | None  # with which the angles were levelled

    @classmethod
    def of(
        cls, table: LazyTable | OneFace, tilt: CameraTilt | None = None, low_quality: NDArray[np.bool_] | None = None
    ) -> Series:
        """As a level camera would have measured it, where ``tilt`` says how the camera stood.

        ``low_quality`` (N,): the frames to be shaded; None: none.
        Curves go on over frames that the network skipped while it was busy, and break where no face was found.
        """
        # Of a frame that failed or is damaged nothing is known, so no curve goes over it either.
        unknown = np.isin(table.missing, (Missing.FAILED, Missing.DAMAGED))
        skipped = bridged(table.timestamp_s, table.success, table.inferred | unknown)

        def drawn(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return _filled(table.timestamp_s, values, skipped)

        angles_deg = levelled_deg(table.angles_deg, tilt)
        angles = np.stack([drawn(angles_deg[:, k]) for k in range(3)], axis=1)
        low, high = angles_deg - table.std_deg, angles_deg + table.std_deg
        return cls(
            {name: Trace(angles[:, k]) for k, name in enumerate(POSE_HEADS)},
            {name: Trace(drawn(low[:, k]), drawn(high[:, k])) for k, name in enumerate(POSE_HEADS)},
            Trace(drawn(table.exp_magnitude)),
            _from_mean(places_of(table.position_cm, tilt), drawn),
            angles_deg,
            angles,
            _before(np.zeros(len(table), bool) if low_quality is None else low_quality),
            tilt,
        )

    @classmethod
    def of_angles(cls, angles_deg: NDArray[np.float32], tilt: CameraTilt | None = None) -> Series:
        """(N, 3) angles alone, without uncertainty and expression; ``tilt`` as in ``of``."""
        angles = levelled_deg(angles_deg, tilt)
        nothing = Trace(np.full(len(angles), np.nan, np.float32))
        return cls(
            {name: Trace(angles[:, k]) for k, name in enumerate(POSE_HEADS)},
            dict.fromkeys(POSE_HEADS, nothing),
            nothing,
            {},
            angles,
            angles,
            _before(np.zeros(len(angles), bool)),
            tilt,
        )

    def low_quality(self, first: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether there are frames of low quality among the rows from each ``first`` to below its ``end``."""
        return np.asarray(self.low_before[end] > self.low_before[first], bool)


def places_of(position_cm: NDArray[np.float32], tilt: CameraTilt | None) -> NDArray[np.float32]:
    """(N, 3) ``PLACES`` in centimetres, as a level camera sees them, of x, y, z (N, 3)."""
    level = levelled_cm(position_cm, tilt)
    return np.column_stack([level[:, :2], np.linalg.norm(level, axis=1)])


def _from_mean(
    places_cm: NDArray[np.float32], drawn: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> dict[str, Trace]:
    known = np.isfinite(places_cm).all(axis=1)
    if not known.any():
        return {}
    away = places_cm - places_cm[known].mean(axis=0)
    return {name: Trace(drawn(away[:, k])) for k, name in enumerate(PLACES)}


def _before(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(chosen, dtype=np.int64)])


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A second table of the same frames, and how it differs from the first one."""

    name: str
    series: Series
    difference: dict[str, Trace]  # second minus first, degrees, at most half a turn

    @classmethod
    def of(cls, name: str, first: Series, second: Series) -> Comparison:
        return cls(
            name,
            second,
            {angle: Trace(_turn(second.drawn_deg[:, k] - first.drawn_deg[:, k])) for k, angle in enumerate(POSE_HEADS)},
        )


def _turn(degrees: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((degrees + 180.0) % 360.0 - 180.0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """``times_s`` (N,) of the rows; ``top_...``: how far the lanes reach; 0: there is no such lane."""

    times_s: NDArray[np.float64]
    series: Series
    second: Comparison | None
    top_deg: float
    top_expression: float
    top_place: float
    top_difference: float

    @classmethod
    def of(cls, times_s: NDArray[np.float64], series: Series, second: Comparison | None = None) -> Content:
        shown = [series] if second is None else [series, second.series]
        largest = max((_largest(trace) for one in shown for trace in one.angles.values()), default=0.0)
        expression = max(_largest(one.expression) for one in shown)
        place = max((_largest(trace) for one in shown for trace in one.places.values()), default=0.0)
        difference = max((_largest(trace) for trace in second.difference.values()), default=0.0) if second else 0.0
        return cls(
            times_s,
            series,
            second,
            _step(largest * 1.1, (15.0, 30.0, 45.0, 60.0, 90.0, 180.0)),
            _step(expression * 1.1, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)),
            _step(place * 1.1, (3.0, 6.0, 15.0, 30.0, 60.0, 150.0)) if series.places else 0.0,
            _step(difference * 1.1, (1.5, 3.0, 6.0, 15.0, 30.0, 45.0, 90.0, 180.0)),
        )

    @property
    def total_s(self) -> float:
        """The seconds from the first frame to the end of the last one."""
        return float(self.times_s[-1] - self.times_s[0]) + frame_s(self.times_s)


def bridged(times_s: NDArray[np.float64], success: NDArray[np.bool_], inferred: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) which rows a curve is drawn through without a measurement: skipped ones, for ``BRIDGE_S`` at most."""
    rows = np.arange(len(times_s))
    stops = success | inferred  # a frame without a face ends the curve
    before = np.maximum.accumulate(np.where(stops, rows, -1))
    after = np.minimum.accumulate(np.where(stops, rows, len(rows))[::-1])[::-1]
    inside = ~stops & (before >= 0) & (after < len(rows))
    result = np.zeros(len(rows), bool)
    k = rows[inside]
    a, b = before[k], after[k]
    result[k] = success[a] & success[b] & (times_s[b] - times_s[a] <= BRIDGE_S)
    return result


def _filled(
    times_s: NDArray[np.float64], values: NDArray[np.float32], skipped: NDArray[np.bool_]
) -> NDArray[np.float32]:
    known = np.isfinite(values)
    if not skipped.any() or not known.any():
        return values
    result = values.copy()
    result[skipped] = np.interp(times_s[skipped], times_s[known], values[known])
    return result


def frame_s(times_s: NDArray[np.float64]) -> float:
    """How long a frame is usually shown."""
    return float(np.median(np.diff(times_s[:10_000]))) if len(times_s) > 1 else 1 / 30


def _largest(trace: Trace) -> float:
    finite = [abs(value) for value in trace.extremes() if np.isfinite(value)]
    return max(finite, default=0.0)


def _step(value: float, steps: tuple[float, ...]) -> float:
    return next((step for step in steps if value <= step), steps[-1])
