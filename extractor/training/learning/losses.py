"""What training minimises.

Angles near a profile: pitch and roll turn about nearly the same axis there, so their errors count with
the cosine of yaw, and the rotation matrix carries the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from extractor.decode import bin_centres, decode_on_device, driven_keypoints, expression_magnitude
from extractor.training.face_frame import MEAN_FACE
from extractor.training.learning.targets import Targets
from extractor.types import KEYPOINT_NAMES, POSE_HEADS, Motion

Heads = Mapping[str, Tensor]

EXP_BETA = 0.03
"""Displacement, in units of ``kp``, from which its error counts linearly."""

EMPHASIS = {"lid": 4.0, "brow": 2.0}
"""Lids and brows move a tenth as far as a mouth: with equal shares they are not learned."""

GAPS = (
    ("lid_up_l", "lid_low_l", 4.0), ("lid_up_r", "lid_low_r", 4.0), ("lip_up", "lip_low", 30.0),
    ("brow_mid_l", "eye_outer_l", 4.0), ("brow_mid_r", "eye_outer_r", 4.0),
    ("brow_inner_l", "eye_inner_l", 2.0), ("brow_inner_r", "eye_inner_r", 2.0), ("mouth_l", "mouth_r", 3.0),
)  # fmt: skip
"""Pairs of keypoints whose distance shows an expression, and how much each counts.

With 5 for the lips a shut mouth had one height, pressed or pouting: correlation with the mesh over a clip .72; .81
with 30, and poses as good.
"""

MOVING = [i for i, name in enumerate(KEYPOINT_NAMES) if name.startswith(("lid_", "lip_"))]
"""What opens and closes.  In photographs, whose neutral face nobody knows, ``exp`` alone answers for it: left to itself
``kp`` follows the lids there, and the closure of an eye, which is told against it, is lost."""

UPPER_LIDS, LOWER_LIDS = ([KEYPOINT_NAMES.index(f"lid_{part}_{side}") for side in "lr"] for part in ("up", "low"))

MEAN_GAP = float((MEAN_FACE[LOWER_LIDS, 1] - MEAN_FACE[UPPER_LIDS, 1]).mean())
"""How far the mean face's eyes are open."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Factors of the terms; found on rendered heads at 96 pixels."""

    bins: float = 0.3  # cross-entropy of the bins, per axis
    degrees: float = 0.1  # smooth L1 of the decoded angles, per axis
    rotation: float = 1.0  # Frobenius distance of the rotation matrices
    points: float = 8.0  # L1 of the driven keypoints in crop coordinates
    kp: float = 8.0
    exp: float = 100.0  # smooth L1; displacements are some hundredths, and with less the head stays at a constant
    magnitude: float = 20.0  # L1 of the expression magnitude
    eyes: float = 10.0  # L1 of how far each eye is open
    neutral: float = 10.0  # L1 on photographs of how far the eyes of ``kp`` are open from the mean face's
    gaps: float = 40.0  # L1 of GAPS on photographs, in crop coordinates
    scale: float = 1.0
    t: float = 1.0
    twins: float = 0.2  # smooth L1, per axis, between a picture and its mirrored twin
    hidden: float = 0.5  # what a hidden keypoint counts


def decode_heads(heads: Heads) -> Motion[Tensor]:
    """``extractor.decode.decode`` without leaving the device."""
    return decode_on_device({name: head.float() for name, head in heads.items()})


def bin_shares(degrees: Tensor, spread_deg: float) -> Tensor:
    """(..., 66) a normal distribution about ``degrees`` over the bins, whose mean is ``degrees``."""
    centres = bin_centres(degrees.device)
    return F.softmax(-(((degrees[..., None] - centres) / spread_deg) ** 2) / 2, dim=-1)


