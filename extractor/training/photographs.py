"""``python -m extractor.training.photographs``: labels a folder of pictures of faces, so that training can use them.

MediaPipe's detector finds the most certain face of each picture, its mesh gives keypoints, depth and, laid on an
average face, the head's pose; the same of the mirrored picture is averaged with it.  How far the two poses are
apart tells how good the label is.  Shards are written as ``extractor.training.learning.photo_pool`` reads them;
no name of a picture goes into them.  Only use pictures whose licence and whose people allow it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from extractor.face_mesh import keypoints, mesh_rotation
from extractor.training.boxes import FaceBoxes
from extractor.training.command import parser_of
from extractor.training.errors import TrainingError
from extractor.training.geometry import Array, between, geodesic_between
from extractor.training.measuring.face_mesh import FaceMesh
from extractor.training.measuring.film_evaluation import MESH_SIDE, crop
from extractor.training.measuring.photo_evaluation import SOURCES
from extractor.training.rendering.labels import MIRROR
from extractor.training.shards import write_arrays
from extractor.types import CropSpec

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
LIMIT_DEG = 6.0  # beyond it the poses of photographs are 10 degrees off, below 4 they are 3.4
PIXELS = 256  # side of the stored pictures
LEAST_BOX = 40  # pixels: a smaller face shows no lids
MOST_PIXELS = 100_000_000
SHARD = 2500  # faces in one


class NoFaceError(Exception):
    """A picture that gets no label; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """One face in its square of ``MESH_SIDE`` boxes, whose edges are at -1 and +1."""

    picture: Array  # (PIXELS, PIXELS, 3) uint8 RGB
    rotation: Array  # (3, 3) head to camera, in the estimators' frame
    points: Array  # (24, 3) with depth
    disagreement_deg: float


class Labeller:
    """Detector and mesh; one thread at a time."""

    def __init__(self) -> None:
        self._boxes, self._mesh = FaceBoxes(), FaceMesh()

    def __enter__(self) -> Labeller:
        return self

    def __exit__(self, *_: object) -> None:
        self._boxes.__exit__(None, None, None)
        self._mesh.__exit__(None, None, None)

    def label(self, picture: Array, limit_deg: float = LIMIT_DEG) -> Label:
        """Of an (H, W, 3) uint8 RGB picture; raises ``NoFaceError``."""
        box = self._boxes.find_in_frame(picture)
        if box is None:
            raise NoFaceError("no face was found")
        if box[2] < LEAST_BOX:
            raise NoFaceError(f"the face is only {box[2]:.0f} pixels wide")
        square = crop(picture, box, CropSpec(MESH_SIDE, 0.0, PIXELS))
        plain, mirrored = self._points(square), self._points(np.ascontiguousarray(square[:, ::-1]))
        back = mirrored[MIRROR] * np.array([-1.0, 1.0, 1.0])
        turn, turn_back = mesh_rotation(np.stack([plain, back]))
        apart = geodesic_between(turn, turn_back)
        if apart > limit_deg:
            raise NoFaceError(f"the picture and its mirror image give poses that are {apart:.0f} degrees apart")
        return Label(square, between(turn, turn_back, 0.5), (plain + back) / 2, apart)

    def _points(self, square: Array) -> Array:
        mesh = self._mesh.find(square)
        if mesh is None:
            raise NoFaceError("the mesh finds no face in it")
        return keypoints(mesh).astype(np.float64)


