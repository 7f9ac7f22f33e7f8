"""Where the faces are: MediaPipe's short-range model first, a search through its blind spots when it finds nothing.

The short-range model looks at the whole frame shrunk to 128 pixels.  It is exact on faces that
fill a good part of the picture and blind to small ones; the full-range model (192 pixels) sees
smaller faces but misses more profiles and its boxes are larger, higher and shifted towards the
nose.  So every doubtful or foreign find is looked at again by the short-range model in a square
around it: that either drops it or gives a box of the one kind the crop constants are meant for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import cv2
import numpy as np

from app.core.frames import Box, Detection, Image
from app.faces.quiet import without_chatter

__all__ = ["FaceDetector", "MediaPipeDetector", "create_detector", "overlap"]

SURE = 0.5  # the whole frame's score from which a face needs no second look
WEAK = 0.3  # below this nothing is looked at again
PROVEN = 0.7  # hardly anything but faces scores this: such a face is kept with less in later frames
KEPT = 0.3  # enough where a proven face was in the frame before
CONFIRMED = 0.6  # what a second look must give
TILE_WEAK = 0.4  # tiles are many, so their finds must be better to be worth a second look
SECOND_LOOK = 2.5  # side of the square of a second look, in box sides: unbiased boxes there
NEAR = 0.3  # overlap (intersection over union) from which two boxes are the same face
TILE_SHARE = 0.36  # a tile's side as a share of the frame's shorter side
TILE_OVERLAP = 0.25
TILE_LEAST = 128  # pixels; a smaller tile would be enlarged, which shows nothing new
LOOKED_AT_AGAIN = 2  # candidates a frame
SHRINK_TO = 256  # a larger picture is averaged down first, or the model's sampling aliases


class FaceDetector(Protocol):
    """Finds faces in one frame after the other."""

    def detect(self, image_bgr: Image) -> tuple[Detection, ...]:
        """The faces of an (H, W, 3) frame of any size, the largest first; boxes are short-range MediaPipe boxes."""
        ...

    def close(self) -> None:
        """Free the models; idempotent."""
        ...


def create_detector(*, stills: bool = False) -> FaceDetector:
    """The detector for a stream, or with ``stills`` for pictures that have nothing to do with each other.

    A stream is searched one part a frame and remembers where a face was; a still is searched whole.
    """
    return MediaPipeDetector(stills=stills)


class MediaPipeDetector:
    """See the module; one thread at a time."""

    def __init__(self, *, stills: bool = False) -> None:
        with without_chatter():
            self._short = _Model("FaceDetectionShortRange", WEAK)
            self._full = _Model("FaceDetectionFullRange", WEAK)
        self._stills = stills
        self._proven: tuple[Box, ...] = ()  # of the frame before
        self._shape: tuple[int, ...] = ()
        self._turn = 0

    def detect(self, image_bgr: Image) -> tuple[Detection, ...]:
        if image_bgr.shape != self._shape:
            self._shape, self._proven, self._turn = image_bgr.shape, (), 0
        height, width = image_bgr.shape[:2]
        whole = self._short.look(image_bgr, Box(0, 0, width, height))
        found = [face for face in whole if face.score >= SURE]
        proven = [face for face in found if face.score >= PROVEN or self._was_proven(face)]
        if not self._stills:
            kept = self._keep(image_bgr, whole, found)
            found, proven = found + kept, proven + kept
        if not found:
            found = proven = self._search(image_bgr, whole)
        self._proven = tuple(face.box for face in proven)
        return tuple(sorted(found, key=lambda face: face.box.w * face.box.h, reverse=True))

    def close(self) -> None:
        self._short.close()
        self._full.close()

    def _was_proven(self, face: Detection) -> bool:
        return any(overlap(face.box, box) >= NEAR for box in self._proven)

    def _keep(self, image: Image, whole: Sequence[Detection], found: Sequence[Detection]) -> list[Detection]:
        """Proven faces of the frame before that this frame's sure finds lack: there a low score is enough."""
        kept: list[Detection] = []
        for box in self._proven:
            if _near(box, found) is None and _near(box, kept) is None:
                face = _near(box, whole) or _near(box, self._short.look(image, _around(box, SECOND_LOOK)))
                if face is not None and face.score >= KEPT:
                    kept.append(face)
        return kept

    def _search(self, image: Image, whole: Sequence[Detection]) -> list[Detection]:
        """Look where the whole frame's first look is blind: everywhere in a still, one part a frame in a stream."""
        found = self._confirm(image, whole)
        tiles = _tiles(image.shape[1], image.shape[0])
        turns = range(len(tiles) + 1)
        if not self._stills:
            self._turn = (self._turn + 1) % len(turns)
            turns = range(self._turn, self._turn + 1)
        for turn in turns:
            if found:
                break
            if turn == 0:
                candidates = self._full.look(image, Box(0, 0, image.shape[1], image.shape[0]))
            else:
                candidates = [f for f in self._short.look(image, tiles[turn - 1]) if f.score >= TILE_WEAK]
            found = self._confirm(image, candidates)
        return found

    def _confirm(self, image: Image, candidates: Sequence[Detection]) -> list[Detection]:
        """The best candidates as a second look sees them, without those it doesn't see."""
        confirmed: list[Detection] = []
        for candidate in sorted(candidates, key=lambda face: face.score, reverse=True)[:LOOKED_AT_AGAIN]:
            face = _near(candidate.box, self._short.look(image, _around(candidate.box, SECOND_LOOK)))
            if face is not None and face.score >= CONFIRMED and _near(face.box, confirmed) is None:
                confirmed.append(face)
        return confirmed


class _Model:
    """One of the models in MediaPipe's wheel, run on a part of a frame.

    MediaPipe's own ``FaceDetection`` ignores its ``min_detection_confidence`` in 0.10.21 and the
    task API rounds boxes to whole pixels, so the graph is put together here.
    """

    def __init__(self, calculator: str, least_score: float) -> None:
        # Here, because importing MediaPipe takes a second or two.
        from mediapipe.framework import calculator_pb2
        from mediapipe.modules.face_detection import face_detection_pb2
        from mediapipe.python.solution_base import SolutionBase

        options = face_detection_pb2.FaceDetectionOptions(min_score_thresh=least_score)
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

    def look(self, image: Image, region: Box) -> list[Detection]:
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


def _around(box: Box, times: float) -> Box:
    """A square about the box's centre, its side ``times`` the box's longer side."""
    side = times * max(box.w, box.h)
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
