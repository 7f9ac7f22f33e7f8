"""``python -m extractor.training.train``: trains a network on rendered heads and labelled photographs, and goes on.

The run's folder holds ``settings.json`` (what was asked for), ``log.csv`` (the curves) and ``state.pth``
(everything needed to go on; it is also a checkpoint that the program loads).
"""

from __future__ import annotations

import argparse
import csv
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from extractor.growth import grow
from extractor.model import MotionExtractor
from extractor.training.command import parser_of
from extractor.training.errors import TrainingError
from extractor.training.evaluate import evaluate, load_for_training, table
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.schedule import Phase, RunSettings
from extractor.training.learning.trainer import Trainer
from extractor.types import POSE_HEADS, CropSpec

LOGGED = (
    "loss", "mae_pitch", "mae_yaw", "mae_roll", "bins", "rotation", "points", "kp", "exp", "magnitude", "eyes", "scale",
    "t", "twins", "gaps", "photo_pitch", "photo_yaw", "photo_roll",
)  # fmt: skip
SMOOTH = 0.98


class Run:
    """A run's folder: its settings, log and state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state, self.log, self.settings = (folder / n for n in ("state.pth", "log.csv", "settings.json"))
        folder.mkdir(parents=True, exist_ok=True)

    def write_settings(self, settings: RunSettings, origin: dict[str, Any]) -> None:
        content = {"settings": asdict(settings), **origin, "torch": str(torch.__version__)}
        self.settings.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def append(self, trainer: Trainer, means: dict[str, float], rate: float) -> None:
        """One line of the log; a log of an earlier version keeps its columns."""
        row = {
            "step": str(trainer.step_number),
            "samples": str(trainer.seen),
            "size": str(trainer.phase.size),
            "learning_rate": f"{trainer.settings.rate_at(trainer.seen):.3e}",
            "samples_per_s": f"{rate:.1f}",
            **{name: f"{means.get(name, float('nan')):.5f}" for name in LOGGED},
        }
        with self.log.open("a+", newline="", encoding="utf-8") as file:
            file.seek(0)
            columns = next(csv.reader(file), None)
            writer = csv.DictWriter(file, columns or list(row), extrasaction="ignore", restval="nan")
            if columns is None:
                writer.writeheader()
            writer.writerow(row)


def first_network(given: argparse.Namespace) -> tuple[MotionExtractor, CropSpec, dict[str, Any]]:
    """The network to begin with, the crop that it knows and where it comes from."""
    if given.grow is not None:
        small, crop = load_for_training(given.grow)
        network = grow(small, given.backbone, torch.Generator().manual_seed(given.seed))
        return network, crop, {"grown_from": str(given.grow)}
    if given.init is not None:
        network = MotionExtractor(backbone=given.backbone, drop_path_rate=given.drop_path)
        return network, network.load_pretrained(given.init).spec.crop, {"init": str(given.init)}
    torch.manual_seed(given.seed)
    network = MotionExtractor(backbone=given.backbone, drop_path_rate=given.drop_path)
    return network, CropSpec(), {"init": "random"}


class StopSignal:
    """Remembers that the process was told to stop, so that a step is finished and the state saved is whole."""

    def __init__(self) -> None:
        self.seen = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignal:
        self._before = {name: signal.signal(name, self._remember) for name in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def _remember(self, *_: object) -> None:
        self.seen = True


def train(trainer: Trainer, run: Run, stop: StopSignal, given: argparse.Namespace, held: HeadPool | None) -> None:
    """Steps until the run is done or told to stop; logs, saves, and takes in new shards by the clock."""
    start = logged = saved = refreshed = time.monotonic()
    since = trainer.seen
    means: dict[str, torch.Tensor] = {}
    while not trainer.done and not stop.seen:
        size = trainer.phase.size
        for name, value in trainer.step().items():
            # Averaged on the device: asking for the number would wait for it.
            means[name] = value if name not in means else means[name] * SMOOTH + value * (1 - SMOOTH)
        now = time.monotonic()
        if now - logged >= given.log_every or trainer.done:
            rate = (trainer.seen - since) / max(1e-6, now - logged)
            run.append(trainer, {name: float(value) for name, value in means.items()}, rate)
            print(
                f"{(now - start) / 60:6.1f} min  {trainer.seen:>9} samples  {rate:6.1f}/s  {size} px  "
                f"loss {float(means['loss']):.3f}  MAE "
                + " ".join(
                    f"{float(means[name]):.2f}"
                    for name in (f"{kind}_{axis}" for kind in ("mae", "photo") for axis in POSE_HEADS)
                    if name in means
                ),
                flush=True,
            )
            logged, since = now, trainer.seen
        if now - saved >= given.save_every or trainer.done or trainer.phase.size != size:
            trainer.save(run.state)
            saved = now
        if now - refreshed >= given.refresh_every:
            if more := trainer.pool.refresh():
                print(f"{more} more heads, {len(trainer.pool)} in all", flush=True)
            refreshed = now
    if stop.seen:
        trainer.save(run.state)
    elif held is not None:
        spec = replace(trainer.settings.crop, input_size=trainer.phase.size)
        print(table(evaluate(trainer.averaged, held, spec)), flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--heads", type=Path, nargs="+", required=True, help="folders of shards; new ones are taken in")
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=[], help="shards of labelled photographs (.npz), or folders of them"
    )
    parser.add_argument("--photo-share", type=float, default=RunSettings().photographs, help="of a batch")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder; a run found there goes on")
    parser.add_argument("--backbone", default="femto", help="a size of ConvNeXtV2 (default: femto)")
    parser.add_argument("--init", type=Path, help="weights to begin with")
    parser.add_argument("--grow", type=Path, help="weights of half the width to grow from")
    parser.add_argument("--teacher", type=Path, help="weights whose answers are learned too")
    parser.add_argument("--distil", type=float, default=1.0, help="weight of the teacher's answers (default: 1)")
    parser.add_argument("--samples", type=int, default=3_000_000, help="heads seen in all (default: 3 million)")
    parser.add_argument(
        "--phase", action="append", default=[], metavar="START:SIZE:BATCH",
        help="from this share of the samples on, this input and batch (default: 0:96:48; may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--crop-side", type=float,
        help=f"side of the crop in face boxes (default: that of the first weights, else {CropSpec().side})",
    )  # fmt: skip
    parser.add_argument(
        "--crop-up", type=float,
        help=f"crop's centre above the box's (default: that of the first weights, else {CropSpec().up})",
    )  # fmt: skip
    parser.add_argument("--lr", type=float, default=1e-3, help="learning rate at a batch of 64 (default: 0.001)")
    parser.add_argument("--warmup", type=int, default=20_000, help="samples until the full rate (default: 20,000)")
    parser.add_argument("--drop-path", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", type=Path, help="shards to evaluate on at the end")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches ahead (default: none)")
    parser.add_argument("--limit", type=int, help="heads in the pool at most; newer ones replace the oldest")
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True, help="bfloat16 arithmetic")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--log-every", type=float, default=30.0, metavar="S")
    parser.add_argument("--save-every", type=float, default=120.0, metavar="S")
    parser.add_argument("--refresh-every", type=float, default=300.0, metavar="S")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the run is done, 130 when it was told to stop (its state is saved)."""
    given = parse(arguments)
    try:
        if given.threads:
            torch.set_num_threads(given.threads)
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True  # the same few shapes again and again
        settings = RunSettings(
            samples=given.samples,
            phases=tuple(Phase.parse(text) for text in given.phase) or RunSettings().phases,
            learning_rate=given.lr,
            warmup=given.warmup,
            drop_path=given.drop_path,
            seed=given.seed,
            distil=given.distil if given.teacher else 0.0,
            photographs=given.photo_share if given.photos else 0.0,
        )
        if min(phase.start for phase in settings.phases) > 0:
            raise TrainingError("The first phase must start at 0.")
        run = Run(given.out)
        pool = HeadPool(given.heads, torch.device(given.device), limit=given.limit)
        photos = PhotoPool(given.photos) if given.photos else None
        held = HeadPool([given.held_out], torch.device(given.device), resident=False) if given.held_out else None
        network, crop, origin = first_network(given)
        settings = replace(
            settings,
            crop=CropSpec(
                crop.side if given.crop_side is None else given.crop_side,
                crop.up if given.crop_up is None else given.crop_up,
            ),
        )
        teacher = load_for_training(given.teacher)[0] if given.teacher else None
        trainer = Trainer(
            network,
            pool,
            settings,
            amp=given.amp,
            compiled=given.compile,
            teacher=teacher,
            photos=photos,
            workers=given.workers,
        )
        if run.state.exists():
            trainer.load(run.state)
            print(f"Going on after {trainer.seen} samples.", flush=True)
        else:
            run.write_settings(
                settings,
                {
                    **origin,
                    "backbone": given.backbone,
                    "heads": [str(p) for p in given.heads],
                    "photos": [p.name for p in given.photos],
                },
            )
    except (TrainingError, ValueError) as error:  # WeightsError is a ValueError with one sentence
        print(f"train: {error}", file=sys.stderr)
        return 1
    print(
        f"{len(pool)} heads, {len(photos) if photos else 0} photographs, {given.backbone} on {given.device}", flush=True
    )
    with StopSignal() as stop:
        train(trainer, run, stop, given, held)
    if stop.seen:
        print(f"Stopped after {trainer.seen} samples; the same command goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
