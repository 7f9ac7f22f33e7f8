"""``python -m extractor.training.worst``: a picture of the heads that a checkpoint gets most wrong.

Each head is shown as the network saw it, with its true axes (thin, white) and the ones it said (thick: x
red, y green, z blue), and the angle between the two in degrees.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from extractor.decode import rotation_matrix
from extractor.model import MotionExtractor
from extractor.training.augment import cut
from extractor.training.breakdown import answers
from extractor.training.errors import TrainingError
from extractor.training.evaluate import load_for_training
from extractor.training.framing import box_framing
from extractor.training.pool import HeadPool

SIDE = 160  # pixels of one head
AXES = ((224, 64, 64), (64, 200, 64), (90, 130, 255))
LENGTH = 0.3  # of the side


def worst(network: MotionExtractor, pool: HeadPool, size: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of the webcam's range with the largest errors, those errors in degrees, and what was said, (n, 3, 3)."""
    found = answers(network, pool, size)
    errors = torch.where(found.webcam, found.geodesic_deg, -1.0)
    rows = errors.argsort(descending=True)[: min(count, int(found.webcam.sum()))]
    said = rotation_matrix(found.truth.angles_deg[rows] + found.signed_deg[rows])
    return rows, errors[rows], said


def sheet(pool: HeadPool, rows: Tensor, errors_deg: Tensor, said: Tensor, columns: int = 6) -> Image.Image:
    """The heads with both sets of axes."""
    plain = pool.targets.take(rows)
    framing = box_framing(plain.rotation, plain.scale, plain.t)
    truth = plain.crop(framing)
    crops = (cut(pool.images(rows), framing, SIDE) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    lines = -(-len(rows) // columns)
    picture = Image.new("RGB", (columns * SIDE, lines * SIDE), "white")
    for i, crop in enumerate(crops):
        head = Image.fromarray(np.ascontiguousarray(crop))
        draw = ImageDraw.Draw(head)
        nose = truth.points[i].mean(0)
        for rotation, width in ((said[i], 4), (truth.rotation[i], 1)):
            for axis, colour in enumerate(AXES):
                # z points away from the viewer: its opposite, where the nose points, is drawn.
                way = rotation[:2, axis] * (-1 if axis == 2 else 1)
                ends = [tuple(((p + 1) / 2 * SIDE).tolist()) for p in (nose, nose + way * 2 * LENGTH)]
                draw.line(ends, fill=colour if width > 1 else (255, 255, 255), width=width)
        draw.text(
            (4, SIDE - 14), f"{float(errors_deg[i]):.0f}°", fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0)
        )
        picture.paste(head, (i % columns * SIDE, i // columns * SIDE))
    return picture


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m extractor.training.worst", description=__doc__.split("``: ", 1)[1])
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    parser.add_argument("--heads", type=Path, required=True, help="folder of shards that no training has seen")
    parser.add_argument("--out", type=Path, required=True, help="the picture: .png or .jpg")
    parser.add_argument("--count", type=int, default=12, help="how many (default: 12)")
    given = parser.parse_args(arguments)
    try:
        network, size = load_for_training(given.checkpoint)
        pool = HeadPool([given.heads], torch.device("cpu"), resident=False)
        rows, errors_deg, said = worst(network.eval(), pool, size, given.count)
        sheet(pool, rows, errors_deg, said).save(given.out)
    except (TrainingError, ValueError, RuntimeError, OSError) as error:
        print(f"worst: {error}", file=sys.stderr)
        return 1
    print(f"{given.out}: " + ", ".join(f"{error:.0f}" for error in errors_deg.tolist()) + " degrees")
    return 0


if __name__ == "__main__":
    sys.exit(main())
