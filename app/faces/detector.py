"""Detects faces by MediaPipe's short-range model, run twice, and by a search through its blind spots.

The short-range model sees 128 pixels.  Over a whole frame it is blind to small faces, and well
before that its boxes grow too large: in a 1280x720 frame by 7 % for a face of 180 pixels, 24 % at
160, 56 % at 120.  In a square of 2.5 box sides around the face they are right to 4 % at every
distance.  So the whole frame only says where to look again, and a face that was there before is
looked for in its square at once.

What neither finds is searched with the full-range model (192 pixels: smaller faces, but it misses
profiles, and its boxes are 5 % larger, higher and shifted towards the nose) and in tiles of the
frame.  Their finds are looked at again too, which drops most that are no faces and leaves one kind
of box, the one that the crop constants are meant for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from app.core.frames import Box, Detection, Image
from app.faces.mediapipe_import import import_mediapipe
from app.faces.native_log import native_log_filtered

WEAK = 0.3  # the models report nothing below
SURE = 0.5  # a look at the whole frame that gives this is believed where no other face is
PROVEN = 0.7  # hardly anything but faces ever scores this: such a face is kept with less in later frames
CONFIRMED = 0.65  # what the second look at a weak find, or at one of the full-range model, must give
TILE_WEAK = 0.4  # tiles are many, so their finds must be better to be worth a second look,
TILE_CONFIRMED = 0.7  # and must pass a harder one
AROUND = 2.5  # side of the square of a second look, in box sides
NEAR = 0.3  # overlap (intersection over union) from which two boxes are the same face
WHOLE_EVERY = 5  # frames between two looks at the whole frame while every known face is found
LOOKED_AT_AGAIN = 2  # candidates of each step of the search
TILE_SHARE = 0.36  # a tile's side as a share of the frame's shorter side
TILE_OVERLAP = 0.25
TILE_LEAST = 128  # pixels; a smaller tile would be enlarged, which shows nothing new
SHRINK_TO = 256  # a larger part is averaged down first, or the model's sampling aliases and its boxes tremble


class FaceDetector(Protocol):
    """Finds faces in one frame after the other."""

    def detect(
        self, image_bgr: Image, expected: Sequence[Box] = (), everywhere: bool | None = None
    ) -> tuple[Detection, ...]:
        """The faces of an (H, W, 3) frame of any size, the largest first; boxes are short-range MediaPipe boxes.

        Whoever does not have every frame looked at says where known faces are ``expected`` by now, and
        whether newcomers are to be looked for ``everywhere`` (None: every few frames, as the detector likes).
        """
        ...

    def close(self) -> None:
        """Free the models; idempotent."""
        ...


def create_detector(*, stills: bool = False) -> FaceDetector:
    """The detector for a stream, or with ``stills`` for pictures that have nothing to do with each other.

    A stream is searched one part a frame and remembers where a face was; a still is searched whole.
    """
    return MediaPipeDetector(stills=stills)


@dataclass(frozen=True, slots=True)
class _Known:
    box: Box
    proven: bool


class MediaPipeDetector:
    """See the module; one thread at a time."""

    def __init__(self, *, stills: bool = False) -> None:
        with native_log_filtered():
            self._short = _Model("FaceDetectionShortRange")
            self._full = _Model("FaceDetectionFullRange")
        self._stills = stills
        self._known: tuple[_Known, ...] = ()  # faces of the frame before
        self._shape: tuple[int, ...] = ()
        self._frames = 0
        self._turn = 0  # of the search

    def detect(
        self, image_bgr: Image, expected: Sequence[Box] = (), everywhere: bool | None = None
    ) -> tuple[Detection, ...]:
        if image_bgr.shape != self._shape or self._stills:
            self._shape, self._known, self._turn = image_bgr.shape, (), 0
        self._frames += 1
        if expected:
            self._known = _moved(self._known, expected)
        faces = self._find_known(image_bgr)
        due = self._frames % WHOLE_EVERY == 0 if everywhere is None else everywhere
        if not faces or len(faces) < len(self._known) or due:
            whole = self._short.detect(image_bgr, _whole(image_bgr))
            new = [find for find in whole if _near(find.box, faces) is None]
            # Beside a face that is there, a hand near the camera is more likely than a newcomer in doubt.
            least = CONFIRMED if faces or any(find.score >= PROVEN for find in whole) else 0.0
            faces += self._look_again(image_bgr, [find for find in new if find.score >= SURE], least)
            if not faces:
                faces = self._search(image_bgr, new)
        before = [known.box for known in self._known if known.proven]
        self._known = tuple(
            _Known(face.box, face.score >= PROVEN or any(overlap(face.box, box) >= NEAR for box in before))
            for face in faces
        )
        return tuple(sorted(faces, key=lambda face: face.box.w * face.box.h, reverse=True))

    def close(self) -> None:
        self._short.close()
        self._full.close()

    def _find_known(self, image: Image) -> list[Detection]:
        """The faces of the frame before, each looked for around its place."""
        faces: list[Detection] = []
        for known in self._known:
            face = _near(known.box, self._short.detect(image, _around(known.box)))
            if face is not None and face.score >= (WEAK if known.proven else SURE) and _near(face.box, faces) is None:
                faces.append(face)
        return faces

    def _look_again(self, image: Image, finds: Iterable[Detection], least: float) -> list[Detection]:
        """Finds with the boxes seen from near; those that score less than ``least`` there are dropped.

        With ``least`` 0 a find that is not seen from near gives way to a face beside it, which its shoulders
        may have hidden, or stays as it was.
        """
        faces: list[Detection] = []
        for find in finds:
            looks = self._short.detect(image, _around(find.box))
            face = _near(find.box, looks)
            if face is None and least == 0:
                beside = max(looks, key=lambda look: look.score, default=find)
                face = beside if beside.score >= CONFIRMED else find
            if face is not None and face.score >= least and _near(face.box, faces) is None:
                faces.append(face)
        return faces

    def _search(self, image: Image, weak: Sequence[Detection]) -> list[Detection]:
        """Look where the whole frame's first look is blind: everywhere in a still, one part a frame in a stream."""
        faces = self._confirm(image, weak, CONFIRMED)
        tiles = _tiles(image.shape[1], image.shape[0])
        turns = range(len(tiles) + 1)
        if not self._stills:
            self._turn = (self._turn + 1) % len(turns)
            turns = range(self._turn, self._turn + 1)
        for turn in turns:
            if faces:
                break
            if turn == 0:
                faces = self._confirm(image, self._full.detect(image, _whole(image)), CONFIRMED)
            else:
                finds = [find for find in self._short.detect(image, tiles[turn - 1]) if find.score >= TILE_WEAK]
                faces = self._confirm(image, finds, TILE_CONFIRMED)
        return faces

    def _confirm(self, image: Image, finds: Sequence[Detection], least: float) -> list[Detection]:
        best = sorted(finds, key=lambda find: find.score, reverse=True)[:LOOKED_AT_AGAIN]
        return self._look_again(image, best, least)


