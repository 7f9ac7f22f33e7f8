"""``covered.mp4``: the recorded video to be shown to others, with nobody to be recognised in it.

What was measured stands on a plain disc in the place of each head: a mask that moves as the face
did.  Everything else is blurred so coarsely that no face is left in it, for a table knows only the
faces that were measured: with ``--faces 1`` a second person is in no row.  Where no face was found
the head is somewhere unknown.  Between two places that are ``HOLD_S`` apart at most both stay
covered, with a margin; otherwise the whole picture is.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.drawing import draw_notice
from app.core.errors import SessionError
from app.core.frames import Image
from app.session.exporters.annotated import draw_faces, write_video
from app.session.exporters.base import Exporter, Progress, faces_of_frames
from app.session.session import Session
from app.session.table import Table

HOLD_S = 0.5  # between two frames with a face: as long as a blink or a skipped frame, not as long as a turn away
RADIUS = 1.075  # of the disc, in face boxes' longer sides: half the square that the network sees, which holds the head
MARGIN = 0.35  # more of it where the place isn't measured but held
ROWS = 8  # of the coarse picture: a face half as high has four; people know friends by ten, detectors find some in five
COVER = (44, 41, 38)  # blue, green, red
NOTHING_FOUND = "no face found: covered"

Place = tuple[float, float, float]
"""A disc: x and y of its centre, radius; pixels."""
Faces = list[tuple[Table, int]]


class CoveredVideo(Exporter):
    """As ``annotated.mp4``, which has the pictures; of these, only blurred surroundings are left, and no sound."""

    name = "covered"
    label = "Annotated video, faces covered"
    file = "covered.mp4"

    def remark(self, session: Session) -> str:
        """Where there is something to be told."""
        if session.sound is None:
            return ""
        return "The covered video has no sound: a voice tells who speaks. The annotated video has it."

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        header = session.manifest.header
        frames = list(faces_of_frames(session))
        covers = covered_places(session.table.timestamp_s, frames)
        if session.video is not None and len(frames) and not any(covers):
            raise SessionError(
                f"No face was measured in {session.folder}, so every picture would be covered: nothing was exported."
            )
        remaining = iter(zip(frames, covers, strict=True))

        def painted(image: Image) -> Image:
            faces, places = next(remaining)
            image = hidden(image, places)
            if not places:
                draw_notice(image, NOTHING_FOUND)
            draw_faces(image, faces, header.keypoint_names, header.camera_tilt)  # no names: nobody is recognised
            return image

        write_video(session, folder / self.file, painted, progress)


def covered_places(times_s: NDArray[np.float64], frames: list[Faces]) -> list[list[Place]]:
    """For each frame, at ``times_s`` (N,), the discs over the heads; none: the whole picture must be covered."""
    tracks: dict[int, list[tuple[int, Place]]] = {}  # by face: the frames that it was measured in, and where
    for k, faces in enumerate(frames):
        for table, row in faces:
            place = _place(table.box[row])
            if place is not None:
                tracks.setdefault(int(table.face_id[row]), []).append((k, place))
    covers: list[list[Place]] = [[] for _ in frames]
    measured = [False] * len(frames)
    for track in tracks.values():
        for k, place in track:
            covers[k].append(place)
            measured[k] = True
    # Faces are told apart by their numbers, which change when one is lost; so what holds a gap is any face's place.
    known = [k for k, any_face in enumerate(measured) if any_face]
    for before, after in itertools.pairwise(known):
        if after - before > 1 and times_s[after] - times_s[before] <= HOLD_S:
            held = [_grown(place) for place in (*covers[before], *covers[after])]
            for k in range(before + 1, after):
                covers[k] = held
    # And a face that is missing in some frames, while others are there.
    for track in tracks.values():
        for (before, first), (after, second) in itertools.pairwise(track):
            if times_s[after] - times_s[before] <= HOLD_S:
                for k in range(before + 1, after):
                    if measured[k]:
                        covers[k] = [*covers[k], _grown(first), _grown(second)]
    return covers


def hidden(image: Image, places: list[Place]) -> Image:
    """A new picture: the discs plain, the rest coarse; all plain where there is no disc."""
    if not places:
        return np.full_like(image, COVER)
    height, width = image.shape[:2]
    for place in places:  # before it is made coarse: nothing of a head is smeared over the disc's edge
        _cover(image, place)
    rows = min(ROWS, height)
    size = (max(1, round(width * rows / height)), rows)
    # From one value for each cell, so what is finer than a cell is gone, not only hard to see.
    coarse = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    result = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    for place in places:
        _cover(result, place)
    return result


def _place(box: NDArray[np.floating[Any]]) -> Place | None:
    x, y, w, h = (float(value) for value in box)
    if not np.isfinite((x, y, w, h)).all():
        return None
    longer = max(w, h)
    return x + w / 2, y + h / 2 - 0.054 * longer, RADIUS * longer


def _grown(place: Place) -> Place:
    x, y, radius = place
    return x, y, radius * (1 + MARGIN)


def _cover(image: Image, place: Place) -> None:
    x, y, radius = (min(max(round(value), -30_000), 30_000) for value in place)  # what cv2's numbers hold
    cv2.circle(image, (x, y), max(1, radius), COVER, cv2.FILLED)
