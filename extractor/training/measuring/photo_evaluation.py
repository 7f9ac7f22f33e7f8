"""What a checkpoint says to labelled photographs, and its errors by what is known of them.

Crops are cut as the app cuts them: by the stored face box, without any fault added.  The truth is the labels in the
project's frame (``face_mesh.ESTIMATOR_PITCH_DEG``), so a part of every error is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from torch import Tensor

from extractor.model import MotionExtractor
from extractor.training.evaluate import BATCH, ask_all
from extractor.training.geometry import Array
from extractor.training.learning.augment import cut
from extractor.training.learning.framing import Framing
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.measuring.face_signals import correlations, face_signals, in_head_frame
from extractor.training.measuring.metrics import Three, before_webcam, geodesic_deg, signed_deg, three
from extractor.types import KEYPOINT_NAMES, POSE_HEADS, CropSpec

SOURCES = ("FairFace", "AI-made portraits", "London set")
"""Names of the sets in shards that don't tell them."""

LEAST_FACES = 20
"""Groups of fewer are told, but are neither the best nor the worst."""

SHUFFLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """What is known of n photographed faces beside their pose."""

    mesh: Array  # (n, 24, 3) MediaPipe's points with their depth, the picture's edges at -1 and +1
    kinds: dict[str, list[str]]  # "group", "age", ...: n names; empty: unknown


