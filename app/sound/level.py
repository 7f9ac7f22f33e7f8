"""How loud it is."""

from __future__ import annotations

import math

import numpy as np

from app.core.sound import Samples

SILENCE_DB = -96.0  # 16 bits hold no less
FALL_DB_PER_S = 30.0  # of the meter after a peak, about as fast as one can read


class Level:
    """The peak of the last moments in decibels below full scale; one thread adds, any thread reads."""

    def __init__(self) -> None:
        self.peak_db = SILENCE_DB

    def add(self, samples: Samples, rate: int) -> None:
        """Take in a block of samples, ``rate`` a second."""
        peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
        now_db = 20 * math.log10(peak / 32768) if peak else SILENCE_DB
        fallen_db = self.peak_db - FALL_DB_PER_S * len(samples) / rate
        self.peak_db = max(SILENCE_DB, now_db, fallen_db)
