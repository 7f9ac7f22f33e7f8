"""What a filmed head does, frame by frame, and the scene of each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from extractor.training.geometry import Array, rotation, to_gl
from extractor.training.rendering.expression import Expression, ExpressionWeights
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Scene

FPS = 30


@dataclass(frozen=True, eq=False)
class Performance:
    """What the head does in each of N frames."""

    angles_deg: Array  # (N, 3) pitch, yaw, roll
    jaw: Array
    funnel: Array
    stretch: Array
    smile: Array
    brows_up: Array
    frown: Array
    lids: Array

    def __len__(self) -> int:
        return len(self.angles_deg)


def movement(turns: Array, frames: int, *, loop: bool = False) -> Array:
    """(frames, 3) pitch, yaw and roll on a smooth way through ``turns``, rows of seconds and the three angles."""
    fine = 4
    path = PchipInterpolator(turns[:, 0], turns[:, 1:])(np.arange(frames * fine) / (FPS * fine))
    smooth = gaussian_filter1d(path, 3.5 * fine, axis=0, mode="wrap" if loop else "nearest")
    return np.asarray(smooth[::fine])


def bump(t: Array, at: float, width: float) -> Array:
    """(N,) a smooth movement there and back about the second ``at``."""
    return np.asarray(np.exp(-(((t - at) / width) ** 2)))


def speech(rng: np.random.Generator, t: Array, phrases: Sequence[tuple[float, float]]) -> dict[str, Array]:
    """``jaw``, ``funnel`` and ``stretch``, (N,) each: syllables, four a second, within phrases (seconds from, to)."""
    jaw, funnel, stretch = np.zeros(len(t)), np.zeros(len(t)), np.zeros(len(t))
    for start, end in phrases:
        at = start
        while at < end:
            jaw += rng.uniform(0.25, 0.75) * bump(t, at, 0.075)
            kind = rng.random()
            if kind < 0.35:
                funnel += rng.uniform(0.3, 0.7) * bump(t, at, 0.1)
            elif kind < 0.65:
                stretch += rng.uniform(0.2, 0.5) * bump(t, at, 0.1)
            at += rng.uniform(0.17, 0.3)
    return {"jaw": jaw.clip(0, 0.85), "funnel": funnel, "stretch": stretch}


def blinks(t: Array, at: Sequence[float]) -> Array:
    """(N,) closure of the lids, blinks of a fifth of a second at these seconds."""
    if not at:
        return np.zeros(len(t))
    lids = np.max([np.where(t < c, 1 + (t - c) / 0.08, 1 - (t - c - 0.05) / 0.14) for c in at], axis=0).clip(0, 1)
    return np.asarray(lids * lids * (3 - 2 * lids))


def expression_at(model: HeadModel, p: Performance, i: int) -> Expression:
    """The face in frame ``i``."""
    e = ExpressionWeights(model)
    e.put("jawOpen", 0.75 * p.jaw[i])
    e.put("mouthFunnel", p.funnel[i])
    e.put("mouthStretch", 0.6 * p.stretch[i])
    e.put("mouthLowerDown", 0.35 * p.stretch[i] + 0.15 * p.jaw[i])
    e.put("mouthUpperUp", 0.25 * p.stretch[i] + 0.1 * p.jaw[i])
    e.put("mouthSmile", p.smile[i])
    e.put("cheekSquint", 0.5 * p.smile[i])
    e.put("browInnerUp", p.brows_up[i])
    e.put("browOuterUp", p.brows_up[i])
    e.put("browDown", p.frown[i])
    e.lids("closure", p.lids[i], p.lids[i])
    return Expression(e.weights, float(p.lids[i]))


def frame_scene(sampler: Sampler, still: Scene, p: Performance, i: int) -> Scene:
    """Frame ``i`` before the camera of ``still``: the head turned, the shoulders held, the eyes drawn to the camera."""
    pitch, yaw, roll = p.angles_deg[i]
    scene = sampler.with_expression(still, expression_at(sampler.model, p, i))
    head = to_gl(rotation(pitch, yaw, roll))
    sway = 0.6 * np.sin(2 * np.pi * i / (3 * FPS))
    torso = to_gl(rotation(0.08 * pitch + sway, 0.14 * yaw, 0.06 * roll))
    camera = head.T @ [0.0, 0.0, 1.0]  # where the viewer is, seen from the head
    aside = float(np.degrees(np.arctan2(camera[0], camera[2])))
    down = float(np.degrees(np.arctan2(-camera[1], camera[2])))
    gaze = (float(np.clip(0.75 * aside, -26, 26)), float(np.clip(0.6 * down, -12, 12) + 10 * p.lids[i]))
    parts = {**scene.parts, "eyes": replace(scene.parts["eyes"], gaze=gaze)}
    return replace(scene, parts=parts, view=replace(still.view, head=head, torso=torso, pin_torso=True))
