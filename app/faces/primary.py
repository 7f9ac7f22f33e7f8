"""Chooses the primary face, and the faces to measure where there are more than the limit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from app.core.frames import Box

TAKES_OVER = 1.5  # a face must have so many times the area of the primary one to become it,
TAKES_OVER_S = 0.5  # and for so long


class Primary:
    """The primary face stays so while it is there.

    Somebody who chose it by hand wants it whatever its size; otherwise it is the largest, and
    another must be much larger for a while to replace it.
    """

    def __init__(self) -> None:
        self.face_id: int | None = None
        self.by_hand = False
        self._challenger: tuple[int, float] | None = None  # a much larger face, and since when
        self._shown: frozenset[int] = frozenset()

    def take(self, face_id: int) -> None:
        """Chosen by hand."""
        self.face_id, self.by_hand, self._challenger = face_id, True, None

    def release(self) -> None:
        """The largest again, as if nobody had chosen."""
        self.by_hand = False

    def renumber_shown(self, numbers: Mapping[int, int]) -> None:
        """Faces that were shown turned out to be others than was thought."""
        self._shown = frozenset(numbers.get(face_id, face_id) for face_id in self._shown)

    def choose(
        self, here: Sequence[tuple[int, Box]], kept: Collection[int], room: int, time_s: float
    ) -> tuple[int, ...]:
        """The numbers of at most ``room`` faces of those ``here``, the primary one first.

        ``kept`` are the faces whose place is kept although they may be missing for a moment: while
        the primary one is missing so, nobody takes its place.
        """
        # Those shown before get a bonus, so that two faces of one size don't alternate.
        ranked = sorted(here, key=lambda f: _area(f[1]) * (TAKES_OVER if f[0] in self._shown else 1), reverse=True)
        primary = self._choose(ranked, kept, time_s)
        order = [face_id for face_id, _ in ranked]
        if primary is not None:
            order = [primary, *(face_id for face_id in order if face_id != primary)]
        elif self.face_id is not None:
            room -= 1
        chosen = tuple(order[:room])
        self._shown = frozenset(chosen)
        return chosen

    def _choose(self, here: Sequence[tuple[int, Box]], kept: Collection[int], time_s: float) -> int | None:
        """The primary face; None when there is none, or when it is missing for a moment."""
        if self.face_id not in kept:
            self.face_id, self.by_hand = None, False
        areas = {face_id: _area(box) for face_id, box in here}
        largest = max(areas, key=lambda face_id: areas[face_id], default=None)
        if largest is None:
            return None
        if self.face_id is not None:
            own = areas.get(self.face_id, math.inf)
            if self.by_hand or areas[largest] <= TAKES_OVER * own:
                self._challenger = None
                return self.face_id if self.face_id in areas else None
            if self._challenger is None or self._challenger[0] != largest:
                self._challenger = largest, time_s
            if time_s - self._challenger[1] < TAKES_OVER_S:
                return self.face_id
        self._challenger = None
        self.face_id, self.by_hand = largest, False
        return largest


def _area(box: Box) -> float:
    return box.w * box.h