def losses(
    heads: Heads, targets: Targets, weights: LossWeights, spread_deg: float, twins: int = 0
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and its terms (detached means).

    The last ``twins`` rows are mirrored twins of the first ``twins``: same crop, other photographic
    faults, perhaps another expression; the network should see the same pose in both.
    """
    out = decode_heads(heads)
    truth = targets.angles_deg
    gimbal = torch.deg2rad(truth[:, 1]).cos().clamp(0.08, 1)
    axes = torch.stack([gimbal, torch.ones_like(gimbal), gimbal], dim=1)
    trust, known = targets.points_trust, targets.shape_known
    # Of what only some samples have a truth for, the mean is over those, so that mixtures need no other weights.
    rendered, photographed = known / known.mean().clamp_min(1e-6), (1 - known) / (1 - known).mean().clamp_min(1e-6)
    seen = targets.visible + weights.hidden * (1 - targets.visible)
    seen = seen / seen.mean(1, keepdim=True)

    counts = _emphasis(seen)
    counts = counts / counts.mean()

    cross = -(bin_shares(truth, spread_deg) * out.logits.log_softmax(-1)).sum(-1)
    terms = {
        "bins": (cross * axes).sum(1),
        "degrees": (F.smooth_l1_loss(out.angles_deg, truth, beta=2.0, reduction="none") * axes).sum(1),
        "rotation": (out.rotation - targets.rotation).square().sum((1, 2)).add(1e-6).sqrt(),
        "points": ((_driven(out, known)[..., :2] - targets.points).abs().mean(-1) * seen * counts).mean(1) * trust,
        "gaps": _gaps(out, targets) * trust * photographed,
        "kp": (out.kp - targets.kp).abs().mean((1, 2)) * rendered,
        "exp": (_displacement_loss(out.exp, targets.exp) * seen * _emphasis(seen)).mean(1) * rendered,
        "magnitude": (_magnitude(out.exp) - _magnitude(targets.exp)).abs() * rendered,
        "eyes": (_lid_gaps(out.kp + out.exp @ out.rotation.detach()) - _lid_gaps(targets.moved)).abs().mean(1)
        * rendered,
        "neutral": (_lid_gaps(out.kp) - MEAN_GAP).abs().mean(1) * photographed,
        "scale": (out.scale - targets.scale).abs() * rendered,
        "t": (out.t[:, :2] - targets.t).abs().mean(1) * rendered,
    }
    total = torch.stack([getattr(weights, name) * term.mean() for name, term in terms.items()]).sum()
    means = {name: term.detach().mean() for name, term in terms.items()}
    if twins:
        mirror = torch.tensor([1.0, -1.0, -1.0], device=truth.device)
        apart = F.smooth_l1_loss(out.angles_deg[:twins], out.angles_deg[-twins:] * mirror, beta=1.0, reduction="none")
        means["twins"] = (apart * axes[:twins]).sum(1).mean()
        total = total + weights.twins * means["twins"]
        means["twins"] = means["twins"].detach()
    error = (out.angles_deg - truth).detach().abs() * axes
    for kind, rows in (("mae", known), ("photo", 1 - known)):
        count = (axes * rows[:, None]).sum(0)
        if kind == "mae" or float(rows.sum()):
            means |= {
                f"{kind}_{name}": (error[:, i] * rows).sum() / count[i].clamp_min(1e-6)
                for i, name in enumerate(POSE_HEADS)
            }
    return total, means


def distillation(student: Heads, teacher: Heads, weights: LossWeights) -> Tensor:
    """How far a student's answers are from a teacher's: divergence of the bins, L1 of the rest."""
    total = torch.zeros((), device=student["kp"].device)
    for name in POSE_HEADS:
        aim = teacher[name].float().softmax(-1)
        total = total + weights.bins * F.kl_div(student[name].float().log_softmax(-1), aim, reduction="batchmean")
    for name, weight in (("kp", weights.kp), ("exp", weights.exp), ("scale", weights.scale), ("t", weights.t)):
        total = total + weight * (student[name].float() - teacher[name].float()).abs().mean()
    return total


def _displacement_loss(said: Tensor, true: Tensor) -> Tensor:
    """(B, K) quadratic for small errors: plain L1 aims at the median, and half of all faces are nearly neutral."""
    return F.smooth_l1_loss(said, true, beta=EXP_BETA, reduction="none").mean(-1)


def _emphasis(like: Tensor) -> Tensor:
    """(K,) the share of each keypoint's displacement."""
    return torch.tensor([EMPHASIS.get(name.split("_")[0], 1.0) for name in KEYPOINT_NAMES], device=like.device)


def _driven(out: Motion[Tensor], known: Tensor) -> Tensor:
    """(B, K, 3) driven keypoints from which a photograph's ``MOVING`` ones don't teach ``kp``."""
    held = torch.zeros_like(out.kp[..., :1])
    held[:, MOVING] = (1 - known)[:, None, None]
    kp = out.kp * (1 - held) + out.kp.detach() * held
    return driven_keypoints(kp, out.rotation, out.exp, out.scale, out.t)


def _lid_gaps(shape: Tensor) -> Tensor:
    """(B, 2) how far the lower lid lies below the upper one in a shape (B, K, 3) in the head frame."""
    return shape[:, LOWER_LIDS, 1] - shape[:, UPPER_LIDS, 1]


def _gaps(out: Motion[Tensor], targets: Targets) -> Tensor:
    """(B,) error of the vectors between pairs of driven keypoints; ``kp`` is held, so ``exp`` must make them right."""
    driven = driven_keypoints(out.kp.detach(), out.rotation.detach(), out.exp, out.scale.detach(), out.t.detach())
    first, second = ([KEYPOINT_NAMES.index(pair[i]) for pair in GAPS] for i in (0, 1))
    share = torch.tensor([pair[2] for pair in GAPS], device=driven.device)
    said = driven[:, first, :2] - driven[:, second, :2]
    true = targets.points[:, first] - targets.points[:, second]
    return ((said - true).abs().mean(-1) * share).mean(1)


def _magnitude(exp: Tensor) -> Tensor:
    # The square root's slope is infinite at zero, where neutral faces are.
    return expression_magnitude(exp + 1e-6)
