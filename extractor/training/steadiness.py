"""``python -m extractor.training.steadiness``: how steady a checkpoint is on rendered clips, unfiltered.

The clips come from ``python -m extractor.training.clips``; their pictures get a new sensor noise of
sigma 6 (of 255) in every frame, and crops are cut at the expected face box.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from extractor.model import MotionExtractor
from extractor.training.clips import FRAMES, PARTS
from extractor.training.command import command, parser_of
from extractor.training.errors import TrainingError
from extractor.training.evaluate import ask_all, load_for_training
from extractor.training.learning.augment import cut
from extractor.training.learning.framing import box_framing
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.targets import Targets
from extractor.training.measuring.metrics import NOISE_SIGMA, Three, shape_correlations, shapes, signed_deg, three
from extractor.training.rendering.performance import FPS
from extractor.types import POSE_HEADS, CropSpec, Motion

BATCH = 60

MOST_SHIFT = 4
"""Frames by which the answer may lag or lead when the delay is sought."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Means over the clips; degrees, pitch, yaw, roll unless said otherwise."""

    clips: int
    still_deg: Three  # deviation while nothing moves but the sensor's noise
    talking_deg: Three  # the same while the person talks and blinks: pose should not follow expression
    moving_deg: Three  # mean absolute error while moving, each clip's mean offset removed
    offset_deg: Three  # that offset's absolute value
    rough_deg: Three  # deviation of the error's change from frame to frame while moving
    lag_ms: Three  # by which the answer follows the truth
    shape: dict[str, float]  # correlation over time of each number of ``face_shape``, each clip's mean removed


def answer(
    network: MotionExtractor, pool: HeadPool, rows: Tensor, spec: CropSpec, seed: int
) -> tuple[Motion[Tensor], Targets]:
    """What the network says to these frames with the sensor's noise, and the truth in the crops' coordinates."""
    plain = pool.targets.take(rows)
    framing = box_framing(plain.rotation, plain.scale, plain.t, spec)
    noise = torch.Generator().manual_seed(seed)

    def noisy() -> Iterator[Tensor]:
        for part in torch.split(torch.arange(len(rows)), BATCH):
            clean = cut(pool.images(rows[part]), framing.take(part), spec.input_size)
            grain = torch.randn(clean.shape, generator=noise) * NOISE_SIGMA
            yield ((clean + grain).clamp(0, 1) * 255).round() / 255

    return decode_heads(ask_all(network, noisy())), plain.crop(framing)


def delay_frames(pairs: Sequence[tuple[Tensor, Tensor]]) -> float:
    """By how many frames what was said follows the truth, over pairs of both (N,): whole shifts, then a parabola.

    The shift is the same in all pairs, and those that move much count most.  NaN where nothing moves.
    """
    most = MOST_SHIFT
    cost = torch.zeros(2 * most + 1)
    if not any(float(true.std()) > 0 for _, true in pairs):
        return float("nan")
    for said, true in pairs:
        inner = slice(most, len(true) - most)
        for i, shift in enumerate(range(-most, most + 1)):
            # A person's constant offset is no delay, and another part of the truth has another mean.
            cost[i] += (said[inner] - true.roll(shift)[inner]).var()
    best = min(range(1, len(cost) - 1), key=lambda i: float(cost[i]))
    before, at, after = (float(value) for value in cost[best - 1 : best + 2])
    bend = before - 2 * at + after
    return best - most + (0.5 * (before - after) / bend if bend > 0 else 0.0)


def measure(network: MotionExtractor, pool: HeadPool, spec: CropSpec) -> Steadiness:
    """All of it over a pool of clips; raises ``TrainingError`` where the shards are no clips."""
    if len(pool) % FRAMES:
        raise TrainingError(f"These are no clips of {FRAMES} frames; python -m extractor.training.clips makes them.")
    rows: dict[str, list[Tensor]] = {name: [] for name in ("still", "talking", "moving", "offset", "rough")}
    said_shapes, true_shapes = [], []
    moves: list[list[tuple[Tensor, Tensor]]] = [[] for _ in POSE_HEADS]
    for clip in range(len(pool) // FRAMES):
        out, truth = answer(network, pool, torch.arange(clip * FRAMES, (clip + 1) * FRAMES), spec, clip)
        error = signed_deg(out.angles_deg, truth.angles_deg)
        moving = error[PARTS["moving"]]
        rows["still"].append(error[PARTS["still"]].std(0))
        rows["talking"].append(error[PARTS["talking"]].std(0))
        rows["offset"].append(moving.mean(0).abs())
        rows["moving"].append((moving - moving.mean(0)).abs().mean(0))
        rows["rough"].append(moving.diff(dim=0).std(0))
        for axis, pairs in enumerate(moves):
            pairs.append((out.angles_deg[PARTS["moving"], axis], truth.angles_deg[PARTS["moving"], axis]))
        said, true = shapes(out, truth)
        said_shapes.append(said - said.nanmean(0))
        true_shapes.append(true - true.nanmean(0))
    return Steadiness(
        clips=len(pool) // FRAMES,
        **{f"{name}_deg": three(torch.stack(parts).mean(0)) for name, parts in rows.items()},
        lag_ms=three(torch.tensor([delay_frames(pairs) * 1e3 / FPS for pairs in moves])),
        shape=shape_correlations(torch.cat(said_shapes), torch.cat(true_shapes)),
    )


def markdown(found: Steadiness) -> str:
    """As tables."""
    lines = [f"| over {found.clips} clips | " + " | ".join(POSE_HEADS) + " |", "|---|---|---|---|"]
    for name, values, unit in (
        ("still face, sensor noise of sigma 6: deviation", found.still_deg, "°"),
        ("still head that talks and blinks: deviation", found.talking_deg, "°"),
        ("moving: mean absolute error, offset removed", found.moving_deg, "°"),
        ("moving: a person's constant offset", found.offset_deg, "°"),
        ("moving: change of the error from frame to frame", found.rough_deg, "°"),
    ):
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}{unit}" for value in values) + " |")
    lines.append("| moving: lag | " + " | ".join(f"{value:+.1f} ms" for value in found.lag_ms) + " |")
    shape = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in found.shape.items())
    return "\n".join([*lines, "", f"Correlation over time: {shape}."])


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    parser.add_argument("--clips", type=Path, required=True, help="folder of rendered clips")
    given = parser.parse_args(arguments)
    network, spec = load_for_training(given.checkpoint)
    pool = HeadPool([given.clips], torch.device("cpu"), resident=False)
    print(markdown(measure(network.eval(), pool, spec)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
