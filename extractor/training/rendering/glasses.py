"""Spectacles: two super-elliptic rims, a bridge and two temples, fitted to a face's eyes and ears."""

from __future__ import annotations

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.lighting import hsv
from extractor.training.rendering.scene import Mesh, Surface
from extractor.training.rendering.solids import Solid, join, tube

SEGMENTS = 28
SIDES = 6


def sample_glasses(model: HeadModel, rng: np.random.Generator, deformed: Array) -> tuple[Mesh, Mesh]:
    """Frame and lenses, in the head's coordinates."""
    frame, lenses = _fit(
        rng,
        model.proxy_vertices("eyes", deformed),
        [model.landmark(deformed, name) for name in ("nasion", "ear_top_l", "ear_top_r")],
    )
    metal, dark = rng.random() < 0.4, rng.random() < 0.3
    paint = np.array(hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.02, 0.5))) * (1.5 if metal else 1)
    r, g, b = (float(x) for x in paint)
    shade = 0.02 if dark else 0.5
    return (
        Mesh(*frame, Surface(tint=(r, g, b), specular=1.5 if metal else 0.8, roughness=0.2), "head"),
        Mesh(
            *lenses,
            Surface(
                tint=(shade, shade, shade),
                alpha=float(rng.uniform(0.75, 1.0) if dark else rng.uniform(0.02, 0.18)),
                specular=1.0,
                roughness=0.1,
            ),
            "head",
            lens=True,
        ),
    )


def _fit(rng: np.random.Generator, eyes: Array, landmarks: list[Array]) -> tuple[Solid, Solid]:
    nasion, ear_l, ear_r = landmarks
    left, right = eyes[eyes[:, 0] > 0].mean(0), eyes[eyes[:, 0] <= 0].mean(0)
    width, height, power = rng.uniform(0.19, 0.27), rng.uniform(0.13, 0.22), rng.uniform(2, 5)
    thick, droop, flat = rng.uniform(0.008, 0.028), rng.uniform(-0.02, 0.05), rng.uniform(0.8, 1.0)
    middle, half = (left + right) / 2, (left[0] - right[0]) / 2
    centre = max(half + rng.uniform(-0.02, 0.02), width + 0.035)
    front = max(middle[2] + rng.uniform(0.17, 0.24), nasion[2] + 0.015)

    def depth(x: Array | float) -> Array:
        return np.asarray(front - 0.25 * (np.abs(x) - 0.1) ** 2)  # frames curve around the face

    angle = np.arange(SEGMENTS) / SEGMENTS * 2 * np.pi
    ca, sa = np.cos(angle), np.sin(angle)
    sx, sy = np.sign(ca) * np.abs(ca) ** (2 / power), np.sign(sa) * np.abs(sa) ** (2 / power)
    frame: list[Solid] = []
    lenses: list[Solid] = []
    fan = np.array([(0, 1 + i, 1 + (i + 1) % SEGMENTS) for i in range(SEGMENTS)])
    for side in (1, -1):
        x = side * (centre + sx * width)
        y = middle[1] + droop + np.where(sy > 0, sy * height * flat, sy * height)
        rim = np.stack([x + middle[0], y, depth(x)], 1)
        frame.append(tube(rim, thick, SIDES, closed=True))
        normals = np.tile([side * 0.15, 0, 1.0], (SEGMENTS + 1, 1))
        lenses.append((np.concatenate([rim.mean(0)[None], rim]), normals, fan))
    k = np.linspace(-1, 1, 6)
    inner = centre - width
    bridge_y = middle[1] + droop + height * rng.uniform(0.15, 0.6)
    arch = 1 - k**2
    bridge = np.stack([middle[0] + k * (inner + 0.01), bridge_y + 0.035 * arch, depth(inner) + 0.03 * arch], 1)
    frame.append(tube(bridge, thick * 0.9, SIDES))
    for side, ear in ((1, ear_l), (-1, ear_r)):
        x0, y0 = middle[0] + side * (centre + width), middle[1] + droop + height * 0.45
        z0 = float(depth(centre + width))
        hook = np.array([ear[0] + side * 0.03, ear[1] + 0.01, ear[2] + 0.02])
        temple = np.array(
            [
                [x0, y0, z0],
                [x0 + 0.3 * (hook[0] - x0), y0, z0 - 0.06],
                [x0 + 0.75 * (hook[0] - x0), 0.5 * y0 + 0.5 * hook[1], 0.5 * z0 + 0.5 * hook[2]],
                hook,
                hook + np.array([-side * 0.01, -0.18, -0.16]),
            ]
        )
        frame.append(tube(temple, thick * 1.1, SIDES))
    return join(frame), join(lenses)
