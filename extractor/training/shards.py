"""Rendered heads on disk: JPEGs in one file, labels in another, both written whole or not at all.

A shard is ``NAME.jpegs`` and ``NAME.npz``.  Arrays of the latter, for n heads and K keypoints, in the
conventions' frames:

=============  ===========  ==========================================================================
``offsets``    (n + 1,)     where each JPEG begins
``rotation``   (n, 3, 3)    head to camera
``neutral``    (n, K, 3)    neutral shape, head frame, in units of the mean head's decimetre
``deformed``   (n, K, 3)    the same with the expression
``points``     (n, K, 2)    true projections, the image's edges at -1 and +1
``visible``    (n, K)       1 where nothing lies in front of the keypoint
``tone``       (n,)         skin tone: 0 dark, 1 medium, 2 light
``person``     (n,)         heads with the same number show one person in one pose with other expressions
``glasses``    (n,)         1 with glasses, 0 without, -1 unknown
``box``        (n, 3)       MediaPipe's face box, centre and longer side in the units of ``points``; NaN: unknown
=============  ===========  ==========================================================================
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from extractor.files import write_whole
from extractor.training.errors import TrainingError
from extractor.training.geometry import Array

QUALITY = 93  # JPEG; what cameras add comes later, as an augmentation


@dataclass(frozen=True, eq=False)
class Heads:
    """Labels of n heads; see the module for shapes and frames."""

    rotation: Array
    neutral: Array
    deformed: Array
    points: Array
    visible: Array
    tone: Array
    person: Array
    glasses: Array
    box: Array

    def __len__(self) -> int:
        return len(self.rotation)

    def take(self, rows: Array) -> Heads:
        """The heads at these rows."""
        return Heads(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def join(cls, parts: Sequence[Heads]) -> Heads:
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


class Shard:
    """A shard as it lies on disk; the pictures are decoded when they are asked for."""

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path) as file:
                arrays: dict[str, Array] = {key: file[key] for key in file.files}
            if "disagreement_deg" in arrays:
                raise TrainingError(
                    f"{path} holds labelled photographs, not rendered heads: "
                    "python -m extractor.training.evaluate_photographs measures on those."
                )
            # Shards of earlier versions don't know.
            arrays.setdefault("glasses", np.full(len(arrays["person"]), -1, np.int8))
            arrays.setdefault("box", np.full((len(arrays["person"]), 3), np.nan, np.float32))
            self.heads = Heads(**{f.name: arrays[f.name] for f in fields(Heads)})
            self._offsets = arrays["offsets"]
            self._jpegs = np.memmap(path.with_suffix(".jpegs"), np.uint8, "r")
        except (OSError, ValueError, KeyError) as error:
            raise TrainingError(f"The rendered heads in {path} can't be read ({error}).") from error
        if self._offsets[-1] > len(self._jpegs):
            raise TrainingError(f"The rendered heads in {path} are cut short.")
        self.path = path

    def __len__(self) -> int:
        return len(self.heads)

    def image(self, row: int) -> Array:
        """(S, S, 3) uint8 RGB."""
        return decoded(self._jpegs[self._offsets[row] : self._offsets[row + 1]])


def decoded(jpeg: Array) -> Array:
    """(S, S, 3) uint8 RGB of a JPEG's bytes (n,) uint8."""
    return np.asarray(cv2.cvtColor(cv2.imdecode(np.asarray(jpeg), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def write_shard(path: Path, images: Sequence[Array], heads: Heads) -> None:
    """Write ``path`` (ending in .npz) and the pictures beside it; an existing shard is replaced."""
    write_arrays(path, images, {f.name: getattr(heads, f.name) for f in fields(Heads)})


def write_arrays(path: Path, images: Sequence[Array], arrays: Mapping[str, Array]) -> None:
    """The same with other labels, by name: n pictures (S, S, 3), and arrays that ``offsets`` are added to."""
    offsets, jpegs = [0], io.BytesIO()
    for image in images:
        Image.fromarray(image).save(jpegs, "JPEG", quality=QUALITY)
        offsets.append(jpegs.tell())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.with_suffix(".jpegs"), jpegs.getvalue())
    # The labels last: a reader that sees them sees the pictures too.
    save_arrays(path, {"offsets": np.array(offsets, np.int64), **arrays})


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as .npz; the file appears whole or not at all."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_whole(path, content.getvalue())


def add_boxes(path: Path, heads: Heads) -> None:
    """Write the labels of an existing shard again with ``heads.box``; the file changes as a whole."""
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    save_arrays(path, {**arrays, "box": heads.box})


def find_shards(folder: Path, kind: str = "rendered heads", maker: str = "render") -> list[Path]:
    """The complete shards of a folder in the order of their names; raises ``TrainingError`` when there are none."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise TrainingError(f"There are no {kind} in {folder}; python -m extractor.training.{maker} makes them.")
    return paths