def label_folder(
    folder: Path, out: Path, *, limit_deg: float = LIMIT_DEG, source: str = "own pictures", further: dict[str, str]
) -> tuple[int, int]:
    """Label all pictures below ``folder``; returns how many were and how many were not.

    Each that was not is one sentence on stderr.  ``further`` (licence, credit) is written into every shard.
    Raises ``TrainingError`` where there is nothing to label, or ``out`` is no folder or holds shards already.
    """
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out} is no folder.")
    if any(out.glob("*.npz")):
        raise TrainingError(f"{out} holds shards already; name another folder.")
    labels: list[Label] = []
    numbers: list[int] = []
    done = failed = 0

    def flush() -> None:
        nonlocal done
        if labels:
            path = out / f"photographs-{done // SHARD:02d}.npz"
            write_arrays(path, [label.picture for label in labels], _arrays(labels, numbers, source, further))
            done += len(labels)
        labels.clear()
        numbers.clear()

    seen = 0
    with Labeller() as labeller:
        for path in pictures(folder):
            seen += 1
            try:
                labels.append(labeller.label(read_picture(path), limit_deg))
                numbers.append(seen - 1)
            except NoFaceError as reason:
                failed += 1
                print(f"{_shown(path.relative_to(folder))}: {reason}.", file=sys.stderr)
            if len(labels) == SHARD:
                flush()
    flush()
    if not seen:
        raise TrainingError(f"There are no pictures in {folder}.")
    return done, failed


def pictures(folder: Path) -> Iterator[Path]:
    """Every picture below a folder in the order of names; links are not followed, so none leads out of it."""
    if not folder.is_dir():
        raise TrainingError(f"{folder} is no folder.")
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        yield from (Path(parent) / name for name in sorted(files) if Path(name).suffix.lower() in SUFFIXES)


def read_picture(path: Path) -> Array:
    """(H, W, 3) uint8 RGB, upright; raises ``NoFaceError``."""
    if path.is_symlink():
        raise NoFaceError("links are not followed")
    if not path.is_file():
        raise NoFaceError("it is no ordinary file")
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise NoFaceError(f"it has more than {MOST_PIXELS // 1_000_000} million pixels")
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except UnidentifiedImageError:
        raise NoFaceError("it is no picture that can be read") from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise NoFaceError(f"it can't be read ({_shown(error)})") from error


def _arrays(labels: Sequence[Label], numbers: Sequence[int], source: str, further: dict[str, str]) -> dict[str, Array]:
    n = len(labels)
    points = np.stack([label.points for label in labels]).astype(np.float32)
    rotation = np.stack([label.rotation for label in labels]).astype(np.float32)
    unknown = np.full(n, -1, np.int64)
    return {
        "rotation": rotation,
        "by_facemesh": rotation,
        "disagreement_deg": np.array([label.disagreement_deg for label in labels], np.float32),
        "points": points[..., :2],
        "depth": points[..., 2],
        "box": np.tile(np.array([0.0, 0.0, 2 / MESH_SIDE], np.float32), (n, 1)),
        "source": np.full(n, len(SOURCES), np.int64),
        "sources": np.array([*SOURCES, source]),
        "female": unknown,
        "age": unknown,
        "group": unknown,
        "picture": np.array(numbers, np.int64),
        **{name: np.array(text) for name, text in further.items()},
    }


def _shown(text: object) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 where at least one picture has a label."""
    parser = parser_of(__file__, __doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="pictures, also in folders within it")
    parser.add_argument("--out", type=Path, required=True, help="the folder of shards to write")
    parser.add_argument(
        "--limit", type=float, default=LIMIT_DEG, metavar="DEG",
        help="leave out pictures whose mirror image gives a pose so far from their own (default: 6)",
    )  # fmt: skip
    parser.add_argument("--source", default="own pictures", help="name of the set, written into the shards")
    parser.add_argument("--licence", default="", help="under which the pictures may be used, written into the shards")
    parser.add_argument("--credit", default="", help="who is to be named, written into the shards")
    given = parser.parse_args(arguments)
    try:
        further = {"licence": given.licence, "credit": given.credit}
        done, failed = label_folder(
            given.folder, given.out, limit_deg=given.limit, source=given.source, further=further
        )
    except (TrainingError, OSError) as error:
        print(f"photographs: {_shown(error)}", file=sys.stderr)
        return 1
    print(f"{done} pictures labelled, {failed} left out, shards in {given.out}")
    if not done:
        print("photographs: no picture got a label, so nothing was written.", file=sys.stderr)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
