"""From the seven heads to motion: degrees with their spread, rotation, driven keypoints, expression.

Conventions (frames, signs, units) are fixed in ``extractor.types``.  Everything here is batched
and differentiable; half precision is raised to float32 first, because 66 bins of up to 97.5
degrees leave half precision with errors of a tenth of a degree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from extractor.decode_arrays import require_shapes
from extractor.types import (
    BIN_DEGREES,
    FIRST_BIN_DEGREES,
    HEADS,
    NUM_BINS,
    POSE_HEADS,
    REGIONS,
    Motion,
    region_keypoints,
)


def decode(heads: Mapping[str, Tensor], keypoint_names: Sequence[str] | None = None) -> Motion[Tensor]:
    """Decode a batch: degrees with their spread, rotation, driven keypoints, expression.

    Args:
        heads: As ``MotionExtractor`` returns them: pitch, yaw and roll (B, 66), t (B, 3), exp and kp (B, 3K),
            scale (B, 1); B may be 0.
        keypoint_names: K names as in ``NetworkSpec``; without them the magnitudes of brows, eyes and mouth are NaN.

    Returns:
        The motion, float32 on the CPU.

    Raises:
        ValueError: A head is missing or has another shape, or there are not K names.
    """
    return decode_on_device(_to_host(heads, keypoint_names), keypoint_names)


def decode_on_device(heads: Mapping[str, Tensor], keypoint_names: Sequence[str] | None = None) -> Motion[Tensor]:
    """``decode`` where the heads are: nothing is transferred and no number looked at, so a CUDA graph can hold it.

    Args:
        heads: As for ``decode``, float32 on one device.
        keypoint_names: As for ``decode``, which checks them.

    Returns:
        The motion, float32 on the heads' device.
    """
    batch, num_kp = heads["kp"].shape[0], heads["kp"].shape[1] // 3
    logits = torch.stack([heads[name] for name in POSE_HEADS], dim=1)
    angles, std = bins_to_degrees(logits)
    rotation = rotation_matrix(angles)
    kp = heads["kp"].reshape(batch, num_kp, 3)
    exp = heads["exp"].reshape(batch, num_kp, 3)
    scale = heads["scale"].reshape(batch)
    magnitudes = {region: _region_magnitude(exp, keypoint_names, region) for region in REGIONS}
    return Motion(
        angles_deg=angles,
        std_deg=std,
        rotation=rotation,
        kp=kp,
        exp=exp,
        scale=scale,
        t=heads["t"],
        driven=driven_keypoints(kp, rotation, exp, scale, heads["t"]),
        exp_magnitude=expression_magnitude(exp),
        brow_magnitude=magnitudes["brow"],
        eye_magnitude=magnitudes["eye"],
        mouth_magnitude=magnitudes["mouth"],
        logits=logits,
    )


def bin_centres(device: torch.device | None = None) -> Tensor:
    """The centres of the bins.

    Args:
        device: Where the tensor is made; None: where torch makes tensors by default.

    Returns:
        (66,) degrees, float32: -97.5, -94.5, ... 97.5.
    """
    return torch.arange(NUM_BINS, dtype=torch.float32, device=device) * BIN_DEGREES + FIRST_BIN_DEGREES


def bins_to_degrees(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the distribution ``softmax(logits)``.

    ``degrees = sum(softmax(logits) * arange(66)) * 3 - 97.5`` (LivePortrait's ``headpose_pred_to_degree``);
    the spread is this project's measure of uncertainty.

    Args:
        logits: (..., 66).

    Returns:
        Mean and standard deviation in degrees, each (...).

    Raises:
        ValueError: There are not 66 bins.
    """
    if logits.shape[-1:] != (NUM_BINS,):
        raise ValueError(f"Degrees are defined for {NUM_BINS} bins, not for logits of shape {tuple(logits.shape)}.")
    probability = _at_least_single(logits).softmax(dim=-1)
    centres = bin_centres(logits.device).to(probability.dtype)
    mean = (probability * centres).sum(dim=-1)
    # About the mean and not E[x^2] - E[x]^2, which cancels to nothing in float32 when the peak is sharp.
    variance = (probability * (centres - mean[..., None]) ** 2).sum(dim=-1)
    return mean, variance.sqrt()


