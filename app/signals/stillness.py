"""A head that holds still for a while: what automatic recentring and the neutral expression wait for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.frames import Floats
from app.core.one_euro import PAUSE_S

STILL_DEG = 2.0  # from the mean pose; a quiet face trembles by 0.2 to 0.4 degrees, a nod is 3 and more


class StillWatch:
    """Keeps the latest samples of one face that all lie within ``STILL_DEG`` of their mean pose."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._samples: deque[tuple[float, int, Floats, NDArray[np.float64]]] = deque()

    def add(self, time_s: float, face_id: int, rotation: Floats, moved: NDArray[np.float64]) -> None:
        """A measured pose (3, 3) and the expression's displacements in the head frame (K, 3)."""
        if self._samples:
            last_s, last_id, _, last = self._samples[-1]
            if not 0 < time_s - last_s <= PAUSE_S or last_id != face_id or last.shape != moved.shape:
                self._samples.clear()
        self._samples.append((time_s, face_id, rotation, moved))
        # One sample more than is held: the time between the first and the last is then at least that long.
        while len(self._samples) > 2 and time_s - self._samples[1][0] >= self._hold_s:
            self._samples.popleft()
        while len(self._samples) > 1 and self._spread_deg() > STILL_DEG:
            self._samples.popleft()

    def clear(self) -> None:
        """The face is gone."""
        self._samples.clear()

    @property
    def progress(self) -> float:
        """The share of the time for which it has been still, 0 to 1."""
        if not self._samples:
            return 0.0
        return min(1.0, (self._samples[-1][0] - self._samples[0][0]) / self._hold_s)

    @property
    def face_id(self) -> int | None:
        """The face of the samples; None without samples."""
        return self._samples[-1][1] if self._samples else None

    @property
    def rotation(self) -> Floats:
        """The mean pose of the samples, of which there must be one."""
        return mean_rotation([rotation for _, _, rotation, _ in self._samples])

    @property
    def moved(self) -> Floats:
        """The mean displacements, (K, 3)."""
        return np.asarray(np.mean([moved for _, _, _, moved in self._samples], axis=0), np.float32)

    def __len__(self) -> int:
        return len(self._samples)

    def _spread_deg(self) -> float:
        rotations = np.array([rotation for _, _, rotation, _ in self._samples], np.float64)
        chords = np.linalg.norm(rotations - mean_rotation(list(rotations)), axis=(1, 2))  # 2 sqrt 2 sin(angle / 2)
        return float(np.rad2deg(2 * np.arcsin(min(1.0, chords.max() / (2 * 2**0.5)))))


def mean_rotation(rotations: Sequence[NDArray[np.floating[Any]]]) -> Floats:
    """The rotation nearest to the arithmetic mean: the chordal mean (Hartley et al. 2013, IJCV 103)."""
    u, _, vt = np.linalg.svd(np.mean(rotations, axis=0, dtype=np.float64))
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt, np.float32)