@dataclass(frozen=True, slots=True, eq=False)
class PhotoAnswers:
    """What was said of n photographs, and the labels; degrees."""

    angles_deg: Tensor  # (n, 3) said: pitch, yaw, roll
    std_deg: Tensor  # (n, 3)
    rotation: Tensor  # (n, 3, 3)
    points: Tensor  # (n, K, 2) said, in the picture's coordinates
    signals: Array  # (n, 3) said, see ``face_signals``; NaN for networks with other keypoints
    true_angles_deg: Tensor
    true_rotation: Tensor
    true_points: Tensor  # (n, 24, 2)
    true_signals: Array
    logits: Tensor  # (n, 3, 66) said

    def take(self, rows: Tensor) -> PhotoAnswers:
        """Those to these rows."""
        return PhotoAnswers(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @property
    def geodesic_deg(self) -> Tensor:
        """(n,)"""
        return geodesic_deg(self.rotation, self.true_rotation)

    @property
    def signed_deg(self) -> Tensor:
        """(n, 3) said minus true."""
        return signed_deg(self.angles_deg, self.true_angles_deg)

    @property
    def webcam(self) -> Tensor:
        """(n,) bool: as before a webcam."""
        return before_webcam(self.true_angles_deg)


@dataclass(frozen=True, slots=True)
class PhotoErrors:
    """Errors over some photographs; degrees unless said otherwise, pitch, yaw, roll in this order."""

    faces: int
    geodesic_deg: float
    geodesic_without_offset_deg: float  # after the one turn of the head frame that helps most
    mae_deg: Three
    signed_deg: Three  # said minus true
    slope: Three  # of the line through what was said over the truth; 1: a nod has its whole size


@dataclass(frozen=True, slots=True)
class PhotoFigures:
    """Everything that is measured on photographs."""

    all: PhotoErrors
    webcam: PhotoErrors
    spread_ratio: Three  # root mean square of error over reported deviation, webcam range; 1 is calibrated
    signal_correlation: dict[str, float]  # over faces of the webcam range, against the mesh
    group_ratio: float  # geodesic of the worst group divided by the best group's
    chance_ratio: float  # the mean of that over the same faces dealt out to groups of the same sizes by chance
    chance_share: float  # of such deals with a ratio as large as ``group_ratio`` or larger
    equal_pose_ratio: float  # as ``group_ratio``, if all groups had the same poses
    groups: dict[str, dict[str, PhotoErrors]] = field(default_factory=dict)


def everybody(pool: PhotoPool) -> People:
    """What the pool's shards know of its faces; the pool must hold all of them."""
    meshes: list[Array] = []
    kinds: dict[str, list[str]] = {name: [] for name in ("source", "group", "age", "sex", "glasses")}
    for path in pool.paths:
        with np.load(path) as file:
            known = {name: file[name] for name in file.files}
        meshes.append(np.concatenate([known["points"], known["depth"][..., None]], axis=-1))
        unknown = np.full(len(meshes[-1]), -1)
        for kind, numbers, names in (
            ("source", "source", known.get("sources", SOURCES)),
            ("group", "group", known.get("groups", ())),
            ("age", "age", known.get("ages", ())),
            ("sex", "female", ("male", "female")),
            ("glasses", "glasses", ("without", "with")),
        ):
            words = [*(str(name) for name in names), ""]
            kinds[kind] += [words[i if 0 <= i < len(names) else -1] for i in known.get(numbers, unknown).tolist()]
    return People(np.concatenate(meshes), kinds)


def app_framing(pool: PhotoPool, spec: CropSpec) -> Framing:
    """The app's crop of every photograph: by its box, neither turned nor mirrored."""
    x, y, side = pool.boxes.unbind(1)
    none = torch.zeros_like(x)
    return Framing(torch.stack([x, y - spec.up * side], 1), spec.side * side / 2, none, none, none.bool())


def ask(network: MotionExtractor, pool: PhotoPool, people: People, spec: CropSpec) -> PhotoAnswers:
    """What the network says to every photograph of the pool, in the app's crops."""
    framing = app_framing(pool, spec)
    parts = torch.split(torch.arange(len(pool)), BATCH)
    said = decode_heads(
        ask_all(network, (cut(pool.images(rows), framing.take(rows), spec.input_size) for rows in parts))
    )
    truth = pool.targets.rotation
    own = said.driven.shape[1] == len(KEYPOINT_NAMES)
    unknown = np.full((len(pool), 3), np.nan)
    return PhotoAnswers(
        angles_deg=said.angles_deg,
        std_deg=said.std_deg,
        rotation=said.rotation,
        points=framing.to_image(said.driven[..., :2]),
        signals=face_signals(in_head_frame(said.driven.numpy(), said.rotation.numpy())) if own else unknown,
        true_angles_deg=pool.targets.angles_deg,
        true_rotation=truth,
        true_points=pool.targets.points,
        true_signals=face_signals(in_head_frame(people.mesh, truth.numpy())),
        logits=said.logits,
    )


def figures(found: PhotoAnswers, people: People) -> PhotoFigures:
    """All of it."""
    webcam = found.webcam
    groups = {
        kind: {name: _errors(found, rows) for name, rows in parts} for kind, parts in (*_poses(found), *_people(people))
    }
    group_ratio, by_chance, equal = _group_ratios(
        found.geodesic_deg.numpy(), found.true_angles_deg.numpy(), people.kinds.get("group", [])
    )
    ratio = found.signed_deg[webcam] / found.std_deg[webcam].clamp_min(1e-6)
    return PhotoFigures(
        all=_errors(found, torch.ones_like(webcam)),
        webcam=_errors(found, webcam),
        spread_ratio=three(ratio.square().mean(0).sqrt()),
        signal_correlation=correlations(found.signals[webcam.numpy()], found.true_signals[webcam.numpy()]),
        group_ratio=group_ratio,
        chance_ratio=float(by_chance.mean()),
        chance_share=float((by_chance >= group_ratio).mean()),
        equal_pose_ratio=equal,
        groups=groups,
    )


def _group_ratios(errors: Array, poses_deg: Array, names: Sequence[str]) -> tuple[float, Array, float]:
    """Mean error of the worst group over the best group's, the same after ``SHUFFLES`` permutations of the names, and
    the same at equal poses.

    Among several groups some worst and some best one is always found: a ratio tells of the groups only as far as it
    passes a permutation test's.  At equal poses: means adjusted by an analysis of covariance with the sizes of the
    angles ``poses_deg`` (n, 3) and the square of yaw, for heads that are turned far are harder.  NaN where fewer than
    two groups are large enough.
    """
    known, sizes = np.unique([name for name in names if name], return_counts=True)
    known = known[sizes >= LEAST_FACES]
    if len(known) < 2:
        return float("nan"), np.full(1, np.nan), float("nan")
    group = np.array([np.argmax(known == name) if name in known else -1 for name in names])
    errors, poses_deg, group = errors[group >= 0], np.abs(poses_deg[group >= 0]), group[group >= 0]
    sizes = np.bincount(group)

    def ratio(means: Array) -> float:
        return float(means.max() / means.min())

    rng = np.random.default_rng(0)
    by_chance = [ratio(np.bincount(rng.permutation(group), errors) / sizes) for _ in range(SHUFFLES)]
    pose = np.column_stack([poses_deg, poses_deg[:, 1] ** 2])
    design = np.column_stack([np.eye(len(known))[group], pose - pose.mean(0)])
    adjusted = np.linalg.lstsq(design, errors, rcond=None)[0][: len(known)]
    return ratio(np.bincount(group, errors) / sizes), np.array(by_chance), ratio(adjusted)


def without_offset(said: Tensor, true: Tensor) -> Tensor:
    """``said`` (n, 3, 3) in the head frame, one for all, in which it comes nearest to ``true``."""
    u, _, vt = torch.linalg.svd((said.mT.double() @ true.double()).sum(0))
    sign = torch.diag(torch.tensor([1.0, 1.0, float(torch.det(u @ vt).sign())], dtype=torch.float64))
    aligned: Tensor = said @ (u @ sign @ vt).float()
    return aligned


def markdown(found: PhotoFigures) -> str:
    """As tables for a person."""
    spread = ", ".join(f"{value:.2f}" for value in found.spread_ratio)
    shape = ", ".join(f"{name} {value:.2f}" for name, value in found.signal_correlation.items())
    lines = [
        "| | | faces | geodesic (offset removed) | MAE pitch, yaw, roll | said minus true | slopes |",
        "|---|---|---|---|---|---|---|",
        _line("all", "", found.all),
        _line("webcam range", "", found.webcam),
    ]
    for kind, parts in found.groups.items():
        lines += [_line(kind, name, errors) for name, errors in parts.items()]
    lines.append("")
    if np.isfinite(found.group_ratio):
        lines.append(
            f"Worst over best group: {found.group_ratio:.2f}; the same faces in groups made by chance: "
            f"{found.chance_ratio:.2f} (as large or larger in {found.chance_share:.0%}); if all groups had the same "
            f"poses: {found.equal_pose_ratio:.2f}."
        )
    lines += [f"Error over reported deviation (1: calibrated) of pitch, yaw, roll: {spread}."]
    lines += [f"Correlation with the mesh over faces: {shape}."]
    return "\n".join(lines)


def _line(kind: str, name: str, e: PhotoErrors) -> str:
    mae = ", ".join(f"{v:.2f}" for v in e.mae_deg)
    slope = ", ".join(f"{v:.2f}" if np.isfinite(v) else "–" for v in e.slope)  # one face has none
    signed = ", ".join(f"{v:+.1f}" for v in e.signed_deg)
    whole = f"{e.geodesic_deg:.2f}° ({e.geodesic_without_offset_deg:.2f}°)"
    return f"| {kind} | {name} | {e.faces} | {whole} | {mae} | {signed} | {slope} |"


def _errors(found: PhotoAnswers, rows: Tensor) -> PhotoErrors:
    signed, true = found.signed_deg[rows], found.true_angles_deg[rows]
    said, truth = found.rotation[rows], found.true_rotation[rows]
    spread = true - true.mean(0)
    # Of the error's change with the truth: what was said may pass 180 degrees, an error hardly does.
    slope = 1 + (spread * (signed - signed.mean(0))).sum(0) / spread.square().sum(0)
    return PhotoErrors(
        faces=int(rows.sum()),
        geodesic_deg=float(found.geodesic_deg[rows].mean()),
        geodesic_without_offset_deg=float(geodesic_deg(without_offset(said, truth), truth).mean()),
        mae_deg=three(signed.abs().mean(0)),
        signed_deg=three(signed.mean(0)),
        slope=three(slope),
    )


Parts = tuple[str, list[tuple[str, Tensor]]]


def _poses(found: PhotoAnswers) -> Iterator[Parts]:
    angles, webcam = found.true_angles_deg, found.webcam
    for axis, name in enumerate(POSE_HEADS):
        parts = []
        for low, high in zip(EDGES_DEG[name], EDGES_DEG[name][1:], strict=False):
            rows = (angles[:, axis] >= low) & (angles[:, axis] < high) & (webcam | (name == "yaw"))
            if rows.any():
                parts.append((f"{low} to {high}°", rows))
        yield name, parts


EDGES_DEG = {
    "pitch": (-45, -30, -20, -10, 0, 10, 20, 30, 45),
    "yaw": (-95, -60, -40, -20, 0, 20, 40, 60, 95),
    "roll": (-45, -15, -5, 5, 15, 45),
}


def _people(people: People) -> Iterator[Parts]:
    for kind, names in people.kinds.items():
        known = sorted({name for name in names if name})
        parts = [(name, torch.tensor([each == name for each in names])) for name in known]
        if len(parts) > 1:
            yield kind, parts
