"""Errors of predicted motion against the truth; plain functions of tensors, checked against hand-made cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from extractor.decode import expression_magnitude
from extractor.face_shape import FaceShape, displacements, face_shape
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.targets import Targets
from extractor.training.measuring.face_signals import correlations
from extractor.types import KEYPOINT_NAMES, Motion

WEBCAM_DEG = (45.0, 60.0, 45.0)
"""Pitch, yaw and roll up to which a head is before a webcam."""

TONES = ("dark", "medium", "light")
NOISE_SIGMA = 6 / 255


Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Degrees unless said otherwise; NaN where nothing was measured."""

    heads: int
    webcam_heads: int
    mae_deg: Three  # pitch, yaw, roll, all heads
    geodesic_deg: float
    webcam_mae_deg: Three
    webcam_mae_mean_deg: float
    webcam_geodesic_deg: float
    keypoints_over_interocular: float  # share: mean error of driven keypoints, webcam range
    expression_correlation: float
    expression_slope: float  # of predicted against true magnitude
    tone_geodesic_deg: Three  # dark, medium, light; webcam range
    tone_ratio: float  # worst over best
    spread_ratio: Three  # root mean square of error over reported deviation; 1 is calibrated
    jitter_deg: Three  # pitch, yaw, roll under sensor noise; see ``jitter``
    signal_correlation: dict[str, float]  # Pearson's, of each number of ``extractor.face_shape``, webcam range


def geodesic_deg(a: Tensor, b: Tensor) -> Tensor:
    """Angle of the rotation between (..., 3, 3) and (..., 3, 3)."""
    # From the chord and not from the trace, whose arc cosine loses half the digits near zero.
    chord = (a.double() - b.double()).square().sum((-2, -1)).sqrt() / (2 * 2**0.5)
    return torch.rad2deg(2 * chord.clamp(0, 1).asin()).float()


def signed_deg(said: Tensor, true: Tensor) -> Tensor:
    """``said - true`` on the circle."""
    return (said - true + 180) % 360 - 180


def before_webcam(angles_deg: Tensor) -> Tensor:
    """(n,) bool of (n, 3): which heads are in ``WEBCAM_DEG``."""
    return (angles_deg.abs() <= torch.tensor(WEBCAM_DEG, device=angles_deg.device)).all(1)


def interocular(points: Tensor) -> Tensor:
    """(...) distance of the outer eye corners, (..., K, 2 or 3)."""
    left, right = (KEYPOINT_NAMES.index(name) for name in ("eye_outer_l", "eye_outer_r"))
    apart: Tensor = torch.linalg.vector_norm(points[..., left, :] - points[..., right, :], dim=-1)
    return apart


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's."""
    a, b = a.double() - a.double().mean(), b.double() - b.double().mean()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp_min(1e-12))


def shapes(out: Motion[Tensor], targets: Targets) -> tuple[Tensor, Tensor]:
    """(n, 5) numbers of ``FaceShape``, predicted and true; for networks with our keypoints."""
    said, true = [], []
    for i in range(len(targets)):
        rotation = out.rotation[i].cpu().numpy()
        moved = displacements(out.exp[i].float().cpu().numpy(), rotation)
        said.append(face_shape(out.kp[i].float().cpu().numpy(), moved, KEYPOINT_NAMES))
        kp = targets.kp[i].cpu().numpy()
        true.append(face_shape(kp, targets.moved[i].cpu().numpy() - kp, KEYPOINT_NAMES))
    width = len(FaceShape._fields)
    return torch.tensor(said).reshape(-1, width), torch.tensor(true).reshape(-1, width)


def shape_correlations(a: Tensor, b: Tensor) -> dict[str, float]:
    """Pearson's, of each column of ``shapes`` that moves, by name; unknown numbers (NaN) are left out."""
    fields = FaceShape._fields
    return correlations(a.numpy(), b.numpy(), fields, dict.fromkeys(fields, 0.0))


def measure(out: Motion[Tensor], targets: Targets, jitter_deg: Three = (float("nan"),) * 3) -> Metrics:
    """All metrics of predictions, on one device."""
    truth = targets.angles_deg
    errors = signed_deg(out.angles_deg, truth).abs()
    geodesic = geodesic_deg(out.rotation, targets.rotation)
    webcam = before_webcam(truth)
    # The distance of the eyes as seen from the front: in a profile the projected one shrinks to nothing.
    apart = targets.scale * interocular(targets.kp)
    points = (out.driven[..., :2] - targets.points).norm(dim=-1).mean(1) / apart
    said, true = expression_magnitude(out.exp), expression_magnitude(targets.exp)
    said_shapes, true_shapes = shapes(out, targets)
    tones = tuple(_mean(geodesic[webcam & (targets.tone == i)]) for i in range(3))
    known = [t for t in tones if t == t]
    slope = ((said - said.mean()) * (true - true.mean())).sum() / (true - true.mean()).square().sum().clamp_min(1e-12)
    z = errors[webcam] / out.std_deg[webcam].clamp_min(1e-6)
    return Metrics(
        heads=len(truth),
        webcam_heads=int(webcam.sum()),
        mae_deg=three(errors.mean(0)),
        geodesic_deg=_mean(geodesic),
        webcam_mae_deg=three(errors[webcam].mean(0)),
        webcam_mae_mean_deg=_mean(errors[webcam]),
        webcam_geodesic_deg=_mean(geodesic[webcam]),
        keypoints_over_interocular=_mean(points[webcam]),
        expression_correlation=correlation(said, true),
        expression_slope=float(slope),
        tone_geodesic_deg=(tones[0], tones[1], tones[2]),
        tone_ratio=max(known) / max(min(known), 1e-9) if known else float("nan"),
        spread_ratio=three(z.square().mean(0).sqrt()),
        jitter_deg=jitter_deg,
        signal_correlation=shape_correlations(said_shapes[webcam], true_shapes[webcam]),
    )


def jitter(
    network: Callable[[Tensor], dict[str, Tensor]], crops: Tensor, generator: torch.Generator, times: int = 16
) -> Three:
    """Deviation of pitch, yaw and roll when only sensor noise (sigma 6 of 255) changes; (B, 3, S, S) clean crops."""
    shots = []
    for _ in range(times):
        grain = torch.randn(crops.shape, generator=generator, device=generator.device).to(crops)
        noisy = ((crops + grain * NOISE_SIGMA).clamp(0, 1) * 255).round() / 255
        shots.append(decode_heads(network(noisy)).angles_deg)
    return three(torch.stack(shots).std(0).mean(0))


def _mean(x: Tensor) -> float:
    return float(x.double().mean())


def three(x: Tensor) -> Three:
    """The numbers of a (3,)."""
    a, b, c = x.tolist()
    return a, b, c
