"""Follows faces from frame to frame: their numbers, their crops, and the selection of those to measure."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.frames import Box, Detection
from app.faces.detector import overlap
from app.faces.identity import Shape, ShapeVariance
from app.faces.matching import (
    REACH_AGAIN,
    RETURNS_S,
    Ambiguity,
    LostFace,
    Person,
    Track,
    cost_of,
    match,
    match_by_shape,
)
from app.faces.motion_model import MotionModel, centre, side
from app.faces.primary import Primary
from app.faces.smoothing import BoxFilter

HIDDEN_S = 1.5  # and one lost behind another face, if no more than this
BEHIND = 1.2  # box sides between their places
FORGOTTEN_S = 2.0  # a face lost for less comes back under its number if its shape is the same; then nothing is left
CONTESTED = 1.0  # box sides; nobody's shape is learnt while somebody else is so near
CERTAIN = 0.75  # a detector's score that a picture without a face hardly ever gets
PLAUSIBLE_LOOKS = 2  # a face with less must look like one to the network so often in a row
MAX_IMPLAUSIBLE = 3  # after so many looks that say otherwise the network is not asked again
RESTS_S = 0.5  # for so long
TRACKED_S = 2.0  # how long the network alone may follow a face that the detector has lost
SAME = 0.2  # overlap from which a followed face and a detected one are the same
PICKED = 0.25  # a click may miss a box by so many of its sides


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face with its number; numbers are never used twice."""

    face_id: int
    detection: Detection  # as the detector saw it; score 0 while only the network follows it
    box: Box  # where to crop: the steadied detection
    detected: bool = True  # False: carried on from the network's result of the frame before


@dataclass(frozen=True, slots=True)
class Observation:
    """The network's result for a face that ``update`` or ``carry`` returned."""

    face_id: int
    centre: tuple[float, float]  # any point that stays with the head, in frame pixels
    size: float  # any length that stays with the head, in frame pixels
    sure: bool  # the network may carry the crop on
    plausible: bool = True  # it may be a face at all
    shape: Shape | None = None


