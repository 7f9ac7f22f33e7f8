"""``python -m extractor.training.boxes``: adds MediaPipe's face boxes to shards that were rendered without them.

Training then cuts part of its crops as the app would (``framing.from_boxes``), with the errors that the
short-range detector really makes: it looks at the whole picture, with a wide edge as before a webcam,
and again at 2.5 box sides around what it found.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from extractor.training.command import command, parser_of
from extractor.training.errors import TrainingError
from extractor.training.geometry import Array
from extractor.training.shards import Shard, add_boxes, find_shards

EDGE = 0.5  # of the picture's side, repeated around it
AROUND = 2.5  # box sides of the second look
SHRINK_TO = 256  # pixels; the model sees 128 and samples without averaging

Box = tuple[float, float, float]
"""Centre x and y and the longer side, in pixels."""


class FaceBoxes:
    """MediaPipe's short-range model on still pictures.  Raises ``TrainingError`` where MediaPipe is missing."""

    def __init__(self) -> None:
        try:
            from mediapipe.python.solutions.face_detection import FaceDetection
        except ImportError as error:
            raise TrainingError(f"Face boxes need MediaPipe ({error}).") from error
        self._model: Any = FaceDetection(model_selection=0)

    def __enter__(self) -> FaceBoxes:
        return self

    def __exit__(self, *error: object) -> None:
        self._model.close()

    def find(self, picture: Array) -> Array:
        """(3,) of an (S, S, 3) uint8 RGB picture: centre and longer side, its edges at -1 and +1; NaN: no face."""
        side = len(picture)
        box = self._find_with_edge(picture)
        if box is None:
            return np.full(3, np.nan, np.float32)
        x, y, longer = box
        return np.array([x * 2 / side - 1, y * 2 / side - 1, longer * 2 / side], np.float32)

    def find_in_frame(self, picture: Array, expected: Box | None = None) -> Box | None:
        """The most certain face of an (H, W, 3) uint8 RGB picture, in its pixels.

        Where one is ``expected``, as in the next frame of a film, it is looked for there first.
        """
        for first in (expected, self._detect(picture) if expected is None else None):
            box = None if first is None else self._look_again(picture, first)
            if box is not None:
                return box
        return self.find_in_frame(picture) if expected is not None else self._find_with_edge(picture)

    def _find_with_edge(self, picture: Array) -> Box | None:
        edge = round(EDGE * max(picture.shape[:2]))
        wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        box = self._detect(wide)
        if box is None:
            return None
        x, y, longer = self._look_again(wide, box) or box
        return x - edge, y - edge, longer

    def _detect(self, picture: Array) -> Box | None:
        height, width = picture.shape[:2]
        shrink = max(height, width) / SHRINK_TO
        if shrink > 1:
            small = (round(width / shrink), round(height / shrink))
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        found = self._model.process(np.ascontiguousarray(picture)).detections
        if not found:
            return None
        b = found[0].location_data.relative_bounding_box
        return (b.xmin + b.width / 2) * width, (b.ymin + b.height / 2) * height, max(b.width * width, b.height * height)

    def _look_again(self, picture: Array, box: Box) -> Box | None:
        x, y, longer = box
        half = round(AROUND * longer / 2)
        left, top = round(x) - half, round(y) - half
        padded = cv2.copyMakeBorder(picture, half, half, half, half, cv2.BORDER_REPLICATE)
        part = padded[max(top + half, 0) : top + 3 * half, max(left + half, 0) : left + 3 * half]
        again = self._detect(part) if min(part.shape[:2]) > 1 else None
        return None if again is None else (again[0] + left, again[1] + top, again[2])


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; shards that have boxes are left as they are."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--heads", type=Path, nargs="+", required=True, help="folders of shards")
    given = parser.parse_args(arguments)
    with FaceBoxes() as boxes:
        for path in (path for folder in given.heads for path in find_shards(folder)):
            shard = Shard(path)
            if not np.isnan(shard.heads.box).all():
                continue
            found = np.stack([boxes.find(shard.image(row)) for row in range(len(shard))])
            add_boxes(path, replace(shard.heads, box=found))
            print(f"{path.name}: a face in {np.isfinite(found[:, 0]).sum()} of {len(found)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
