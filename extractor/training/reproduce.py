"""``python -m extractor.training.reproduce``: from the asset pack to the shipped weights, one command.

Rendering runs beside training and the two share the device.  Each stage is a command of this package and
goes on where it was left, so a run that was stopped is started again with the same words.

``gpu``: tiny from scratch, then femto with tiny as its teacher.  ``cpu``: femto at 64 and 96 pixels, grown
into tiny, which goes on at 96 to 256 pixels (days; tiny from scratch learns a third as fast there).
``shipped``: what the shipped lite had, in one go: the same sums of heads and samples, a day or so on two
cores, and photographs of your own (``--photos``, ``--dev``) from its second stage on.  The shipped one had more stages,
as the model card tells, so the numbers come out alike but not the same.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor import child
from extractor.training.render import add_pack_argument
from extractor.training.shards import find_shards

TRAIN_SEED = 1
HELD_SEED = 9001
"""People are drawn from the seed, so no one is in both sets."""


@dataclass(frozen=True)
class Stage:
    """One network: what it is called and how ``train`` makes it; ``{name}`` stands for an earlier stage's state."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """What is rendered and trained."""

    size: int
    supersample: int
    workers: int
    shards: int
    first_shards: int  # before training starts
    held_shards: int
    stages: tuple[Stage, ...]
    shipped: tuple[tuple[str, str], ...]  # stage, file


SHIPPED = (("tiny", "motion_extractor.safetensors"), ("femto", "motion_extractor_lite.safetensors"))

RECIPES = {
    "gpu": Recipe(
        size=256,
        supersample=2,
        workers=12,
        shards=600,
        first_shards=12,
        held_shards=2,
        stages=(
            Stage(
                "tiny",
                ("--backbone", "tiny", "--samples", "4000000", "--lr", "8e-4", "--drop-path", "0.1", "--compile",
                 "--phase", "0:96:256", "--phase", "0.4:192:192", "--phase", "0.7:256:128", "--refresh-every", "30"),
            ),
            Stage(
                "femto",
                ("--backbone", "femto", "--samples", "4000000", "--lr", "1e-3", "--compile", "--teacher", "{tiny}",
                 "--phase", "0:256:128"),
            ),
        ),
        shipped=SHIPPED,
    ),
    "cpu": Recipe(
        size=192,
        supersample=1,
        workers=1,
        shards=200,
        first_shards=8,
        held_shards=1,
        stages=(
            Stage(
                "femto",
                ("--backbone", "femto", "--samples", "3000000", "--phase", "0:64:64", "--phase", "0.5:96:48"),
            ),
            Stage(
                "tiny",
                ("--backbone", "tiny", "--grow", "{femto}", "--samples", "2000000", "--lr", "3e-4",
                 "--phase", "0:96:48", "--phase", "0.5:128:32", "--phase", "0.8:192:16", "--phase", "0.95:256:8"),
            ),
        ),
        shipped=SHIPPED,
    ),
    "shipped": Recipe(
        size=256,
        supersample=2,
        workers=1,
        shards=129,
        first_shards=8,
        held_shards=1,
        stages=(
            Stage(
                "femto",
                ("--backbone", "femto", "--samples", "1490000", "--lr", "8e-4", "--compile",
                 "--phase", "0:64:64", "--phase", "0.17:96:48", "--phase", "0.84:128:48"),
            ),
            # With labelled photographs beside them, where --photos names any: they are not the project's to give.
            Stage(
                "faces",
                ("--backbone", "femto", "--init", "{femto}", "--samples", "165000", "--lr", "8e-4", "--warmup", "5000",
                 "--no-amp", "--compile", "--phase", "0:96:56", "--phase", "0.42:128:56"),
            ),
            # A narrower crop: the photographs end soon beyond the face, and the face gets more pixels.
            Stage(
                "narrow",
                ("--backbone", "femto", "--init", "{faces}", "--samples", "105000", "--lr", "1e-3", "--warmup", "4000",
                 "--photo-share", "0.77", "--crop-side", "1.5", "--no-amp", "--compile",
                 "--phase", "0:96:56", "--phase", "0.52:128:32"),
            ),
            Stage(
                "longer",
                ("--backbone", "femto", "--init", "{narrow}", "--samples", "110000", "--lr", "9e-4", "--warmup", "3000",
                 "--photo-share", "0.73", "--crop-side", "1.5", "--compile", "--phase", "0:128:40"),
            ),
            Stage(
                "again",
                ("--backbone", "femto", "--init", "{longer}", "--samples", "1006000", "--lr", "9e-4",
                 "--warmup", "3000", "--photo-share", "0.73", "--crop-side", "1.5", "--compile", "--phase", "0:128:40"),
            ),
            # More pixels last: the same network sees lids, brows and lips more sharply.
            Stage(
                "sharper",
                ("--backbone", "femto", "--init", "{again}", "--samples", "280000", "--lr", "6e-4", "--warmup", "1500",
                 "--photo-share", "0.7", "--crop-side", "1.5", "--compile", "--phase", "0:160:40"),
            ),
        ),
        shipped=(("sharper", "motion_extractor_lite.safetensors"),),
    ),
}  # fmt: skip


