"""Colours of lips, lids and cheeks: make-up, and what faces have of themselves."""

from __future__ import annotations

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.lighting import hsv
from extractor.training.rendering.scene import Makeup


def sample_makeup(rng: np.random.Generator, male: float, tone: int) -> Makeup:
    """Painted (half of the women), or natural: redder cheeks, dark circles, freckles (``tone`` 2 is light)."""
    if male < 0.5 and rng.random() < 0.5:
        lips = hsv(rng.normal(0.97, 0.03) % 1, rng.uniform(0.4, 0.95), rng.uniform(0.1, 0.7))
        lids = hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.01, 0.5))
        cheeks = hsv(rng.normal(0.98, 0.02) % 1, 0.6, rng.uniform(0.3, 0.7))
        amounts = (rng.uniform(0.1, 0.8), rng.beta(1, 2) * 0.7, rng.beta(1, 3) * 0.6)
    else:
        lips = hsv(rng.normal(0.99, 0.02) % 1, rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.5))
        lids = (0.05, 0.02, 0.02)
        cheeks = (0.5, 0.12, 0.1)
        amounts = (rng.beta(1, 5) * 0.6, rng.beta(1, 5) * 0.6, rng.beta(1, 4) * (0.5 if tone else 0.15))
    freckles = rng.uniform(0.1, 1.0) if rng.random() < (0.05, 0.08, 0.2)[tone] else 0.0
    return Makeup(lips, lids, cheeks, (float(amounts[0]), float(amounts[1]), float(amounts[2])), float(freckles))


def makeup_places(model: HeadModel, deformed: Array) -> dict[str, Array]:
    """Where ``skin.frag`` paints: centres and half sizes in the model's coordinates, decimetres."""

    def at(name: str) -> Array:
        return model.landmark(deformed, name)

    left, right, up, low = at("mouth_l"), at("mouth_r"), at("lip_up"), at("lip_low")
    places = {
        "mouth_at": np.array([(left[0] + right[0]) / 2, (up[1] + low[1]) / 2, (up[2] + low[2]) / 2]),
        "mouth_size": np.array([abs(left[0] - right[0]) / 2, max(0.06, abs(up[1] - low[1]) / 2), 0.5]),
    }
    for side in "lr":
        eye = (at(f"lid_up_{side}") + at(f"lid_low_{side}")) / 2
        places[f"eye_{side}"] = eye
        places[f"cheek_{side}"] = 0.5 * eye + 0.35 * at(f"gonion_{side}") + 0.15 * at(f"mouth_{side}")
    return places
