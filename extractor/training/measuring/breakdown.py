"""``python -m extractor.training.measuring.breakdown``: where a checkpoint's errors lie, on rendered heads kept aside.

Three tables of the angle between the rotations, webcam range, as Markdown: by what the head is like (pose, what is
hidden, glasses, brightness, skin tone), by one photographic fault at a time on otherwise clean crops, and by how far
the crop is from the one that the face box should give.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from extractor.model import MotionExtractor
from extractor.training.command import command, parser_of
from extractor.training.evaluate import BATCH, MILD, load_for_training
from extractor.training.learning.augment import PhotoFaults, cut, degrade
from extractor.training.learning.framing import Framing, box_framing, from_boxes
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.targets import Targets
from extractor.training.measuring.metrics import TONES, Three, before_webcam, geodesic_deg, signed_deg, three
from extractor.types import CropSpec

NONE = PhotoFaults(0.6, **{f.name: 0.0 for f in fields(PhotoFaults) if f.name != "strength"})
"""Light and contrast as they come, nothing else."""

FAULTS = {
    "none": NONE,
    "covered in part": replace(NONE, occluders=1.0),
    "uneven light": replace(NONE, gradients=1.0),
    "low light": replace(NONE, low_light=1.0),
    "grey": replace(NONE, grey=1.0),
    "blur": replace(NONE, blur=1.0),
    "enlarged from 36 pixels up": replace(NONE, shrink=1.0),
    "noise": replace(NONE, noise=1.0),
    "sharpened": replace(NONE, sharpen=1.0),
    "white balance": replace(NONE, white_balance=1.0),
    "other textures": replace(NONE, texture=1.0),
    "JPEG": replace(NONE, jpeg=1.0),
}
BOXES: dict[
    str, tuple[float, float, float, float]
] = {  # side, right, down (shares of the crop's side), roll in degrees
    "as expected": (1.0, 0.0, 0.0, 0.0),
    "15 % too small": (0.85, 0.0, 0.0, 0.0),
    "15 % too large": (1.15, 0.0, 0.0, 0.0),
    "8 % too high": (1.0, 0.0, -0.08, 0.0),
    "8 % too low": (1.0, 0.0, 0.08, 0.0),
    "8 % to the side": (1.0, 0.08, 0.0, 0.0),
    "turned by 10 degrees": (1.0, 0.0, 0.0, 10.0),
}
HIDDEN = (0.0, 0.1, 0.25, 1.0)
TILTS_DEG, TURNS_DEG = (-90, -30, -10, 10, 30, 90), (0, 15, 30, 60, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Errors of n heads."""

    geodesic_deg: Tensor  # (n,)
    signed_deg: Tensor  # (n, 3) pitch, yaw, roll: said minus true
    truth: Targets
    brightness: Tensor  # (n,) of the crop's middle, 0 to 1

    @property
    def webcam(self) -> Tensor:
        """(n,) bool: as before a webcam."""
        return before_webcam(self.truth.angles_deg)


@dataclass(frozen=True, slots=True)
class Group:
    """Heads of one kind; degrees."""

    kind: str
    name: str
    heads: int
    geodesic_deg: float
    signed_deg: Three


