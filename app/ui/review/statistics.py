"""What the numbers of a stretch of a session come to.  No Qt: numpy in, a frozen record out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.session.table import Missing
from app.signals.gestures import NOD, SHAKE, find_gestures

DIRECTIONS = ("left", "right", "up", "down", "centre")
CENTRE_DEG = 12.0
"""A head is turned when its nose points further than this from the camera's axis, if that were level; else it is at the
centre."""

LONGEST_S = 1.0
"""How long a frame counts at most: a gap in the recording is no time in which something was seen."""


SPREADS = (
    ("pitch", "deg", 3), ("yaw", "deg", 3), ("roll", "deg", 3), ("expression", "", 5), ("x", "cm", 2), ("y", "cm", 2),
    ("distance", "cm", 2),
)  # fmt: skip
"""Numbers that have a mean, their units and decimals in the copied text."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Over the measured frames; NaN without any.  ``sd`` is the sample's, with n - 1."""

    mean: float
    sd: float
    low: float
    high: float

    @property
    def range(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Statistics:
    """Seconds count measured frames only; see ``statistics``."""

    frames: int
    measured: int
    duration_s: float
    spreads: dict[str, Spread]  # of each of SPREADS; a place's is over the frames whose position is known
    seconds: dict[str, float]  # of each of DIRECTIONS
    nods: int
    shakes: int
    left_out: int  # measured frames that don't count, for their quality is low
    missing: tuple[tuple[str, int], ...]  # frames without a pose: the reason's word, and how many; none with 0

    @property
    def share_measured(self) -> float:
        return self.measured / self.frames if self.frames else float("nan")

    @property
    def measured_s(self) -> float:
        return sum(self.seconds.values())


def statistics(
    times_s: NDArray[np.float64],
    success: NDArray[np.bool_],
    angles_deg: NDArray[np.float32],
    exp_magnitude: NDArray[np.float32],
    missing: NDArray[np.int8],
    frame_s: float,
    left_out: NDArray[np.bool_] | None = None,
    places_cm: NDArray[np.float32] | None = None,
) -> Statistics:
    """Count n rows: times, whether measured, (n, 3) pitch, yaw, roll, expression magnitude, and numbers of ``Missing``.

    A measured frame counts until the next one that was looked at to the end, at most ``LONGEST_S``: frames
    that were skipped while it was busy tell nothing about the head.  The last one counts ``frame_s``.
    Frames of ``left_out`` (n,) were looked at, but their numbers don't count.
    ``places_cm`` (n, 3): x, y and distance, NaN where nobody knows; None: nowhere.
    Nods and shakes are found by ``app.signals.gestures``.
    """
    n = len(times_s)
    measured = success & np.isfinite(angles_deg).all(axis=1)
    known = measured if left_out is None else measured & ~left_out
    seen = measured | np.isin(missing, (Missing.NO_FACE, Missing.UNTRAINED))
    end_s = float(times_s[-1]) + frame_s if n else 0.0
    shown_s = np.zeros(n)
    shown_s[seen] = np.minimum(np.diff(times_s[seen], append=end_s), LONGEST_S)
    pitch, yaw, roll = (angles_deg[known, k].astype(np.float64) for k in range(3))
    places = np.full((n, 3), np.nan) if places_cm is None else places_cm.astype(np.float64)
    x, y, distance = places[known & np.isfinite(places).all(axis=1)].T
    values = (pitch, yaw, roll, exp_magnitude[known].astype(np.float64), x, y, distance)
    where = directions(pitch, yaw)
    gestures = [gesture.kind for gesture in find_gestures(times_s[known], pitch, yaw)]
    return Statistics(
        frames=n,
        measured=int(known.sum()),
        duration_s=end_s - float(times_s[0]) if n else 0.0,
        spreads={name: _spread(each) for (name, _, _), each in zip(SPREADS, values, strict=True)},
        seconds={name: float(shown_s[known][where == k].sum()) for k, name in enumerate(DIRECTIONS)},
        nods=gestures.count(NOD),
        shakes=gestures.count(SHAKE),
        left_out=int(measured.sum() - known.sum()),
        missing=tuple((why.word, count) for why in Missing if why and (count := int((missing == why).sum()))),
    )


def directions(pitch_deg: NDArray[np.float64], yaw_deg: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place in DIRECTIONS, (n,), of each pose; left and right as seen in the picture.

    Within ``CENTRE_DEG`` of the camera's axis it is the centre, else the side to which the nose
    points most: yaw + turns it to the picture's left, pitch + down.
    """
    sideways = np.where(yaw_deg > 0, 0, 1)
    upright = np.where(pitch_deg < 0, 2, 3)
    turned = np.where(np.abs(yaw_deg) >= np.abs(pitch_deg), sideways, upright)
    result: NDArray[np.int64] = np.where(np.hypot(pitch_deg, yaw_deg) <= CENTRE_DEG, 4, turned)
    return result


def _spread(values: NDArray[np.float64]) -> Spread:
    if not len(values):
        return Spread(*[float("nan")] * 4)
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Spread(float(values.mean()), sd, float(values.min()), float(values.max()))


def as_text(stats: Statistics, title: str) -> str:
    """Tab-separated lines, for a spreadsheet or a mail."""
    lines = [
        title,
        f"frames\t{stats.frames}",
        f"measured frames\t{stats.measured}",
        f"share measured\t{stats.share_measured:.4f}",
        *([f"left out for low quality\t{stats.left_out}"] if stats.left_out else []),
        *(f"frames without a pose: {word}\t{count}" for word, count in stats.missing),
        f"duration (s)\t{stats.duration_s:.3f}",
        "\tmean\tSD\tmin\tmax\trange",
    ]
    for name, unit, digits in SPREADS:
        spread = stats.spreads[name]
        numbers = (spread.mean, spread.sd, spread.low, spread.high, spread.range)
        lines.append(
            f"{name}{unit and f' ({unit})'}\t" + "\t".join(f"{v:.{digits}f}" if np.isfinite(v) else "" for v in numbers)
        )
    lines += [f"{name} (s)\t{stats.seconds[name]:.3f}" for name in DIRECTIONS]
    lines += [f"nods\t{stats.nods}", f"shakes\t{stats.shakes}"]
    return "\n".join(lines) + "\n"
