"""Light and background."""

from __future__ import annotations

from typing import cast

import numpy as np

from extractor.training.geometry import Array, rotation, to_gl
from extractor.training.rendering.scene import Background, Colour, Light


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """To RGB, each from 0 to 1 (a value above 1 is a bright light's)."""
    k = (np.array([5, 3, 1]) + hue * 6) % 6
    r, g, b = value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1)
    return float(r), float(g), float(b)


def sample_light(rng: np.random.Generator, environments: dict[str, Array]) -> Light:
    """Soft to hard, from every side, warm to cold; the exposure follows the light as a camera's does, not exactly."""
    i = int(rng.integers(len(environments["names"])))
    turn = to_gl(rotation(rng.normal(0, 8), rng.uniform(-180, 180), rng.normal(0, 5)))
    even = 0.5 / max(1e-4, float(environments["sh"][i][0].mean()) * 0.282)
    ambient = rng.uniform(0.35, 1.2)
    sun = environments["sun"][i]
    around, above = rng.uniform(-1.5, 1.5), rng.uniform(-0.2, 1.2)
    if rng.random() < 0.08:
        around += np.pi  # from behind
    direction = np.array([np.sin(around) * np.cos(above), np.sin(above), np.cos(around) * np.cos(above)])
    if sun[3] > 15 and rng.random() < 0.6:
        direction = turn.T @ sun[:3]
    key = rng.choice([0.0, rng.uniform(0.1, 0.8), rng.uniform(0.8, 2.2)], p=[0.15, 0.5, 0.35])
    colour = _temperature(rng.normal(0, 0.12))
    if rng.random() < 0.12:  # sun or a lamp in a dark room: one half of the face in the shadow
        ambient, key = rng.uniform(0.08, 0.35), rng.uniform(1.0, 3.0)
        around, above = rng.uniform(-2.0, 2.0), rng.uniform(-0.7, 1.35)
        direction = np.array([np.sin(around) * np.cos(above), np.sin(above), np.cos(around) * np.cos(above)])
    if rng.random() < 0.04:  # a screen or a stage
        colour = np.array(hsv(rng.random(), rng.uniform(0.2, 0.7), 1.0))
    dapple = rng.uniform(0.4, 1.0) if rng.random() < 0.1 else 0.0
    fill = rng.choice([0.0, rng.uniform(0, 0.7)])
    aside = rng.normal(0, 1, 3)
    return Light(
        environment=i,
        turn=turn,
        gain=even * ambient,
        key_direction=direction / np.linalg.norm(direction),
        key_colour=colour * key,
        fill_direction=aside / np.linalg.norm(aside),
        fill_colour=_temperature(rng.normal(0, 0.2)) * fill,
        exposure=float(np.exp(rng.normal(0, 0.25)) * 0.62 / max(0.18, 0.5 * ambient + 0.3 * key)),
        shadow_softness=float(rng.uniform(0.002, 0.012)),
        dapple=float(dapple),
        dapple_scale=_spots(rng),
    )


def sample_background(rng: np.random.Generator) -> Background:
    """The environment, sharp or out of focus; a wall; or a wall with things on it."""
    mode = rng.choice(["environment", "gradient", "shapes", "shelves", "foliage"], p=[0.4, 0.2, 0.12, 0.13, 0.15])
    a, b, c = (np.array(hsv(rng.random(), rng.uniform(0, 0.55), rng.uniform(0.03, 1))) for _ in range(3))
    if mode == "gradient":
        b, c = a * 0.6 + b * 0.4, a * 0.6 + c * 0.4
        if rng.random() < 0.3:  # a studio's white or black
            a, b, c = (np.full(3, rng.choice([0.97, 0.01])) * rng.uniform(0.94, 1.0) for _ in range(3))
    return Background(
        mode=mode,
        turn=to_gl(rotation(rng.normal(0, 10), rng.uniform(-180, 180), rng.normal(0, 4))),
        zoom=float(rng.uniform(1.2, 4.5)),
        lod=float(rng.choice([0.3, 1.0, 2.0, 3.0]) + rng.random() * 0.6) if mode == "environment" else rng.random(),
        gain=float(np.exp(rng.normal(0, 0.35))),
        seed=float(rng.uniform(0, 100)),
        colours=cast("tuple[Colour, Colour, Colour]", tuple(tuple(float(x) for x in k) for k in (a, b, c))),
    )


def _spots(rng: np.random.Generator) -> tuple[float, float, float]:
    """Leaves are as wide as high, the gaps of blinds are not."""
    x, y, z = rng.uniform(0.8, 4.0) * (np.ones(3) if rng.random() < 0.7 else np.array([0.2, rng.uniform(2, 4), 0.2]))
    return float(x), float(y), float(z)


def _temperature(warmth: float) -> Array:
    return np.array([1 + warmth, 1, 1 - 1.2 * warmth])
