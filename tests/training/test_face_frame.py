"""The head frame follows the face alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extractor.training.face_frame import MEAN_FACE, in_face_frame
from extractor.training.geometry import FLIP_YZ, align, rotation
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.identity import sample_identity
from extractor.training.rendering.labels import MIRROR
from extractor.training.rendering.pack import Pack
from extractor.training.shards import Heads

angle = st.floats(-40, 40)


def test_the_mean_face_is_symmetric() -> None:
    assert np.allclose(MEAN_FACE[MIRROR] * [-1, 1, 1], MEAN_FACE)


@given(angle, angle, angle, st.floats(0.5, 2))
def test_a_turned_and_scaled_mean_face_is_found(pitch: float, yaw: float, roll: float, scale: float) -> None:
    turn = rotation(pitch, yaw, roll)
    found, size = align(MEAN_FACE, (scale * MEAN_FACE @ turn.T + [0.1, -0.3, 0.2])[None])
    assert np.allclose(found[0], turn, atol=1e-6)
    assert np.isclose(size[0], scale)


def test_the_frame_changes_and_the_picture_does_not(heads: Heads) -> None:
    once = in_face_frame(heads)
    twice = in_face_frame(once)
    assert np.allclose(once.rotation, twice.rotation, atol=1e-4)
    assert np.allclose(once.neutral, twice.neutral, atol=1e-4)
    assert np.allclose(once.rotation @ np.swapaxes(once.rotation, 1, 2), np.eye(3), atol=1e-5)
    turned = replace(
        heads, rotation=heads.rotation @ rotation(9, 0, 0), neutral=heads.neutral @ rotation(9, 0, 0),
        deformed=heads.deformed @ rotation(9, 0, 0),
    )  # fmt: skip
    assert np.allclose(in_face_frame(turned).rotation, once.rotation, atol=1e-4)  # whatever frame it was said in
    seen = [
        (h.deformed - h.deformed.mean(1, keepdims=True)) @ np.swapaxes(h.rotation, 1, 2) for h in (heads, once)
    ]  # up to the head's size
    sizes = [np.linalg.norm(x, axis=(1, 2))[:, None, None] for x in seen]
    assert np.allclose(seen[0] / sizes[0], seen[1] / sizes[1], atol=1e-4)


def test_rendered_heads_are_in_their_faces_frames(pack_folder: Path) -> None:
    model = HeadModel(Pack.open(pack_folder))
    rng = np.random.default_rng(2)
    for _ in range(5):
        neutral = model.shapes(sample_identity(model, rng).weights)[0]
        own = model.canonical(neutral)
        face = (neutral[model.keypoint_vertices] - own.centre) @ own.rotation / own.scale @ FLIP_YZ
        turn, size = align(MEAN_FACE, face[None])
        assert np.allclose(turn[0], np.eye(3), atol=1e-5)
        assert np.isclose(size[0], 1, atol=1e-5)
        assert np.allclose(face.mean(0), MEAN_FACE.mean(0), atol=1e-5)
