"""Where a scene's head, neck and torso stand before the camera; pure geometry, no graphics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from extractor.training.geometry import Array, between, perspective, rigid
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.scene import Scene

NEAR, FAR = 1.0, 200.0


@dataclass(frozen=True, eq=False)
class Placement:
    """Matrices of one image; camera coordinates are OpenGL's (y up, z towards the viewer), in decimetres."""

    torso: Array  # (4, 4) model to camera
    neck: Array
    head: Array
    centre: Array  # (3,) the head's centre in the camera
    projection: Array  # (4, 4)
    tangent: float  # of half the field of view

    def project(self, points: Array) -> Array:
        """Camera coordinates (K, 3) to image coordinates (K, 2): x right, y down, the edges at -1 and +1."""
        return np.asarray(points[:, :2] * [1, -1] / -points[:, 2:] / self.tangent)


def place(model: HeadModel, scene: Scene) -> Placement:
    """Chain head, neck and torso at their joints; the head is placed, the rest follows.

    With ``view.pin_torso`` the joint at the torso stays where an upright head would put it.
    """
    view, canonical = scene.view, scene.person.canonical
    tangent = float(np.tan(view.field_of_view / 2))
    upright = np.array([view.shift[0] * view.extent, view.shift[1] * view.extent, -view.extent / tangent])
    # The joints follow the identity's shape as a whole.
    skin = model.skin_vertices
    drift = scene.person.neutral[skin].mean(0) - model.pack.geometry["mean"][skin].mean(0)
    own = canonical.rotation.T  # the identity's coordinates to the canonical head's
    head_turn, torso_turn = view.head @ own, view.torso @ own
    matrices = _chain(model, head_turn, torso_turn, upright, canonical.centre, drift)
    if view.pin_torso:
        joint = model.pack.geometry["jneck"] + drift
        still = _chain(model, own, own, upright, canonical.centre, drift)[0]
        slip = _apply(still, joint) - _apply(matrices[0], joint)
        matrices = tuple(rigid(m[:3, :3], m[:3, 3] + slip) for m in matrices)  # type: ignore[assignment]
    torso, neck, head = matrices
    return Placement(torso, neck, head, _apply(head, canonical.centre), perspective(tangent, NEAR, FAR), tangent)


def skinned(model: HeadModel, placement: Placement, vertices: Array, rows: Array) -> Array:
    """Base vertices ``rows`` in camera coordinates, (K, 3), as the vertex shader moves them."""
    points, weights = vertices[rows], model.skinning[rows]
    rest = np.clip(1 - weights.sum(1), 0, None)
    h = np.c_[points, np.ones(len(points))]
    shares = ((rest, placement.torso), (weights[:, 0], placement.neck), (weights[:, 1], placement.head))
    q = np.sum([share[:, None] * (h @ m.T) for share, m in shares], axis=0)
    return np.asarray(q[:, :3] / q[:, 3:])


def _chain(
    model: HeadModel, head_turn: Array, torso_turn: Array, at: Array, centre: Array, drift: Array
) -> tuple[Array, Array, Array]:
    neck_turn = between(torso_turn, head_turn, 0.5)
    lower, upper = model.pack.geometry["jneck"] + drift, model.pack.geometry["jhead"] + drift
    head = rigid(head_turn, at - head_turn @ centre)
    neck = rigid(neck_turn, _apply(head, upper) - neck_turn @ upper)
    torso = rigid(torso_turn, _apply(neck, lower) - torso_turn @ lower)
    return torso, neck, head


def _apply(matrix: Array, point: Array) -> Array:
    return np.asarray(matrix[:3, :3] @ point + matrix[:3, 3])