def rotation_matrix(angles_deg: Tensor) -> Tensor:
    """``Rz(roll) @ Ry(yaw) @ Rx(pitch)``, from the head to the camera.

    Args:
        angles_deg: Pitch, yaw and roll in degrees, (..., 3).

    Returns:
        Rotations (..., 3, 3).
    """
    pitch, yaw, roll = torch.deg2rad(_at_least_single(angles_deg)).unbind(dim=-1)
    cp, sp, cy, sy, cr, sr = pitch.cos(), pitch.sin(), yaw.cos(), yaw.sin(), roll.cos(), roll.sin()
    rows = (
        (cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp),
        (sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp),
        (-sy, cy * sp, cy * cp),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def angles_from_matrix(rotation: Tensor) -> Tensor:
    """The inverse of ``rotation_matrix``.

    ``yaw = asin(-R[2, 0])``, ``pitch = atan2(R[2, 1], R[2, 2])``, ``roll = atan2(R[1, 0], R[0, 0])``.
    At yaw = +-90 only roll - pitch or roll + pitch is defined: there pitch is 0.

    Args:
        rotation: (..., 3, 3).

    Returns:
        Pitch, yaw and roll in degrees, (..., 3); yaw lies in [-90, 90].
    """
    r = _at_least_single(rotation)
    cos_yaw = torch.hypot(r[..., 2, 1], r[..., 2, 2])
    locked = cos_yaw < 1e-6
    # asin loses half the digits near 90 degrees; this is the same angle without that loss.
    yaw = torch.atan2(-r[..., 2, 0], cos_yaw)
    pitch = torch.where(locked, torch.zeros_like(yaw), torch.atan2(r[..., 2, 1], r[..., 2, 2]))
    roll = torch.where(locked, torch.atan2(-r[..., 0, 1], r[..., 1, 1]), torch.atan2(r[..., 1, 0], r[..., 0, 0]))
    return torch.rad2deg(torch.stack([pitch, yaw, roll], dim=-1))


def driven_keypoints(kp: Tensor, rotation: Tensor, exp: Tensor, scale: Tensor, t: Tensor) -> Tensor:
    """``scale * (kp @ R.T + exp) + t`` in row vectors, with t's z ignored.

    It is LivePortrait's ``transform_keypoint``, whose stored rotation is the transpose of ours.

    Args:
        kp: Neutral shape in the head frame, (..., K, 3).
        rotation: Head to camera, (..., 3, 3).
        exp: Expression displacement in the camera's axes, in units of ``kp``, (..., K, 3).
        scale: (...).
        t: (..., 3).

    Returns:
        Points (..., K, 3); x and y are crop coordinates, with the crop's edges at -1 and +1.
    """
    moved = scale[..., None, None] * (kp @ rotation.transpose(-1, -2) + exp)
    return moved + torch.cat([t[..., :2], torch.zeros_like(t[..., 2:])], dim=-1)[..., None, :]


def to_frame(points: Tensor, crop_to_frame: Tensor) -> Tensor:
    """Map points from the crop to the frame.

    Args:
        points: Crop coordinates (..., K, 2 or 3).
        crop_to_frame: The crop's affine, (2, 3) or (..., 2, 3).

    Returns:
        Pixels of the frame, (..., K, 2).
    """
    return points[..., :2] @ crop_to_frame[..., :2].transpose(-1, -2) + crop_to_frame[..., None, :, 2]


def expression_magnitude(exp: Tensor, keypoints: Sequence[int] | None = None) -> Tensor:
    """Root mean square over the keypoints of the length of ``exp``.

    Args:
        exp: (..., K, 3).
        keypoints: Indices of the keypoints to take; None: all.

    Returns:
        Magnitudes (...), in units of ``kp``.
    """
    chosen = exp if keypoints is None else exp[..., list(keypoints), :]
    return chosen.square().sum(dim=-1).mean(dim=-1).sqrt()


def _region_magnitude(exp: Tensor, names: Sequence[str] | None, region: str) -> Tensor:
    keypoints = region_keypoints(names, region) if names is not None else ()
    if not keypoints:
        return exp.new_full((exp.shape[0],), math.nan)
    return expression_magnitude(exp, keypoints)


def _to_host(heads: Mapping[str, Tensor], keypoint_names: Sequence[str] | None) -> dict[str, Tensor]:
    """The checked heads in float32 on the CPU, fetched from the device in one transfer, not in seven."""
    require_shapes({name: tuple(head.shape) for name, head in heads.items()}, keypoint_names)
    packed = torch.cat([_at_least_single(heads[name]) for name in HEADS], dim=-1).float().cpu()
    return dict(zip(HEADS, torch.split(packed, [heads[name].shape[-1] for name in HEADS], dim=-1), strict=True))


def _at_least_single(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
