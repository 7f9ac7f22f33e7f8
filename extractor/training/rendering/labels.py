"""The labels of a drawn scene, and what a crop or a mirror does to them.

``conventions``: ``driven = scale * (kp @ R.T + exp) + t`` in crop coordinates.  The rendered camera has
perspective; scale and t are the parallel projection that fits all keypoints best, so the true
projections (``points``) differ from the driven ones by the perspective alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from extractor.training.geometry import FLIP_YZ, Array, to_gl
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.placement import Placement, skinned
from extractor.training.rendering.scene import Scene
from extractor.training.shards import Heads
from extractor.types import KEYPOINT_NAMES

HIDDEN_BY = 0.06
"""A keypoint is hidden when something lies so much (decimetres) before it; the cards' depth is pulled about as far."""


def _mirrored(name: str) -> str:
    return {"l": f"{name[:-1]}r", "r": f"{name[:-1]}l"}[name[-1]] if name.endswith(("_l", "_r")) else name


MIRROR = np.array([KEYPOINT_NAMES.index(_mirrored(name)) for name in KEYPOINT_NAMES])
"""Where each keypoint comes from in a mirrored picture."""


@dataclass(frozen=True, eq=False)
class HeadLabel:
    """One head; fields as in ``shards.Heads`` without the leading axis."""

    rotation: Array
    neutral: Array
    deformed: Array
    points: Array
    visible: Array
    tone: np.int8
    glasses: np.int8


def label(model: HeadModel, scene: Scene, placement: Placement, depth: Array) -> HeadLabel:
    """The labels of a scene that was drawn with this placement and depth buffer (S, S)."""
    person = scene.person
    own = person.canonical
    rows = model.keypoint_vertices

    def head_frame(vertices: Array) -> Array:
        return np.asarray((vertices[rows] - own.centre) @ own.rotation / own.scale @ FLIP_YZ)

    camera = skinned(model, placement, person.deformed, rows)
    points = placement.project(camera)
    return HeadLabel(
        rotation=to_gl(scene.view.head).astype(np.float32),
        neutral=head_frame(person.neutral).astype(np.float32),
        deformed=head_frame(person.deformed).astype(np.float32),
        points=points.astype(np.float32),
        visible=visible(points, -camera[:, 2], depth),
        tone=np.int8(person.identity.tone),
        glasses=np.int8(any(mesh.lens for mesh in scene.meshes)),
    )


def visible(points: Array, distances: Array, depth: Array) -> Array:
    """(K,) 1 where the depth buffer near a point is not nearer than the point; outside the picture 0."""
    size = len(depth)
    column, row = (np.floor((points + 1) / 2 * size).astype(int)[:, i] for i in (0, 1))
    inside = (column >= 1) & (column < size - 1) & (row >= 1) & (row < size - 1)
    column, row = np.clip(column, 1, size - 2), np.clip(row, 1, size - 2)
    # The farthest of 3 x 3 pixels: at a silhouette the point itself may lie beside its pixel.
    around = np.stack([depth[row + i, column + j] for i in (-1, 0, 1) for j in (-1, 0, 1)])
    return np.asarray(inside & (around.max(0) > distances - HIDDEN_BY), np.uint8)


def stack(labels: list[HeadLabel], persons: list[int]) -> Heads:
    """One table of many labels."""
    columns = {f.name: np.stack([getattr(x, f.name) for x in labels]) for f in fields(HeadLabel)}
    box = np.full((len(labels), 3), np.nan, np.float32)
    return Heads(**columns, person=np.array(persons, np.int64), box=box)


def fit_parallel(heads: Heads) -> tuple[Array, Array]:
    """Scale (n,) and t (n, 2) of the parallel projection nearest to ``points``, by least squares."""
    turned = (heads.deformed @ np.swapaxes(heads.rotation, 1, 2))[..., :2]
    a, b = turned - turned.mean(1, keepdims=True), heads.points - heads.points.mean(1, keepdims=True)
    scale = (a * b).sum((1, 2)) / (a**2).sum((1, 2))
    return scale, heads.points.mean(1) - scale[:, None] * turned.mean(1)
