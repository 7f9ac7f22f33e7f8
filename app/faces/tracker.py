"""Which face is which from frame to frame, where its crop is, and who comes first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core.frames import Box, Detection
from app.faces.detector import overlap
from app.faces.smoothing import BoxFilter

__all__ = ["FaceTracker", "TrackedFace"]

KEPT_S = 0.5  # a face lost for less comes back under its number
REACH = 0.5  # how far a face may jump between two looks, in box sides,
REACH_PER_S = 4.0  # plus so much for every second between them,
REACH_MOST = 1.5  # but never further
SIZE_RATIO = 2.0  # sizes that differ by more are different faces
TAKES_OVER = 1.5  # a face must have so many times the area of the primary one to become it,
TAKES_OVER_S = 0.5  # and for so long
FOLLOWED_S = 2.0  # how long the network alone may follow a face that the detector has lost
SAME = 0.2  # overlap from which a followed face and a detected one are the same


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face with its number; numbers are never used twice."""

    face_id: int
    detection: Detection  # as the detector saw it; score 0 while only the network follows it
    box: Box  # where to crop: the steadied detection
    detected: bool = True


@dataclass(slots=True)
class _Track:
    face_id: int
    box: Box  # the last one, raw
    crop: Box
    seen_s: float
    filter: BoxFilter = field(default_factory=BoxFilter)
    missed: int = 0  # looks in a row without it
    anchor: tuple[float, float, float] | None = None  # the crop box relative to the network's centre and size
    followed: Box | None = None  # where the network says it is now


