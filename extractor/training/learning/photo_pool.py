"""Labelled photographs at hand for batches, beside the rendered heads of ``pool``.

A shard is laid out as ``shards`` tells, with other labels: ``rotation`` (n, 3, 3) as the estimators say it,
``points`` (n, 24, 2) from MediaPipe's mesh, ``box`` (n, 3), ``disagreement_deg`` (n,), ``source`` (n,) with 0 for tight
pictures of faces.  Neutral shape, expression, scale and t of a photograph are unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from extractor.decode import angles_from_matrix, rotation_matrix
from extractor.face_mesh import ESTIMATOR_PITCH_DEG
from extractor.training.errors import TrainingError
from extractor.training.face_frame import MEAN_FACE
from extractor.training.geometry import Array
from extractor.training.learning.framing import ROLL_SPREAD_DEG, Framing
from extractor.training.learning.pool import one_size
from extractor.training.learning.targets import Targets
from extractor.training.shards import decoded, find_shards
from extractor.types import KEYPOINT_NAMES, CropSpec

SURE_DEG = 10.0
"""Photographs whose estimators disagree by more are left out."""

FLATTEN = 0.55
"""0: poses as frequent as they are; 1: all poses as frequent."""

GROUPS_MORE_OFTEN = {"Black": 1.6}
"""Faces whose errors are the largest of FairFace's seven groups are drawn so many times as often."""

CLOSED, OPEN_MOUTH = 0.045, 0.34
"""Of the distance of the eyes' outer corners.  Lids closer than this are drawn five times as often, lips wider apart
three times."""

SIDE_SPREAD, CENTRE_SPREAD, LENS_SPREAD = 0.10, 0.05, 0.02
WIDER = 0.15
"""Share of crops from late or coarse boxes, whose side and centre spread twice as far."""

TILTED, TILTED_SPREAD_DEG = 0.25, 24.0
"""Photographs are upright: so many are turned as far as people tilt their heads."""

TIGHT = 0
FACE_IN_BOXES = 0.6
"""Half the side of a tight picture in box sides, where its edges can't be seen."""

BOX_OF_PICTURE = 2 / 2.7
"""The box's longer side in the shards' pictures, which are 2.7 boxes wide."""


class PhotoPool:
    """Photographs by number, 0 to ``len - 1``; a path is a shard's ``.npz`` or a folder of shards."""

    def __init__(self, paths: Sequence[Path], sure_deg: float = SURE_DEG) -> None:
        self.paths = [
            shard
            for path in paths
            for shard in ([path] if path.is_file() else find_shards(path, "labelled photographs", "photographs"))
        ]
        parts = [_read(path, sure_deg) for path in self.paths]
        if not any(len(part["rows"]) for part in parts):
            raise TrainingError(f"None of the photographs in {paths[0]} has a label sure to {sure_deg:g} degrees.")
        self._jpegs = [np.memmap(path.with_suffix(".jpegs"), np.uint8, "r") for path in self.paths]
        self._shard = np.repeat(np.arange(len(parts)), [len(part["rows"]) for part in parts])

        def joined(name: str) -> Array:
            return np.concatenate([part[name] for part in parts])

        self._begin, self._end = joined("begin"), joined("end")
        self.source = torch.from_numpy(joined("source").astype(np.int64))
        self.targets = targets_of(joined("rotation"), joined("points"))
        self.boxes = torch.from_numpy(joined("box").astype(np.float32))
        unknown = torch.tensor([0.0, 0.0, BOX_OF_PICTURE])
        self.boxes = torch.where(self.boxes.isfinite().all(1, keepdim=True), self.boxes, unknown)
        self.weights = draw_weights(self.targets, self.source) * torch.from_numpy(joined("often"))

    def __len__(self) -> int:
        return len(self.source)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Rows by ``weights``: rare poses, closed eyes and open mouths more often than they are."""
        return torch.multinomial(self.weights, count, replacement=True, generator=generator)

    def images(self, rows: Tensor) -> Tensor:
        """uint8 (B, 3, S, S)."""
        return one_size([self.image(row) for row in rows.tolist()])

    def image(self, row: int) -> Array:
        """(S, S, 3) uint8 RGB."""
        return decoded(self._jpegs[self._shard[row]][self._begin[row] : self._end[row]])

    def framing(self, rows: Tensor, generator: torch.Generator, spec: CropSpec | None = None) -> Framing:
        """Crops as the app cuts them from the detector's boxes, late and coarse ones too, turned and mirrored."""
        spec, n = spec or CropSpec(), len(rows)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator).clamp(-2.5, 2.5)

        wide = 1 + (torch.rand(n, generator=generator) < WIDER).float()
        mirrored = torch.rand(n, generator=generator) < 0.5
        x, y, side = self.boxes[rows].unbind(1)
        side = side * (normal(n) * SIDE_SPREAD * wide).exp()
        centre = torch.stack([torch.where(mirrored, -x, x), y - spec.up * side], dim=1)
        centre = centre + side[:, None] * normal(n, 2) * CENTRE_SPREAD * wide[:, None]
        tilted = torch.rand(n, generator=generator) < TILTED
        roll = normal(n) * torch.where(tilted, TILTED_SPREAD_DEG, ROLL_SPREAD_DEG)
        return Framing(centre, spec.side * side / 2, roll, normal(n) * LENS_SPREAD, mirrored)

    def contents(self, rows: Tensor, images: Tensor) -> Tensor:
        """(B, 4) left, top, right, bottom of what was really photographed, the picture's edges at -1 and +1.

        The rest of a tight picture is filled with its border, a plain colour or its mirror image; in the last case the
        edges can't be seen and are guessed by the box.
        """
        found = []
        for row, image in zip(rows.tolist(), images.permute(0, 2, 3, 1).numpy(), strict=True):
            edges = photographed(image)
            if edges is None and int(self.source[row]) == TIGHT:
                x, y, side = self.boxes[row].tolist()
                half = FACE_IN_BOXES * side
                edges = (x - half, y - half, x + half, y + half)
            found.append(edges or (-1.0, -1.0, 1.0, 1.0))
        return torch.tensor(found)


