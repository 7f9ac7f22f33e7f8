"""``python -m extractor.training.render``: shards of rendered heads with exact labels."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from extractor import child
from extractor.training.boxes import FaceBoxes
from extractor.training.command import command, parser_of
from extractor.training.rendering.labels import HeadLabel, label, stack
from extractor.training.rendering.pack import PACK_VARIABLE, Pack
from extractor.training.shards import write_shard

LEAST_VISIBLE = 4
"""Keypoints that must be seen; a face behind a hand teaches nothing."""


@dataclass(frozen=True)
class RenderJob:
    """What to render; shard ``i`` holds the same heads whoever renders it and whenever."""

    pack: Path
    out: Path
    seed: int
    heads: int  # a shard
    size: int
    supersample: int
    boxes: bool = True  # the app's detector looks at each head, so that training can cut crops as it would


def render_shard(job: RenderJob, index: int, renderer: object | None = None) -> Path:
    """Render one shard and return its path; an existing one is kept."""
    from extractor.training.rendering.renderer import Renderer  # needs OpenGL
    from extractor.training.rendering.sampler import Sampler

    path = job.out / f"heads-{job.seed:04d}-{index:05d}.npz"
    if path.exists():
        return path
    if renderer is None:
        renderer = make_renderer(job)
    assert isinstance(renderer, Renderer)
    rng = np.random.default_rng([job.seed, index])
    images, labels, persons = [], list[HeadLabel](), list[int]()
    for person, scene in Sampler(renderer.model).scenes(rng):
        drawn = renderer.draw(scene)
        found = label(renderer.model, scene, drawn.placement, drawn.depth)
        if found.visible.sum() < LEAST_VISIBLE:
            continue
        images.append(drawn.image)
        labels.append(found)
        persons.append(index * 1_000_000 + person)
        if len(images) == job.heads:
            break
    heads = stack(labels, persons)
    if job.boxes:
        with FaceBoxes() as boxes:
            heads = replace(heads, box=np.stack([boxes.find(image) for image in images]))
    write_shard(path, images, heads)
    return path


def make_renderer(job: RenderJob) -> object:
    """A renderer with its own context; raises ``TrainingError``."""
    from extractor.training.rendering.head_model import HeadModel
    from extractor.training.rendering.renderer import Renderer

    return Renderer(HeadModel(Pack.open(job.pack)), job.size, job.supersample)


def _work(job: RenderJob, shards: range, starter: psutil.Process | None) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    renderer = make_renderer(job)
    for index in shards:
        if starter is not None and psutil.Process().parent() != starter:
            break  # the command was killed; without this its processes would go on for hours
        start = time.monotonic()
        path = render_shard(job, index, renderer)
        print(f"{path.name}: {job.heads / max(1e-3, time.monotonic() - start):.1f} heads/s", flush=True)


def add_pack_argument(parser: argparse.ArgumentParser) -> None:
    """``--pack``, or the environment variable, or ``pack`` in the working folder."""
    parser.add_argument(
        "--pack",
        type=Path,
        default=Path(os.environ.get(PACK_VARIABLE, "pack")),
        help=f"the unpacked asset pack (default: ${PACK_VARIABLE}, else ./pack)",
    )


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when all shards are there."""
    parser = parser_of(__file__, __doc__)
    add_pack_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--shards", type=int, default=16, help="how many (default: 16)")
    parser.add_argument("--first", type=int, default=0, help="number of the first shard (default: 0)")
    parser.add_argument("--heads", type=int, default=1024, help="heads a shard (default: 1024)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other people (default: 1)")
    parser.add_argument("--size", type=int, default=256, help="pixels of a side (default: 256)")
    parser.add_argument(
        "--supersample", type=int, choices=(1, 2, 4), default=2, help="against jagged edges (default: 2)"
    )
    parser.add_argument(
        "--boxes",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="look for each face with MediaPipe, for crops like the app's (default: yes)",
    )
    parser.add_argument("--workers", type=int, default=1, help="processes; a GPU is shared by them (default: 1)")
    parser.add_argument("--every", type=int, default=0, help=argparse.SUPPRESS)  # one of several processes
    given = parser.parse_args(arguments)
    job = RenderJob(given.pack, given.out, given.seed, given.heads, given.size, given.supersample, given.boxes)
    shards = range(given.first, given.first + given.shards, given.every or 1)
    try:
        Pack.open(given.pack)
        if given.workers > 1:
            return _in_processes(job, shards, given.workers)
        _work(job, shards, psutil.Process().parent() if given.every else None)
    except KeyboardInterrupt:
        return 130
    return 0


def _in_processes(job: RenderJob, shards: range, count: int) -> int:
    """Each takes one shard in ``count``; the worst exit code."""
    arguments = ["--pack", str(job.pack.absolute()), "--out", str(job.out.absolute()), "--every", str(count)]
    for name in ("seed", "heads", "size", "supersample"):
        arguments += [f"--{name}", str(getattr(job, name))]
    arguments.append("--boxes" if job.boxes else "--no-boxes")
    workers = [
        child.start(
            "extractor.training.render", *arguments, "--first", str(first), "--shards", str(shards.stop - first)
        )
        for first in shards[:count]
    ]
    return max(abs(worker.wait()) for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
