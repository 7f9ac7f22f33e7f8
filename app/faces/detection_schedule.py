"""Decides in which frames the detector runs, and whether it searches the whole frame."""

from __future__ import annotations

import math

from app.faces.tracker import FaceTracker

DETECT_S = 0.09  # a followed face is looked at again after so long: in every third frame at 30 a second,
MOST_SKIPPED = 9  # or so many frames, whatever their rate
FAST = 1.5  # box sides a second; a faster face is looked at in every frame
NEWCOMERS_S = 0.5  # how often the whole frame is searched while there are fewer faces than wanted
LARGER_S = 1.0  # and while there are enough: a much larger one, or one chosen by hand, may come first


class DetectionSchedule:
    """Says of each frame whether the detector looks at it; between two looks faces are followed by the network."""

    def __init__(self, *, every_frame: bool = False) -> None:
        self.every_frame = every_frame
        self.reset()

    def reset(self) -> None:
        """Begin anew, as for another source."""
        self._looked_s = self._everywhere_s = -math.inf
        self._skipped = 0
        self._everywhere: bool | None = None

    def due(self, tracker: FaceTracker, time_s: float) -> bool:
        """Whether to look at the frame captured at ``time_s``."""
        if self.every_frame:
            return True
        if time_s < self._looked_s:  # a film that starts again
            self.reset()
        since_s = time_s - self._everywhere_s
        everywhere = since_s >= (NEWCOMERS_S if len(tracker.present) < tracker.max_faces else LARGER_S)
        if (
            everywhere
            or not tracker.can_carry
            or time_s - self._looked_s >= DETECT_S
            or self._skipped >= MOST_SKIPPED
            or tracker.fastest > FAST
        ):
            self._looked_s, self._skipped, self._everywhere = time_s, 0, everywhere
            if everywhere:
                self._everywhere_s = time_s
            return True
        self._skipped += 1
        return False

    @property
    def everywhere(self) -> bool | None:
        """Whether the look that is due is one at the whole frame; None: as the detector likes."""
        return None if self.every_frame else self._everywhere