def _read(path: Path, sure_deg: float) -> dict[str, Array]:
    try:
        with np.load(path) as file:
            rows = np.flatnonzero(file["disagreement_deg"] <= sure_deg)
            offsets = file["offsets"]
            part: dict[str, Array] = {name: file[name][rows] for name in ("rotation", "points", "box", "source")}
            part["often"] = _often(file, rows)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"The photographs in {path} can't be read ({error}).") from error
    if not path.with_suffix(".jpegs").is_file() or path.with_suffix(".jpegs").stat().st_size < offsets[-1]:
        raise TrainingError(f"The photographs in {path} are cut short.")
    return {**part, "rows": rows, "begin": offsets[rows], "end": offsets[rows + 1]}


def _often(file: Mapping[str, Array], rows: Array) -> Array:
    """(n,) how often a face is drawn for its group; 1 where that is not known."""
    if "group" not in file or "groups" not in file:
        return np.ones(len(rows))
    group = file["group"][rows]
    shares = np.array([GROUPS_MORE_OFTEN.get(str(name), 1.0) for name in file["groups"]] + [1.0])
    return np.asarray(shares[np.where((group >= 0) & (group < len(shares) - 1), group, -1)])


def targets_of(rotation: Array, points: Array) -> Targets:
    """Labels of whole pictures from the estimators' rotations (n, 3, 3) and the mesh's points (n, 24, 2)."""
    n, k = points.shape[:2]
    estimated = torch.as_tensor(rotation, dtype=torch.float32)
    turned = estimated @ rotation_matrix(torch.tensor([[ESTIMATOR_PITCH_DEG, 0.0, 0.0]]))
    yaw = angles_from_matrix(turned)[:, 1]
    sideways = torch.as_tensor(MEAN_FACE[:, 0], dtype=torch.float32) * torch.deg2rad(yaw).sin()[:, None]
    return Targets(
        rotation=turned,
        kp=torch.zeros(n, k, 3),
        moved=torch.zeros(n, k, 3),
        points=torch.as_tensor(points, dtype=torch.float32),
        scale=torch.ones(n),
        t=torch.zeros(n, 2),
        visible=1 - ((yaw.abs() > 40)[:, None] & (sideways < -0.05)).float(),
        tone=torch.full((n,), -1),
        glasses=torch.full((n,), -1),
        shape_known=torch.zeros(n),
        # The mesh is fitted from the front; near a profile its points are guesses.
        points_trust=1 - (yaw.abs() - 45).clamp(0, 30) / 30,
    )


def draw_weights(targets: Targets, source: Tensor) -> Tensor:
    """(n,) how often each photograph is drawn."""
    pitch, yaw, _ = targets.angles_deg.unbind(1)
    kind = (yaw.abs() // 15).clamp(max=5) * 10 + ((pitch + 60) // 12).clamp(0, 9)
    _, number, count = torch.unique(kind, return_inverse=True, return_counts=True)
    weights: Tensor = count[number].double().pow(-FLATTEN)

    def apart(a: str, b: str) -> Tensor:
        first, second = (targets.points[:, KEYPOINT_NAMES.index(name)] for name in (a, b))
        distance: Tensor = torch.linalg.vector_norm(first - second, dim=-1)
        return distance

    eyes = apart("eye_outer_l", "eye_outer_r") / torch.deg2rad(yaw).cos().clamp_min(0.3)
    front = yaw.abs() < 40
    closed = (apart("lid_up_l", "lid_low_l") + apart("lid_up_r", "lid_low_r")) / 2 / eyes < CLOSED
    weights = weights * torch.where(front & closed, 5.0, 1.0)
    weights = weights * torch.where(apart("lip_up", "lip_low") / eyes > OPEN_MOUTH, 3.0, 1.0)
    weights *= torch.where(source == TIGHT, 1.0, 4.0)  # few have what really surrounds a face
    return weights


def photographed(image: Array) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom in [-1, 1] of the part that isn't filled in; None where no filling is seen.

    Rows and columns of replicated edges and plain colours equal their neighbours, but for JPEG's noise.
    """
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.int16)
    edges = []
    for axis in (1, 0):
        change = np.abs(np.diff(grey, axis=1 - axis)).mean(axis)
        change = np.convolve(change, np.ones(3) / 3, "same")
        busy = np.flatnonzero(change > STILL)
        edges.append((0, len(grey)) if len(busy) < 20 else (int(busy[0]), int(busy[-1]) + 1))
    (left, right), (top, bottom) = edges
    filled = max(left, top, len(grey) - right, len(grey) - bottom)
    if filled < 0.08 * len(grey):
        return None
    scale = 2 / len(grey)
    return left * scale - 1, top * scale - 1, right * scale - 1, bottom * scale - 1


STILL = 1.6
"""Mean difference of neighbouring rows up to which they are filling."""
