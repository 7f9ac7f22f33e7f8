"""``python -m extractor.training.worst``: a picture of the heads that a checkpoint gets most wrong.

Each head is shown as the network saw it, with its true axes (thin, white) and the ones it said (thick: x
red, y green, z blue), and the angle between the two in degrees.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from extractor.decode import rotation_matrix
from extractor.model import MotionExtractor
from extractor.training.command import command, parser_of
from extractor.training.evaluate import load_for_training
from extractor.training.learning.augment import cut
from extractor.training.learning.framing import box_framing
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.measuring.breakdown import Answers, answers
from extractor.training.measuring.photo_evaluation import PhotoAnswers, app_framing, ask, everybody
from extractor.types import CropSpec

SIDE = 160  # pixels of one head
SAID_POINT = (255, 160, 40)
AXES = ((224, 64, 64), (64, 200, 64), (90, 130, 255))
LENGTH = 0.3  # of the side


def worst(found: Answers | PhotoAnswers, count: int) -> Tensor:
    """Rows of the webcam's range with the largest errors, the largest first."""
    errors = torch.where(found.webcam, found.geodesic_deg, -1.0)
    return errors.argsort(descending=True)[: min(count, int(found.webcam.sum()))]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is drawn of n heads, in the coordinates of their crops."""

    crops: Tensor  # (n, 3, SIDE, SIDE) in [0, 1]
    errors_deg: Tensor  # (n,)
    said: Tensor  # (n, 3, 3)
    true: Tensor  # (n, 3, 3)
    said_points: Tensor | None  # (n, K, 2); None: not drawn
    true_points: Tensor  # (n, 24, 2)


def heads_shown(network: MotionExtractor, pool: HeadPool, spec: CropSpec, count: int) -> Shown:
    """The rendered heads of the webcam's range with the largest errors, in the crops of the expected box."""
    found = answers(network, pool, spec)
    rows = worst(found, count)
    plain = pool.targets.take(rows)
    framing = box_framing(plain.rotation, plain.scale, plain.t, spec)
    truth = plain.crop(framing)
    said = rotation_matrix(truth.angles_deg + found.signed_deg[rows])
    crops = cut(pool.images(rows), framing, SIDE)
    return Shown(crops, found.geodesic_deg[rows], said, truth.rotation, None, truth.points)


def photographs_shown(network: MotionExtractor, pool: PhotoPool, spec: CropSpec, count: int) -> Shown:
    """The photographs of the webcam's range with the largest errors, in the app's crops."""
    found = ask(network, pool, everybody(pool), spec)
    rows = worst(found, count)
    framing = app_framing(pool, spec).take(rows)
    return Shown(
        crops=cut(pool.images(rows), framing, SIDE),
        errors_deg=found.geodesic_deg[rows],
        said=found.rotation[rows],
        true=found.true_rotation[rows],
        said_points=framing.to_crop(found.points[rows]),
        true_points=framing.to_crop(found.true_points[rows]),
    )


def sheet(shown: Shown, columns: int = 6) -> Image.Image:
    """The heads with both sets of axes, and with both sets of keypoints where the said ones are known."""
    crops = (shown.crops * 255).round().byte().permute(0, 2, 3, 1).numpy()
    lines = -(-len(crops) // columns)
    picture = Image.new("RGB", (columns * SIDE, lines * SIDE), "white")

    def place(point: Tensor) -> tuple[float, float]:
        x, y = ((point + 1) / 2 * SIDE).tolist()
        return x, y

    for i, crop in enumerate(crops):
        head = Image.fromarray(np.ascontiguousarray(crop))
        draw = ImageDraw.Draw(head)
        if shown.said_points is not None:
            for points, colour in ((shown.true_points[i], (255, 255, 255)), (shown.said_points[i], SAID_POINT)):
                for x, y in map(place, points):
                    draw.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=colour)
        nose = shown.true_points[i].mean(0)
        for rotation, width in ((shown.said[i], 4), (shown.true[i], 1)):
            for axis, colour in enumerate(AXES):
                # z points away from the viewer: its opposite, where the nose points, is drawn.
                way = rotation[:2, axis] * (-1 if axis == 2 else 1)
                ends = [place(nose), place(nose + way * 2 * LENGTH)]
                draw.line(ends, fill=colour if width > 1 else (255, 255, 255), width=width)
        draw.text(
            (4, SIDE - 14),
            f"{float(shown.errors_deg[i]):.0f}°",
            fill=(255, 255, 255),
            stroke_width=2,
            stroke_fill=(0, 0, 0),
        )
        picture.paste(head, (i % columns * SIDE, i // columns * SIDE))
    return picture


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    pictures = parser.add_mutually_exclusive_group(required=True)
    pictures.add_argument("--heads", type=Path, help="folder of rendered shards that no training has seen")
    pictures.add_argument("--photos", type=Path, help="a shard of labelled photographs, or a folder of them")
    parser.add_argument("--out", type=Path, required=True, help="the picture: .png or .jpg")
    parser.add_argument("--count", type=int, default=12, help="how many (default: 12)")
    given = parser.parse_args(arguments)
    network, spec = load_for_training(given.checkpoint)
    if given.photos:
        photos = PhotoPool([given.photos], sure_deg=float("inf"))
        shown = photographs_shown(network.eval(), photos, spec, given.count)
    else:
        pool = HeadPool([given.heads], torch.device("cpu"), resident=False)
        shown = heads_shown(network.eval(), pool, spec, given.count)
    sheet(shown).save(given.out)
    print(f"{given.out}: " + ", ".join(f"{error:.0f}" for error in shown.errors_deg.tolist()) + " degrees")
    return 0


if __name__ == "__main__":
    sys.exit(main())
