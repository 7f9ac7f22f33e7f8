"""Things in front of or on a face: hands, phones, mugs, microphones, headphones.

Face masks are shells of the skin (``wardrobe``).  What is held lies in the camera's coordinates
relative to the head's centre, in decimetres: the renderer adds the head's place.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.lighting import hsv
from extractor.training.rendering.scene import Colour, Mesh, Surface
from extractor.training.rendering.solids import Solid, box, capsule, ellipsoid, join, moved, tube

HELD = ("hand", "phone", "mug", "microphone")


def sample_held(rng: np.random.Generator, skin: Colour) -> Mesh:
    """One thing held before the face or at its edge; ``skin`` is the colour of hands."""
    kind = HELD[rng.choice(4, p=[0.5, 0.2, 0.15, 0.15])]
    surface = Surface(
        tint=skin if kind == "hand" else _paint(rng), specular=0.35 if kind == "hand" else 0.8, roughness=0.4
    )
    if kind == "hand":
        solid = _hand(rng)
    elif kind == "phone":
        solid = join([box(np.array([0.37, 0.76, 0.05])), *_fingers_around(rng)])
    elif kind == "mug":
        k = np.linspace(0, 1, 12)[:, None]
        handle = np.concatenate([0.42 + 0.25 * np.sin(np.pi * k), 0.3 - 0.6 * k, 0 * k], axis=1)
        body = tube(
            np.array([[0, -0.5, 0], [0, -0.49, 0], [0, 0.5, 0], [0, 0.501, 0]]), np.array([0.01, 0.4, 0.42, 0.36]), 24
        )
        solid = join([body, tube(handle, 0.06)])
    else:
        rod = tube(np.array([[0, -2.2, 0], [0, 0, 0.0]]), np.array([0.12, 0.14]), 14)
        solid = join([rod, moved(ellipsoid(np.array([0.24, 0.28, 0.24])), np.eye(3), np.array([0, 0.2, 0.0]))])
    tilt = Rotation.from_euler("zyx", [rng.normal(0, 40), rng.normal(0, 35), rng.normal(0, 25)], degrees=True)
    around = rng.uniform(0, 2 * np.pi)
    # Mostly from below and from the sides; seldom over the middle of the face.
    distance = rng.uniform(0.35, 1.3)
    at = np.array(
        [np.cos(around) * distance, -abs(np.sin(around)) * distance - rng.uniform(-0.2, 0.4), rng.uniform(1.35, 1.9)]
    )
    return Mesh(*moved(solid, tilt.as_matrix(), at), surface, "camera")


def sample_headphones(model: HeadModel, rng: np.random.Generator, deformed: Array) -> Mesh:
    """A band over the head and a cup on each ear, in the head's coordinates."""
    left, right = model.landmark(deformed, "tragus_l"), model.landmark(deformed, "tragus_r")
    top = deformed[:, 1].max() + rng.uniform(0.03, 0.15)
    middle, half = (left + right) / 2, abs(left[0] - right[0]) / 2 + rng.uniform(0.08, 0.16)
    angle = np.linspace(0, np.pi, 24)
    rise = top - middle[1]
    band = np.stack(
        [middle[0] + half * np.cos(angle), middle[1] + rise * np.sin(angle), np.full(24, middle[2] - 0.1)], 1
    )
    parts = [tube(band, rng.uniform(0.04, 0.09))]
    size = rng.uniform(0.25, 0.42)
    for side in (1, -1):
        cup = box(np.array([0.14, size, size * 0.85]), power=float(rng.uniform(2.2, 5)))
        parts.append(moved(cup, np.eye(3), np.array([middle[0] + side * half, middle[1] + 0.02, middle[2] - 0.1])))
    if rng.random() < 0.5:  # a headset's boom
        side = 1 if rng.random() < 0.5 else -1
        mouth = model.landmark(deformed, "mouth_l" if side > 0 else "mouth_r")
        start = np.array([middle[0] + side * half, middle[1] - 0.1, middle[2]])
        end = mouth + np.array([side * 0.12, -0.1, 0.2])
        bend = (start + end) / 2 + np.array([side * 0.15, -0.05, 0.1])
        k = np.linspace(0, 1, 10)[:, None]
        parts.append(tube((1 - k) ** 2 * start + 2 * k * (1 - k) * bend + k**2 * end, 0.025, 8))
        parts.append(moved(ellipsoid(np.array([0.07, 0.06, 0.07]), 8), np.eye(3), end))
    return Mesh(*join(parts), Surface(tint=_paint(rng), specular=0.6, roughness=0.4), "head")


def _hand(rng: np.random.Generator) -> Solid:
    """A palm, four fingers bent together, a thumb and a wrist; about 1.8 decimetres long."""
    parts = [box(np.array([0.4, 0.45, 0.14]), power=3.5)]
    bend, spread = rng.uniform(0, 1.0), rng.uniform(0.02, 0.16)
    for i, length in enumerate((0.62, 0.72, 0.68, 0.52)):
        base = np.array([-0.3 + 0.2 * i, 0.4, 0.0])
        lean = (i - 1.5) * spread
        knuckle = base + 0.5 * length * np.array([np.sin(lean), np.cos(bend * 0.5), np.sin(bend * 0.5)])
        tip = knuckle + 0.5 * length * np.array([np.sin(lean), np.cos(bend * 1.3), np.sin(bend * 1.3)])
        parts += [capsule(base, knuckle, 0.095), capsule(knuckle, tip, 0.085)]
    thumb = np.array([-0.42, -0.1, 0.0])
    knuckle = thumb + np.array([-0.28, 0.28, 0.05])
    parts += [capsule(thumb, knuckle, 0.12), capsule(knuckle, knuckle + np.array([-0.08, 0.3, 0.08]), 0.1)]
    parts.append(capsule(np.array([0, -0.3, 0.0]), np.array([0, -1.6, 0.0]), 0.3))
    return join(parts)


def _fingers_around(rng: np.random.Generator) -> list[Solid]:
    """Finger ends on a phone's edge."""
    heights = rng.uniform(-0.3, 0.1) + 0.2 * np.arange(3)
    return [capsule(np.array([0.3, y, -0.1]), np.array([0.38, y + 0.03, 0.1]), 0.09) for y in heights]


def _paint(rng: np.random.Generator) -> Colour:
    return hsv(rng.random(), rng.uniform(0, 0.7), float(rng.choice([rng.uniform(0.01, 0.1), rng.uniform(0.1, 0.9)])))