class FaceTracker:
    """Numbers the faces of successive frames; simple on purpose: nearest first, no model of motion.

    The detector looks at every frame.  Where it loses a face, the network's own result may carry
    the crop on (``follow``); a detector that looks at fewer frames can be built on the same.
    """

    def __init__(self, max_faces: int = 1) -> None:
        """``max_faces``: how many ``update`` returns at most."""
        if max_faces < 1:
            raise ValueError(f"max_faces must be at least 1, not {max_faces}")
        self._max_faces = max_faces
        self._next_id = 0
        self.reset()

    def reset(self) -> None:
        """Forget everybody; numbers go on."""
        self._tracks: list[_Track] = []
        self._primary: int | None = None
        self._challenger: tuple[int, float] | None = None  # a much larger face, and since when
        self._shown: frozenset[int] = frozenset()
        self._time_s = -math.inf

    def update(self, detections: Sequence[Detection], time_s: float) -> tuple[TrackedFace, ...]:
        """The faces of the frame captured at ``time_s``, the primary one first.

        The primary face stays so until another has been much larger for a while, or until it has
        been gone for longer than a short loss: meanwhile nobody takes its place.
        """
        if time_s < self._time_s:  # a film that starts again
            self.reset()
        step_s = time_s - self._time_s
        self._time_s = time_s
        faces = self._match(detections, time_s, step_s)
        faces += self._carried(faces, time_s)
        here = {face.face_id for face in faces}
        for track in self._tracks:
            track.missed = 0 if track.face_id in here else track.missed + 1
        self._tracks = [t for t in self._tracks if t.face_id in here or t.missed < 2 or time_s - t.seen_s <= KEPT_S]
        return self._choose(faces)

    def follow(self, face_id: int, centre: tuple[float, float], size: float, sure: bool) -> None:
        """Tell where the network found the face of the last update: its centre and size in frame pixels.

        Any point and any length that stay with the head will do, such as ``t`` and ``scale`` mapped
        to the frame.  With ``sure`` the face is kept while the detector loses it.
        """
        track = next((t for t in self._tracks if t.face_id == face_id), None)
        if track is None:
            return
        if not (sure and size > 0 and all(map(math.isfinite, (*centre, size)))):
            track.followed = None
            return
        box = track.crop
        if track.missed == 0 and track.seen_s == self._time_s:
            x, y, side = box.x + box.w / 2, box.y + box.h / 2, max(box.w, box.h)
            track.anchor = (x - centre[0]) / size, (y - centre[1]) / size, side / size
            track.followed = box
        elif track.anchor is not None:
            dx, dy, ratio = track.anchor
            side = ratio * size
            track.followed = Box(centre[0] + dx * size - side / 2, centre[1] + dy * size - side / 2, side, side)

    def _match(self, detections: Sequence[Detection], time_s: float, step_s: float) -> list[TrackedFace]:
        reach = min(REACH + REACH_PER_S * step_s, REACH_MOST)
        pairs = sorted(
            (distance, i, j)
            for i, track in enumerate(self._tracks)
            for j, detection in enumerate(detections)
            if (distance := _distance(track.followed or track.box, detection.box)) <= reach
        )
        matched: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, i, j in pairs:
            if j not in matched and i not in taken:
                matched[j] = self._tracks[i]
                taken.add(i)
        faces = []
        for j, detection in enumerate(detections):
            track = matched.get(j)
            if track is None:
                track = _Track(self._next_id, detection.box, detection.box, time_s)
                self._next_id += 1
                self._tracks.append(track)
            track.box, track.seen_s, track.followed = detection.box, time_s, None
            track.crop = track.filter.update(detection.box, time_s)
            faces.append(TrackedFace(track.face_id, detection, track.crop))
        return faces

    def _carried(self, detected: Sequence[TrackedFace], time_s: float) -> list[TrackedFace]:
        """Faces the detector lost but the network still follows."""
        faces = []
        for track in self._tracks:
            box = track.followed
            if box is None or time_s - track.seen_s > FOLLOWED_S:
                continue
            if track.seen_s == time_s or any(overlap(box, face.box) >= SAME for face in detected):
                continue
            track.box = track.crop = box
            track.followed = None  # until the network says so again
            faces.append(TrackedFace(track.face_id, Detection(box, 0.0), box, detected=False))
        return faces

    def _choose(self, faces: list[TrackedFace]) -> tuple[TrackedFace, ...]:
        # Those shown before get a bonus, so that two faces of one size don't alternate.
        faces.sort(key=lambda f: _area(f.box) * (TAKES_OVER if f.face_id in self._shown else 1), reverse=True)
        primary = self._elect(faces)
        room = self._max_faces
        if primary is not None:
            faces = [primary, *(face for face in faces if face is not primary)]
        elif self._primary is not None:
            room -= 1  # its place is kept
        chosen = tuple(faces[:room])
        self._shown = frozenset(face.face_id for face in chosen)
        return chosen

    def _elect(self, faces: Sequence[TrackedFace]) -> TrackedFace | None:
        """The primary face; None when there is none, or when it is missing for a moment."""
        if all(track.face_id != self._primary for track in self._tracks):
            self._primary = None
        primary = next((face for face in faces if face.face_id == self._primary), None)
        largest = max(faces, key=lambda f: _area(f.box), default=None)
        if largest is None:
            return None
        if self._primary is not None:
            if primary is None or _area(largest.box) <= TAKES_OVER * _area(primary.box):
                self._challenger = None
                return primary
            if self._challenger is None or self._challenger[0] != largest.face_id:
                self._challenger = largest.face_id, self._time_s
            if self._time_s - self._challenger[1] < TAKES_OVER_S:
                return primary
        self._challenger = None
        self._primary = largest.face_id
        return largest


def _area(box: Box) -> float:
    return box.w * box.h


def _distance(a: Box, b: Box) -> float:
    """Between centres, in box sides; infinite for faces of different size."""
    side_a, side_b = max(a.w, a.h), max(b.w, b.h)
    if side_a > SIZE_RATIO * side_b or side_b > SIZE_RATIO * side_a:
        return math.inf
    return math.hypot(a.x + a.w / 2 - b.x - b.w / 2, a.y + a.h / 2 - b.y - b.h / 2) / ((side_a + side_b) / 2)