def answers(
    network: MotionExtractor,
    pool: HeadPool,
    spec: CropSpec,
    faults: PhotoFaults = MILD,
    box: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0),
    by_detector: bool = False,
) -> Answers:
    """What the network says to every head of the pool, cropped as expected, off by ``box``, or by the detector."""
    parts: list[tuple[Tensor, Tensor, Targets, Tensor]] = []
    size = spec.input_size
    for rows in torch.split(torch.arange(len(pool)), BATCH):
        start = int(rows[0])
        plain = pool.targets.take(rows)
        framing = _moved(box_framing(plain.rotation, plain.scale, plain.t, spec), box)
        if by_detector:
            framing = from_boxes(framing, pool.boxes[rows], torch.Generator().manual_seed(start), 1.0, spec)
        crops = degrade(cut(pool.images(rows), framing, size), torch.Generator().manual_seed(start), faults)
        truth = plain.crop(framing)
        with torch.inference_mode():
            said = decode_heads(network(crops))
        middle = crops[..., size // 4 : -size // 4, size // 4 : -size // 4].mean((1, 2, 3))
        signed = signed_deg(said.angles_deg, truth.angles_deg)
        parts.append((geodesic_deg(said.rotation, truth.rotation), signed, truth, middle))
    errors, signs, truths, brights = zip(*parts, strict=True)
    return Answers(torch.cat(errors), torch.cat(signs), Targets.join(list(truths)), torch.cat(brights))


def by_head(found: Answers) -> Iterator[Group]:
    """Groups by pose, hidden keypoints, glasses, brightness (thirds) and skin tone."""
    angles, webcam = found.truth.angles_deg, found.webcam
    pitch, yaw, roll = angles.T
    for name, values, edges in (
        ("pitch", pitch, TILTS_DEG),
        ("|yaw|", yaw.abs(), TURNS_DEG),
        ("roll", roll, TILTS_DEG),
    ):
        for low, high in pairwise(edges):
            rows = webcam | (name == "|yaw|" and low >= 60)
            yield _group(found, name, _span(low, high), (values >= low) & (values < high) & rows)
    hidden = 1 - found.truth.visible.float().mean(1)
    for low_share, high_share in pairwise(HIDDEN):
        chosen = (hidden >= low_share) & ((hidden < high_share) | (high_share == 1.0))
        yield _group(found, "hidden keypoints", f"{100 * low_share:.0f} to {100 * high_share:.0f} %", chosen & webcam)
    for worn, name in enumerate(("without", "with")):
        yield _group(found, "glasses", name, (found.truth.glasses == worn) & webcam)
    dark, light = found.brightness[webcam].quantile(torch.tensor([1 / 3, 2 / 3])).tolist()
    bright = found.brightness
    for name, chosen in (
        ("darkest third", bright < dark),
        ("middle", (bright >= dark) & (bright < light)),
        ("brightest third", bright >= light),
    ):
        yield _group(found, "brightness", name, chosen & webcam)
    for tone, name in enumerate(TONES):
        yield _group(found, "skin tone", name, (found.truth.tone == tone) & webcam)


def markdown(groups: Sequence[Group]) -> str:
    """The groups as a table."""
    lines = ["| | | heads | geodesic | pitch, yaw, roll: said minus true |", "|---|---|---|---|---|"]
    before = ""
    for group in groups:
        if group.heads:
            signed = ", ".join(f"{value:+.1f}" for value in group.signed_deg)
            kind = group.kind if group.kind != before else ""
            lines.append(f"| {kind} | {group.name} | {group.heads} | {group.geodesic_deg:.1f}° | {signed} |")
            before = group.kind
    return "\n".join(lines)


def _group(found: Answers, kind: str, name: str, chosen: Tensor) -> Group:
    return Group(
        kind, name, int(chosen.sum()), float(found.geodesic_deg[chosen].mean()), three(found.signed_deg[chosen].mean(0))
    )


def _span(low: int, high: int) -> str:
    if low <= -90:
        return f"below {high}°"
    return f"above {low}°" if high >= 90 else f"{low} to {high}°"


def _moved(framing: Framing, box: tuple[float, float, float, float]) -> Framing:
    side, right, down, roll = box
    shift = 2 * framing.half[:, None] * torch.tensor([right, down])
    return replace(framing, centre=framing.centre + shift, half=framing.half * side, roll_deg=framing.roll_deg + roll)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    parser.add_argument("--heads", type=Path, required=True, help="folder of shards that no training has seen")
    given = parser.parse_args(arguments)
    network, spec = load_for_training(given.checkpoint)
    network.eval()
    pool = HeadPool([given.heads], torch.device("cpu"), resident=False)
    groups = list(by_head(answers(network, pool, spec)))
    for name, faults in FAULTS.items():
        found = answers(network, pool, spec, faults)
        groups.append(_group(found, "one fault", name, found.webcam))
    for name, box in BOXES.items():
        found = answers(network, pool, spec, NONE, box)
        groups.append(_group(found, "crop", name, found.webcam))
    found = answers(network, pool, spec, by_detector=True)
    groups.append(_group(found, "crop", "by the detector, all faults", found.webcam & pool.boxes.isfinite().all(1)))
    print(markdown(groups))
    return 0


if __name__ == "__main__":
    sys.exit(main())