def commands(
    recipe: Recipe, pack: Path, out: Path, device: str, photos: Sequence[Path] = (), dev: Sequence[Path] = ()
) -> list[list[str]]:
    """The commands in order; the first of them (rendering) is left to run beside the others.

    ``photos`` are trained on from the second stage on, ``dev`` are kept for calibration.
    """

    def render(folder: Path, seed: int, shards: int) -> list[str]:
        return [
            "render", "--pack", str(pack), "--out", str(folder), "--seed", str(seed), "--shards", str(shards),
            "--size", str(recipe.size), "--supersample", str(recipe.supersample), "--workers", str(recipe.workers),
        ]  # fmt: skip

    states = {stage.name: str(out / stage.name / "state.pth") for stage in recipe.stages}
    held = str(out / "held_out")
    found = [render(out / "heads", TRAIN_SEED, recipe.shards), render(out / "held_out", HELD_SEED, recipe.held_shards)]
    for number, stage in enumerate(recipe.stages):
        arguments = [word.format(**states) for word in stage.arguments]
        if photos and number:
            arguments += ["--photos", *(str(path) for path in photos)]
        found.append(
            ["train", "--heads", str(out / "heads"), "--out", str(out / stage.name), "--held-out", held,
             "--device", device, *arguments]
        )  # fmt: skip
    for name, file in recipe.shipped:
        found.append(
            ["export", states[name], str(out / file), "--heads", held, "--recipe", str(out / name / "settings.json"),
             "--force", *(["--photos", *(str(path) for path in dev)] if dev else [])]
        )  # fmt: skip
        found.append(["quantise", str(out / file), "--heads", held])
    return found


def _start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    print("python -m extractor.training." + " ".join(arguments), flush=True)
    return child.start(f"extractor.training.{arguments[0]}", *arguments[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the weights are written, else the failed stage's status."""
    parser = argparse.ArgumentParser(
        prog="python -m extractor.training.reproduce", description="From the asset pack to the shipped weights."
    )
    add_pack_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of heads, runs and weights")
    parser.add_argument("--recipe", choices=RECIPES, default="gpu")
    parser.add_argument("--device", help="default: cuda for gpu, cpu for cpu")
    parser.add_argument("--photos", type=Path, nargs="+", default=[], help="shards of labelled photographs to train on")
    parser.add_argument("--dev", type=Path, nargs="+", default=[], help="photographs of other people, to calibrate on")
    parser.add_argument("--dry-run", action="store_true", help="print the commands only")
    given = parser.parse_args(arguments)
    recipe = RECIPES[given.recipe]
    steps = commands(
        recipe,
        given.pack.absolute(),
        given.out.absolute(),
        given.device or {"gpu": "cuda"}.get(given.recipe, "cpu"),
        [path.absolute() for path in given.photos],
        [path.absolute() for path in given.dev],
    )
    if given.dry_run:
        print("\n".join("python -m extractor.training." + " ".join(arguments) for arguments in steps))
        return 0
    rendering, held, *rest = steps
    if status := _start(held).wait():
        return status
    background = _start(rendering)
    try:
        while not _enough(given.out / "heads", recipe.first_shards):
            try:
                if status := background.wait(timeout=5):
                    return status
                break  # all is rendered
            except subprocess.TimeoutExpired:
                continue
        for arguments in rest:
            if status := _start(arguments).wait():
                return status
    finally:
        background.terminate()
        background.wait()
    return 0


def _enough(folder: Path, shards: int) -> bool:
    return folder.is_dir() and any(folder.glob("*.npz")) and len(find_shards(folder)) >= shards


if __name__ == "__main__":
    sys.exit(main())
