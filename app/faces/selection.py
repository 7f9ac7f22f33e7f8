"""How many faces are measured and which is the primary one, handed to the thread that follows them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.core.limits import MOST_FACES
from app.faces.tracker import FaceTracker


class FaceSelection:
    """Any thread may ask; the thread that owns the tracker calls ``apply`` before each frame."""

    def __init__(self, max_faces: int = 1) -> None:
        self._lock = threading.Lock()
        self._picks: list[Callable[[FaceTracker], object]] = []
        self.set_max_faces(max_faces)

    def set_max_faces(self, count: int) -> None:
        """Measure at most so many faces; raises ValueError unless it is 1 to ``MOST_FACES``."""
        if not 1 <= count <= MOST_FACES:
            raise ValueError(f"the number of faces must be 1 to {MOST_FACES}, not {count}")
        self.max_faces = count

    def pick(self, x: float, y: float) -> None:
        """Make the face at this place, in frame pixels, the primary one."""
        with self._lock:
            self._picks.append(lambda tracker: tracker.pick(x, y))

    def pick_next(self) -> None:
        """Make the next face the primary one."""
        with self._lock:
            self._picks.append(lambda tracker: tracker.pick_next())

    def apply(self, tracker: FaceTracker) -> None:
        """Pass what was asked for since the last frame to the tracker, on its thread."""
        tracker.max_faces = self.max_faces
        if not self._picks:
            return
        with self._lock:
            picks, self._picks = self._picks, []
        for pick in picks:
            pick(tracker)

    def forget(self) -> None:
        """Drop the choices made for another source; the limit stays."""
        with self._lock:
            self._picks.clear()