class FaceTracker:
    """Numbers the faces of successive frames.

    Boxes are assigned by place, motion and size first, for the network has not seen them yet.  Where
    that leaves more than one possibility, the shapes that the network reports (``learn``) may say
    otherwise: faces that cross, or that come back after something has hidden them.
    """

    def __init__(self, max_faces: int = 1, *, stills: bool = False) -> None:
        """``max_faces``: how many are returned at most; may be changed at any time.

        ``stills``: a picture is all there is, so a face in doubt is believed at the first look or never.
        """
        self.max_faces = max_faces
        self._plausible_looks = 1 if stills else PLAUSIBLE_LOOKS
        self._next_id = 0
        self._variance = ShapeVariance()
        self.reset()

    @property
    def max_faces(self) -> int:
        """The most faces measured at once, at least 1."""
        return self._max_faces

    @max_faces.setter
    def max_faces(self, value: int) -> None:
        if value < 1:
            raise ValueError(f"max_faces must be at least 1, not {value}")
        self._max_faces = value

    def reset(self) -> None:
        """Forget everybody; numbers go on."""
        self._tracks: list[Track] = []
        self._gone: list[LostFace] = []
        self._primary = Primary()
        self._shown: tuple[int, ...] = ()  # numbers of the faces last returned
        self._ambiguity: Ambiguity | None = None
        self._picked = False  # since the last look
        self._time_s = -math.inf

    # ------------------------------------------------------------------ from frame to frame

    def update(self, detections: Sequence[Detection], time_s: float) -> tuple[TrackedFace, ...]:
        """The faces of the frame captured at ``time_s``, in which the detector has looked, the primary one first.

        The primary face stays so until another has been much larger for a while, or until it has
        been gone for longer than a short loss: meanwhile nobody takes its place.
        """
        self._advance(time_s)
        faces = self._match(detections, time_s)
        faces += self._lost_but_followed(faces, time_s)
        here = {face.face_id for face in faces}
        for track in self._tracks:
            track.missed = 0 if track.person.face_id in here else track.missed + 1
        self._drop_lost_tracks(here, time_s)
        self._picked = False
        return self._choose(faces)

    def carry(self, time_s: float) -> tuple[TrackedFace, ...]:
        """The faces of a frame in which the detector has not looked: where the network's last results put them."""
        self._advance(time_s)
        faces = []
        for track in self._tracks:
            if track.followed is None or track.person.face_id not in self._shown:
                continue
            # The network said where it was in the frame before; a crop a frame late in two of three frames trembles.
            box = _moved(track.followed, track.motion.velocity, time_s - track.placed_s)
            track.motion.observe(box, time_s)
            track.crop = track.filter.update(box, time_s)
            track.placed_s, track.followed = time_s, None  # until the network says so again
            detection = Detection(track.crop, track.detection.score)
            faces.append(TrackedFace(track.person.face_id, detection, track.crop, detected=False))
        return tuple(sorted(faces, key=lambda face: self._shown.index(face.face_id)))

    def learn(self, observations: Sequence[Observation]) -> dict[int, int | None]:
        """Take the network's word on the faces last returned.

        Returns for each of their numbers the one it has now: another where shapes say that faces have
        been mistaken for each other, None where it does not look like a face.
        """
        tracks = {track.person.face_id: track for track in self._tracks}
        seen = [(tracks[given.face_id], given) for given in observations if given.face_id in tracks]
        self._answer([(track, given.shape) for track, given in seen if given.shape is not None])
        numbers: dict[int, int | None] = {}
        for track, given in seen:
            numbers[given.face_id] = track.person.face_id if self._believed(track, given) else None
            self._predict_from_network(track, given)
            if given.sure and given.shape is not None and track.person.trusted and not self._contested(track):
                track.person.memory.learn(given.shape, self._variance)
        return numbers

    # ------------------------------------------------------------------ for whoever decides when to look

    def expected(self, time_s: float) -> tuple[Box, ...]:
        """The expected boxes of the known faces at ``time_s``."""
        return tuple(track.motion.predict(time_s) for track in self._tracks)

    @property
    def can_carry(self) -> bool:
        """Whether the network has said of each face last returned where it is now, and they are those wanted."""
        if self._picked:
            return False
        shown = [track for track in self._tracks if track.person.face_id in self._shown]
        return len(shown) == len(self._shown) > 0 and all(t.followed is not None and t.person.trusted for t in shown)

    @property
    def fastest(self) -> float:
        """Box sides a second of the fastest face last returned; 0 without any."""
        shown = (track for track in self._tracks if track.person.face_id in self._shown)
        return max((track.motion.speed for track in shown), default=0.0)

    @property
    def present(self) -> tuple[int, ...]:
        """The numbers of all the faces there are, whether returned or not."""
        return tuple(t.person.face_id for t in self._tracks if t.missed == 0 and t.person.trusted)

    @property
    def further(self) -> tuple[Box, ...]:
        """Faces that are there but were not returned, for there are more than wanted."""
        return tuple(
            track.motion.predict(self._time_s)
            for track in self._tracks
            if track.missed == 0 and track.person.trusted and track.person.face_id not in self._shown
        )

    # ------------------------------------------------------------------ who comes first

    @property
    def primary(self) -> int | None:
        """The number of the primary face, which may be missing for a moment."""
        return self._primary.face_id

    def pick(self, x: float, y: float) -> int | None:
        """Make the face at this place, in frame pixels, the primary one; None where there is none."""
        there = ((track, track.motion.predict(self._time_s)) for track in self._tracks if track.missed == 0)
        near = [(math.dist((x, y), centre(box)), t.person.face_id) for t, box in there if _within(box, x, y)]
        return self._pick(min(near)[1]) if near else None

    def pick_next(self) -> int | None:
        """Make the face with the next number the primary one; None where there is no other."""
        numbers = sorted(self.present)
        primary = self._primary.face_id
        later = [number for number in numbers if primary is None or number > primary]
        following = next(iter(later or numbers), primary)
        return None if following is None or following == primary else self._pick(following)

    def _pick(self, face_id: int) -> int:
        self._primary.take(face_id)
        self._picked = True
        return face_id

    # ------------------------------------------------------------------ inside

    def _advance(self, time_s: float) -> None:
        if time_s < self._time_s:  # a film that starts again
            self.reset()
        self._time_s = time_s
        self._ambiguity = None

    def _match(self, detections: Sequence[Detection], time_s: float) -> list[TrackedFace]:
        before = list(self._tracks)
        costs, made = match(before, detections, time_s)
        self._gone = [gone for gone in self._gone if time_s - gone.seen_s <= FORGOTTEN_S]
        # One face that was there and still is leaves nothing ambiguous.
        ambiguous = bool(detections and (self._gone or len(before) > 1 or (before and len(detections) > 1)))
        motions = tuple(copy.copy(track.motion) for track in before) if ambiguous else ()
        seen_s = tuple(track.seen_s for track in before)
        owner = {j: before[i] for i, j in enumerate(made) if j is not None}
        tracks = [self._place(owner.get(j), found, time_s) for j, found in enumerate(detections)]
        if ambiguous:
            again = [[cost_of(g.motion.predict(time_s), f.box, REACH_AGAIN) for f in detections] for g in self._gone]
            lost = len(self._gone)
            self._ambiguity = Ambiguity(
                people=(*(track.person for track in before), *(gone.person for gone in self._gone)),
                motions=(*motions, *(gone.motion for gone in self._gone)),
                seen_s=(*seen_s, *(gone.seen_s for gone in self._gone)),
                continuous=(*(track.missed == 0 for track in before), *[False] * lost),
                gone=(*[False] * len(before), *[True] * lost),
                tracks=tuple(tracks),
                costs=tuple(map(tuple, costs + again)),
                made=(*made, *[None] * lost),
            )
        return [TrackedFace(track.person.face_id, track.detection, track.crop) for track in tracks]

    def _place(self, track: Track | None, found: Detection, time_s: float) -> Track:
        """The track, or a new one, where the detector has found its face."""
        if track is None:
            track = Track(self._new_person(), found, found.box, time_s, time_s, MotionModel(found.box, time_s))
            self._tracks.append(track)
        track.detection, track.seen_s, track.placed_s, track.followed = found, time_s, time_s, None
        track.person.trusted |= found.score >= CERTAIN
        track.motion.observe(found.box, time_s)
        track.crop = track.filter.update(found.box, time_s)
        return track

    def _new_person(self) -> Person:
        self._next_id += 1
        return Person(self._next_id - 1)

    def _lost_but_followed(self, detected: Sequence[TrackedFace], time_s: float) -> list[TrackedFace]:
        """Faces the detector lost but the network still follows."""
        faces = []
        for track in self._tracks:
            box = track.followed
            if box is None or track.seen_s == time_s or time_s - track.seen_s > TRACKED_S:
                continue
            if any(overlap(box, face.box) >= SAME for face in detected):
                continue
            track.crop = box
            track.motion.observe(box, time_s)
            track.placed_s, track.followed = time_s, None  # until the network says so again
            faces.append(TrackedFace(track.person.face_id, Detection(box, 0.0), box, detected=False))
        return faces

    def _drop_lost_tracks(self, here: set[int], time_s: float) -> None:
        kept = []
        for track in self._tracks:
            patience_s = HIDDEN_S if self._is_behind(track, here) else RETURNS_S
            if track.person.face_id in here or track.missed < 2 or time_s - track.seen_s <= patience_s:
                kept.append(track)
            elif track.person.memory.known:
                self._gone.append(LostFace(track.person, track.motion, track.seen_s))
        self._tracks = kept

    def _is_behind(self, track: Track, here: set[int]) -> bool:
        """Whether a face that is there may hide this one."""
        place, near = centre(track.motion.predict(self._time_s)), BEHIND * side(track.crop)
        there = (other for other in self._tracks if other is not track and other.person.face_id in here)
        return any(math.dist(place, centre(other.crop)) < near for other in there)

    def _choose(self, faces: Sequence[TrackedFace]) -> tuple[TrackedFace, ...]:
        trusted = {t.person.face_id for t in self._tracks if t.person.trusted}
        resting = {t.person.face_id for t in self._tracks if t.rests_until_s > self._time_s}
        by_number = {face.face_id: face for face in faces}
        here = [(face.face_id, face.box) for face in faces if face.face_id in trusted]
        chosen = self._primary.choose(here, trusted, self._max_faces, self._time_s)
        # What may be no face at all stands back behind those that are.
        room = self._max_faces - max(len(chosen), self._primary.face_id is not None)
        doubtful = [face for face in faces if face.face_id not in trusted | resting]
        doubtful.sort(key=lambda face: face.box.w * face.box.h, reverse=True)
        self._shown = (*chosen, *(face.face_id for face in doubtful[:room]))
        return tuple(by_number[number] for number in self._shown)

    def _answer(self, shapes: Sequence[tuple[Track, Shape]]) -> None:
        """Give the last look's boxes to other people where shapes make that more likely."""
        ambiguity, self._ambiguity = self._ambiguity, None
        if ambiguity is None or not shapes:
            return
        columns = {id(track): j for j, track in enumerate(ambiguity.tracks)}
        by_column = {columns[id(track)]: shape for track, shape in shapes if id(track) in columns}
        decided = match_by_shape(ambiguity, by_column, self._variance)
        if decided == list(ambiguity.made):
            return
        numbers: dict[int, int] = {}
        owner = {j: i for i, j in enumerate(decided) if j is not None}
        known = {id(person) for person in ambiguity.people}
        for j, track in enumerate(ambiguity.tracks):
            before, i = track.person, owner.get(j)
            if i is not None:
                if ambiguity.people[i] is before:
                    continue
                track.person, track.motion = ambiguity.people[i], copy.copy(ambiguity.motions[i])
                track.motion.observe(track.detection.box, self._time_s)
            elif id(before) in known:  # taken for somebody who is elsewhere
                track.person, track.motion = self._new_person(), MotionModel(track.detection.box, self._time_s)
            track.person.trusted |= track.detection.score >= CERTAIN
            numbers[before.face_id] = track.person.face_id
        seen = {id(track) for track in ambiguity.tracks}
        there = {id(track.person) for track in ambiguity.tracks}
        self._tracks = [t for t in self._tracks if id(t) in seen or id(t.person) not in there]
        for i, person in enumerate(ambiguity.people):
            if decided[i] is None and ambiguity.made[i] is not None:
                self._hide(person, ambiguity.motions[i], ambiguity.seen_s[i], ambiguity.tracks[ambiguity.made[i] or 0])
        self._gone = [gone for gone in self._gone if id(gone.person) not in there]
        self._shown = tuple(numbers.get(number, number) for number in self._shown)
        self._primary.renumber_shown(numbers)

    def _hide(self, person: Person, motion: MotionModel, seen_s: float, mistaken: Track) -> None:
        """Somebody was taken for a face that is another's: they have not been seen in this look."""
        box = motion.predict(self._time_s)
        track = Track(person, mistaken.detection, box, seen_s, seen_s, copy.copy(motion), BoxFilter(), missed=1)
        self._tracks.append(track)

    def _believed(self, track: Track, given: Observation) -> bool:
        """Whether it is a face, as far as can be told by now."""
        if track.person.trusted:
            return True
        if not given.plausible:
            track.plausible, track.implausible = 0, track.implausible + 1
            if track.implausible >= MAX_IMPLAUSIBLE:
                track.implausible, track.rests_until_s = 0, self._time_s + RESTS_S
            return False
        track.plausible, track.implausible = track.plausible + 1, 0
        track.person.trusted = track.plausible >= self._plausible_looks
        return track.person.trusted

    def _predict_from_network(self, track: Track, given: Observation) -> None:
        """Keep where the network found the face, for when the detector loses it or does not look."""
        (x, y), size = given.centre, given.size
        if not (given.sure and size > 0 and all(map(math.isfinite, (x, y, size)))):
            track.followed = None
        elif track.seen_s == self._time_s:
            cx, cy = centre(track.crop)
            track.anchor = (cx - x) / size, (cy - y) / size, side(track.crop) / size
            track.followed = track.crop
        elif track.anchor is not None:
            dx, dy, ratio = track.anchor
            length = ratio * size
            track.followed = Box(x + dx * size - length / 2, y + dy * size - length / 2, length, length)

    def _contested(self, track: Track) -> bool:
        place, near = centre(track.crop), CONTESTED * side(track.crop)
        others = (other.motion.predict(self._time_s) for other in self._tracks if other is not track)
        return any(math.dist(place, centre(box)) < near for box in others)


def _moved(box: Box, velocity: tuple[float, float], step_s: float) -> Box:
    return Box(box.x + velocity[0] * step_s, box.y + velocity[1] * step_s, box.w, box.h)


def _within(box: Box, x: float, y: float) -> bool:
    margin = PICKED * side(box)
    return box.x - margin <= x <= box.x + box.w + margin and box.y - margin <= y <= box.y + box.h + margin
