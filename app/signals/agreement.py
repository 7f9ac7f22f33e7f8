"""How far two networks that measure the same face are apart: mean and standard deviation over some seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.signals.history import COLUMNS, of_newest_face
from extractor.types import Angles

_COLUMNS = [COLUMNS.index(f"difference_{name}_deg") for name in ("pitch", "yaw", "roll", "angle")]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Second minus first in degrees, over ``count`` frames that both measured; SDs are NaN below two."""

    count: int
    mean: Angles
    sd: Angles  # with n - 1
    angle_mean_deg: float  # of the rotation between the two, 0 to 180
    angle_sd_deg: float


def agreement(rows: NDArray[np.float64], since_s: float = -np.inf) -> Agreement:
    """Compare the newest face in these rows of ``History``, (n, len(COLUMNS)), captured at ``since_s`` or later."""
    values = of_newest_face(rows[rows[:, 0] >= since_s])[:, _COLUMNS]
    values = values[np.isfinite(values).all(axis=1)]
    nothing = np.full(4, np.nan)
    mean = values.mean(axis=0) if len(values) else nothing
    sd = values.std(axis=0, ddof=1) if len(values) > 1 else nothing
    return Agreement(len(values), Angles(*mean[:3].tolist()), Angles(*sd[:3].tolist()), float(mean[3]), float(sd[3]))
