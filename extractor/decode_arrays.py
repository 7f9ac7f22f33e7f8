"""``extractor.decode.decode`` in NumPy, for every engine; the formulas are explained there."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.types import (
    BIN_DEGREES,
    FIRST_BIN_DEGREES,
    HEADS,
    NUM_BINS,
    POSE_HEADS,
    REGIONS,
    Floats,
    HostMotion,
    Motion,
    head_widths,
    region_keypoints,
)

CENTRES: Floats = np.arange(NUM_BINS, dtype=np.float32) * np.float32(BIN_DEGREES) + np.float32(FIRST_BIN_DEGREES)
"""The 66 bin centres in degrees."""


def decode_arrays(heads: Mapping[str, Floats], keypoint_names: Sequence[str] | None = None) -> HostMotion:
    """Decode a batch of raw heads, float32, shaped as ``MotionExtractor`` returns them; B may be 0.

    Raises ValueError where a head is missing or has another shape, or there are not K names.
    """
    require_shapes({name: head.shape for name, head in heads.items()}, keypoint_names)
    batch, num_kp = heads["kp"].shape[0], heads["kp"].shape[1] // 3
    logits = np.stack([heads[name] for name in POSE_HEADS], axis=1)
    angles, std = bins_to_degrees(logits)
    rotation = rotation_matrix(angles)
    kp = heads["kp"].reshape(batch, num_kp, 3)
    exp = heads["exp"].reshape(batch, num_kp, 3)
    scale, t = heads["scale"].reshape(batch), heads["t"]
    driven = scale[:, None, None] * (kp @ rotation.transpose(0, 2, 1) + exp)
    driven[..., :2] += t[:, None, :2]
    magnitudes = expression_magnitudes(exp, keypoint_names)
    return Motion(
        angles_deg=angles,
        std_deg=std,
        rotation=rotation,
        kp=kp,
        exp=exp,
        scale=scale,
        t=t,
        driven=driven,
        exp_magnitude=magnitudes["face"],
        brow_magnitude=magnitudes["brow"],
        eye_magnitude=magnitudes["eye"],
        mouth_magnitude=magnitudes["mouth"],
        logits=logits,
    )


def bins_to_degrees(logits: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation in degrees, each (...), of ``softmax(logits)``, (..., 66)."""
    probability = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probability /= probability.sum(axis=-1, keepdims=True)
    mean: Floats = (probability * CENTRES).sum(axis=-1)
    # About the mean and not E[x^2] - E[x]^2, which cancels to nothing in float32 when the peak is sharp.
    variance: Floats = (probability * np.square(CENTRES - mean[..., None])).sum(axis=-1)
    return mean, np.sqrt(variance)


def rotation_matrix(angles_deg: Floats) -> Floats:
    """``Rz(roll) @ Ry(yaw) @ Rx(pitch)``, (B, 3, 3), of pitch, yaw and roll in degrees, (B, 3)."""
    radians = np.deg2rad(angles_deg)
    (cp, cy, cr), (sp, sy, sr) = np.cos(radians).T, np.sin(radians).T
    rows = (
        (cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp),
        (sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp),
        (-sy, cy * sp, cy * cp),
    )
    matrix: Floats = np.ascontiguousarray(np.array(rows).transpose(2, 0, 1))
    return matrix


def angles_from_matrix(rotation: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Pitch, yaw and roll in degrees, (..., 3), of such rotations, (..., 3, 3)."""
    r = np.asarray(rotation, np.float64)
    pitch = np.arctan2(r[..., 2, 1], r[..., 2, 2])
    yaw = np.arctan2(-r[..., 2, 0], np.hypot(r[..., 2, 1], r[..., 2, 2]))  # asin loses half the digits near 90 degrees
    roll = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    return np.asarray(np.rad2deg(np.stack([pitch, yaw, roll], axis=-1)))


def expression_magnitudes(exp: Floats, keypoint_names: Sequence[str] | None) -> dict[str, Floats]:
    """Root mean square over the keypoints of ``|exp|``, (B, K, 3) to (B,): of the whole "face" and of ``REGIONS``.

    NaN for a region of which no keypoint is named.
    """
    lengths = np.square(exp).sum(axis=-1)
    regions = _regions(tuple(keypoint_names)) if keypoint_names is not None else {}
    magnitudes = {region: _magnitude(lengths, regions.get(region)) for region in REGIONS}
    return {"face": _magnitude(lengths, slice(None)), **magnitudes}


@functools.lru_cache(maxsize=8)
def _regions(names: tuple[str, ...]) -> Mapping[str, NDArray[np.intp]]:
    found = {region: np.array(region_keypoints(names, region), np.intp) for region in REGIONS}
    return {region: keypoints for region, keypoints in found.items() if len(keypoints)}


def _magnitude(lengths: Floats, keypoints: NDArray[np.intp] | slice | None) -> Floats:
    """Root mean square over the keypoints; ``lengths`` (B, K) holds the squares."""
    if keypoints is None:
        return np.full(len(lengths), math.nan, np.float32)
    of_them = lengths[:, keypoints]
    # The sum and a division are what ``mean`` does, in a third of its time.
    mean: Floats = np.add.reduce(of_them, axis=-1, dtype=np.float32) / np.float32(of_them.shape[-1])
    return np.sqrt(mean)


def require_shapes(heads: Mapping[str, tuple[int, ...]], keypoint_names: Sequence[str] | None) -> None:
    """Raise ValueError unless heads of these shapes can be decoded, and the names, if any, are as many as keypoints."""
    missing = [name for name in HEADS if name not in heads]
    if missing:
        raise ValueError(f"The network's outputs lack {', '.join(missing)}.")
    batch, width = heads["kp"][0], heads["kp"][-1]
    for name, expected in head_widths(width // 3, NUM_BINS).items():
        if heads[name] != (batch, expected) or not width:
            raise ValueError(f"The head {name} has the shape {heads[name]}, which can't be decoded.")
    if keypoint_names is not None and len(keypoint_names) != width // 3:
        raise ValueError(f"There are {len(keypoint_names)} keypoint names for {width // 3} keypoints.")
