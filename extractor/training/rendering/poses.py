"""How the head is turned and where it is seen."""

from __future__ import annotations

import numpy as np

from extractor.training.geometry import rotation, to_gl
from extractor.training.rendering.scene import View

LIMITS = np.array([60.0, 92.0, 62.0])
"""Pitch, yaw and roll beyond which nothing is drawn; the bins reach 97.5."""

MEAN_EXTENT = 1.25
"""Half a head's height and a little, in units of the mean head's decimetre."""


def sample_pose(rng: np.random.Generator) -> tuple[float, float, float]:
    """Pitch, yaw and roll in degrees: two thirds as before a webcam, the rest up to profile and beyond comfort."""
    u = rng.random()
    if u < 0.4:
        pose = (rng.normal(0, 15), rng.normal(0, 25), rng.normal(0, 11))
    elif u < 0.8:
        pose = (rng.normal(0, 22), rng.uniform(-90, 90), rng.normal(0, 18))
    else:
        pose = (rng.uniform(-60, 60), rng.uniform(-90, 90), rng.uniform(-60, 60))
    pitch, yaw, roll = np.clip(pose, -LIMITS, LIMITS)
    return float(pitch), float(yaw), float(roll)


def sample_view(rng: np.random.Generator, scale: float, pose: tuple[float, float, float] | None = None) -> View:
    """A view of a head of this size; the torso follows the head part of the way."""
    pitch, yaw, roll = sample_pose(rng) if pose is None else pose
    follow = rng.uniform(0.25, 0.75)
    torso = rotation(
        pitch * rng.uniform(0.1, 0.5) + rng.normal(0, 4),
        yaw * follow + rng.normal(0, 8),
        roll * rng.uniform(0.2, 0.6) + rng.normal(0, 3),
    )
    return View(
        head=to_gl(rotation(pitch, yaw, roll)),
        torso=to_gl(torso),
        field_of_view=float(np.radians(np.exp(rng.uniform(np.log(10), np.log(55))))),
        # Wide enough that most crops of the app lie inside the picture.
        extent=MEAN_EXTENT * scale * float(rng.uniform(1.0, 1.55)),
        shift=(float(rng.normal(0, 0.08)), float(rng.normal(0, 0.08))),
    )
