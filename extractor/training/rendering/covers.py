"""Which parts of the skin carry a face mask, a fringe or hair at the temples: a share for each base vertex."""

from __future__ import annotations

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel


def mask_cover(model: HeadModel) -> Array:
    """(N,) how much of each base vertex a face mask covers: nose bridge to under the chin, cheek to cheek."""
    b = model.base
    nasion, tip, chin = (model.landmark(b, name) for name in ("nasion", "nose_tip", "chin"))
    wide = model.landmark(b, "zygion_l")[0] * 1.08
    top, bottom = 0.45 * nasion[1] + 0.55 * tip[1], chin[1] - 0.22
    middle, half = (top + bottom) / 2, (top - bottom) / 2
    # The upper edge falls towards the cheeks.
    up = (b[:, 1] - middle) / half + 0.35 * np.clip(np.abs(b[:, 0]) / wide, 0, 1) * (b[:, 1] > middle)
    reach = np.maximum(np.abs(up), np.abs(b[:, 0]) / wide)
    front = b[:, 2] > model.landmark(b, "tragus_l")[2] + 0.25
    return np.asarray(np.clip((1.25 - reach) * 1.6, 0, 1) * front)


def fringe_cover(model: HeadModel) -> Array:
    """(N,) the forehead from the hairline to over the brows; hair grown there hangs down over it."""
    b = model.base
    brow = model.landmark(b, "brow_mid_l")[1]
    wide = model.landmark(b, "zygion_l")[0]
    front = np.clip((b[:, 2] - model.landmark(b, "ear_top_l")[2] - 0.2) * 3, 0, 1)
    return np.asarray(np.clip((b[:, 1] - brow - 0.1) * 4, 0, 1) * front * (np.abs(b[:, 0]) < wide * 1.2))


def temples_cover(model: HeadModel) -> Array:
    """(N,) the sides of the face before the ears, from the hairline to the mouth: hair worn over the cheeks."""
    b = model.base
    ear, mouth = model.landmark(b, "tragus_l"), model.landmark(b, "mouth_l")
    wide = model.landmark(b, "zygion_l")[0]
    side = np.clip((np.abs(b[:, 0]) / wide - 0.82) * 6, 0, 1)
    between = (b[:, 2] > ear[2] - 0.15) & (b[:, 1] > mouth[1])
    return np.asarray(side * between)
