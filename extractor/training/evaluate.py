"""``python -m extractor.training.evaluate``: errors of a checkpoint on rendered heads that were kept aside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from extractor.model import MotionExtractor
from extractor.report import WeightsError
from extractor.training.command import command, parser_of
from extractor.training.errors import TrainingError
from extractor.training.learning.augment import PhotoFaults
from extractor.training.learning.batches import fixed_batch
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.targets import Targets
from extractor.training.measuring.metrics import TONES, Metrics, Three, jitter, measure
from extractor.types import HEADS, CropSpec

MILD = PhotoFaults(strength=0.6, occluders=0.0, white_balance=0.0, texture=0.0, sharpen=0.0)
"""Faults of an ordinary webcam, for evaluation; the same ever since the first figures."""


BATCH = 64


def ask_all(network: MotionExtractor, batches: Iterable[Tensor]) -> dict[str, Tensor]:
    """The seven heads of all the crops, float32."""
    with torch.inference_mode():
        parts: list[dict[str, Tensor]] = [network(crops) for crops in batches]
    return {name: torch.cat([part[name].float() for part in parts]) for name in HEADS}


def predictions(
    network: MotionExtractor, pool: HeadPool, spec: CropSpec, faults: PhotoFaults
) -> tuple[dict[str, Tensor], Targets, Tensor]:
    """The seven heads for all of the pool, the labels in crop coordinates, and some clean crops."""
    targets: list[Targets] = []

    def crops() -> Iterator[Tensor]:
        for rows in torch.split(torch.arange(len(pool)), BATCH):
            cropped = fixed_batch(pool, rows, spec, seed=int(rows[0]), faults=faults)
            targets.append(cropped.targets)
            yield cropped.crops

    heads = ask_all(network.to(pool.device).eval(), crops())
    clean = fixed_batch(pool, torch.arange(min(16, len(pool))), spec, 0, PhotoFaults(strength=0.0)).crops
    return heads, Targets.join(targets), clean


def evaluate(network: MotionExtractor, pool: HeadPool, spec: CropSpec) -> Metrics:
    """All metrics on a pool, with the app's expected crops."""
    heads, targets, clean = predictions(network, pool, spec, MILD)
    with torch.inference_mode():
        shaken = jitter(network, clean, torch.Generator().manual_seed(0))
    return measure(decode_heads(heads), targets, shaken)


def table(metrics: Metrics) -> str:
    """The metrics as lines for a person."""
    m = metrics

    def three(values: Three) -> str:
        return " ".join(f"{v:6.2f}" for v in values)

    tones = ", ".join(f"{name} {value:.2f}" for name, value in zip(TONES, m.tone_geodesic_deg, strict=True))
    return "\n".join(
        (
            f"heads                         {m.heads} ({m.webcam_heads} in the webcam range)",
            f"MAE pitch yaw roll, all       {three(m.mae_deg)} deg",
            f"geodesic, all                 {m.geodesic_deg:6.2f} deg",
            f"MAE pitch yaw roll, webcam    {three(m.webcam_mae_deg)} deg, mean {m.webcam_mae_mean_deg:.2f}",
            f"geodesic, webcam              {m.webcam_geodesic_deg:6.2f} deg",
            f"keypoints / inter-ocular      {100 * m.keypoints_over_interocular:6.2f} %",
            f"expression magnitude          correlation {m.expression_correlation:.3f}, slope {m.expression_slope:.2f}",
            "expression signals            "
            + ", ".join(f"{name} {value:.2f}" for name, value in m.signal_correlation.items()),
            f"geodesic by tone              {tones}; worst / best {m.tone_ratio:.2f}",
            f"error / reported deviation    {three(m.spread_ratio)} (1: calibrated)",
            f"jitter pitch yaw roll         {three(m.jitter_deg)} deg at noise sigma 6",
        )
    )


def load_for_training(path: Path) -> tuple[MotionExtractor, CropSpec]:
    """A checkpoint's network and its crop; raises ``TrainingError``."""
    try:
        network = MotionExtractor.from_checkpoint(path)
    except WeightsError as error:
        raise TrainingError(str(error)) from error
    assert network.report is not None
    return network, network.report.spec.crop


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    parser.add_argument("--heads", type=Path, required=True, help="folder of shards that no training has seen")
    parser.add_argument("--size", type=int, help="pixels of the input (default: the checkpoint's own)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    given = parser.parse_args(arguments)
    network, spec = load_for_training(given.checkpoint)
    spec = replace(spec, input_size=given.size or spec.input_size)
    metrics = evaluate(network, HeadPool([given.heads], torch.device(given.device), resident=False), spec)
    print(table(metrics))
    if given.json:
        given.json.write_text(json.dumps(asdict(metrics), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