class _Model:
    """One of the models in MediaPipe's wheel, run on a part of a frame.

    MediaPipe's own ``FaceDetection`` ignores its ``min_detection_confidence`` in 0.10.21 and the
    task API rounds boxes to whole pixels, so the graph is put together here.
    """

    def __init__(self, calculator: str) -> None:
        import_mediapipe()  # here, because it takes a second
        from mediapipe.framework import calculator_pb2
        from mediapipe.modules.face_detection import face_detection_pb2
        from mediapipe.python.solution_base import SolutionBase

        options = face_detection_pb2.FaceDetectionOptions(min_score_thresh=WEAK)
        options.delegate.xnnpack.SetInParent()
        graph = calculator_pb2.CalculatorGraphConfig(
            input_stream=["IMAGE:image"], output_stream=["DETECTIONS:detections"]
        )
        node = graph.node.add(
            calculator=calculator, input_stream=["IMAGE:image"], output_stream=["DETECTIONS:detections"]
        )
        node.node_options.add().Pack(options)
        self._graph: Any = SolutionBase(graph_config=graph, outputs=["detections"])
        self._graph.process({"image": np.zeros((8, 8, 3), np.uint8)})  # the first run is slow and talks

    def detect(self, image: Image, region: Box) -> list[Detection]:
        """Faces in a region of the frame, which may reach outside it; boxes in frame pixels."""
        height, width = image.shape[:2]
        left, top = min(max(round(region.x), 0), width - 1), min(max(round(region.y), 0), height - 1)
        right = min(max(round(region.x + region.w), left + 1), width)
        bottom = min(max(round(region.y + region.h), top + 1), height)
        part = image[top:bottom, left:right]
        height, width = part.shape[:2]
        shrink = SHRINK_TO / max(height, width)
        if shrink < 1:
            size = max(1, round(width * shrink)), max(1, round(height * shrink))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        result = self._graph.process({"image": cv2.cvtColor(part, cv2.COLOR_BGR2RGB)})
        faces = []
        for found in result.detections or ():
            box = found.location_data.relative_bounding_box
            scaled = Box(left + box.xmin * width, top + box.ymin * height, box.width * width, box.height * height)
            faces.append(Detection(scaled, float(found.score[0])))
        return faces

    def close(self) -> None:
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.close()


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.w * a.h + b.w * b.h - width * height)


def _near(box: Box, faces: Iterable[Detection]) -> Detection | None:
    """The face that overlaps ``box`` most, if any does enough."""
    best = max(faces, key=lambda face: overlap(box, face.box), default=None)
    return best if best is not None and overlap(box, best.box) >= NEAR else None


def _moved(known: Sequence[_Known], expected: Sequence[Box]) -> tuple[_Known, ...]:
    """The known faces where they are expected by now, those nobody has told of where they were.

    A face that is expected but was not known (one that only the network has followed) is looked for too.
    """
    free = list(expected)
    moved = []
    for face in known:
        nearest = min(free, key=lambda box: _apart(face.box, box), default=None)
        if nearest is not None and _apart(face.box, nearest) <= 1:
            free.remove(nearest)
            moved.append(_Known(nearest, face.proven))
        else:
            moved.append(face)
    return (*moved, *(_Known(box, proven=False) for box in free))


def _apart(a: Box, b: Box) -> float:
    """The distance of two boxes' centres in sides of the first."""
    return float(np.hypot(a.x + a.w / 2 - b.x - b.w / 2, a.y + a.h / 2 - b.y - b.h / 2)) / max(a.w, a.h, 1e-9)


def _whole(image: Image) -> Box:
    return Box(0, 0, image.shape[1], image.shape[0])


def _around(box: Box) -> Box:
    """The square of a second look, which may leave the frame."""
    side = AROUND * max(box.w, box.h)
    return Box(box.x + box.w / 2 - side / 2, box.y + box.h / 2 - side / 2, side, side)


def _tiles(width: int, height: int) -> list[Box]:
    """Overlapping squares that cover the frame; none for a small frame."""
    side = TILE_SHARE * min(width, height)
    if side < TILE_LEAST:
        return []
    return [Box(x, y, side, side) for y in _starts(height, side) for x in _starts(width, side)]


def _starts(length: float, side: float) -> Iterator[float]:
    count = max(1, int(np.ceil((length - side * TILE_OVERLAP) / (side * (1 - TILE_OVERLAP)))))
    yield from np.linspace(0, length - side, count).tolist()
