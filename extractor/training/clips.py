"""``python -m extractor.training.clips``: rendered clips with exact labels, to see how steady a network is over time.

Each clip is one person before one camera and light for ``SECONDS`` at 30 frames a second, and one
shard of its own with the frames in order: first still and neutral, then talking and blinking with a still
head, then moving, talking, smiling and blinking.  ``PARTS`` says which frames are which.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from extractor.training.command import command, parser_of
from extractor.training.geometry import Array
from extractor.training.render import add_pack_argument
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.labels import HeadLabel, label, stack
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.performance import FPS, Performance, blinks, bump, frame_scene, movement, speech
from extractor.training.rendering.sampler import Sampler
from extractor.training.shards import write_shard

SECONDS = 8
STILL_S, TALK_S = 1, 4  # the still part and the talking part end here
PARTS = {
    "still": slice(0, STILL_S * FPS),
    "talking": slice(STILL_S * FPS, TALK_S * FPS),
    "moving": slice(TALK_S * FPS, SECONDS * FPS),
}
FRAMES = SECONDS * FPS
TURN_DEG = (11.0, 22.0, 8.0)
"""Deviation of pitch, yaw and roll at the turning points."""
HELD_DEG = (8.0, 15.0, 5.0)
"""The same of the pose that is held at first."""
LIMIT_DEG = (40.0, 55.0, 40.0)


def rehearse(rng: np.random.Generator) -> Performance:
    """One person's eight seconds by chance."""
    t = np.arange(FRAMES) / FPS
    held = rng.normal(0, HELD_DEG)
    at = TALK_S + 0.3 + np.cumsum(rng.uniform(0.45, 0.9, 16))
    at = at[at < SECONDS]
    turns = np.clip(held * 0.3 + rng.normal(0, TURN_DEG, (len(at), 3)), np.negative(LIMIT_DEG), LIMIT_DEG)
    stops = [[0, *held], [TALK_S + 0.25, *held], *np.column_stack([at, turns]), [SECONDS + 0.5, *held]]
    angles = movement(np.array(stops), FRAMES)
    angles[: TALK_S * FPS] = held  # smoothing reaches back a little
    said = speech(rng, t, ((STILL_S + 0.2, TALK_S - 0.3), (TALK_S + 0.4, SECONDS - 0.3)))
    closed = [c for c in np.cumsum(rng.uniform(0.7, 1.6, 16)) + STILL_S if c < SECONDS - 0.3]
    smile_s, brows_s, frown_s = rng.uniform(TALK_S, SECONDS, 3)
    return Performance(
        angles_deg=angles,
        **said,
        smile=rng.uniform(0.3, 0.8) * bump(t, smile_s, 0.5),
        brows_up=rng.uniform(0.3, 0.8) * bump(t, brows_s, 0.35),
        frown=rng.uniform(0.2, 0.5) * bump(t, frown_s, 0.35),
        lids=blinks(t, closed),
    )


def render_clip(renderer: object, out: Path, seed: int, index: int) -> Path:
    """Render clip ``index`` of a seed and return its path; an existing one is kept."""
    from extractor.training.rendering.renderer import Renderer  # needs OpenGL

    assert isinstance(renderer, Renderer)
    path = out / f"clip-{seed:04d}-{index:05d}.npz"
    if path.exists():
        return path
    rng = np.random.default_rng([seed, index])
    sampler = Sampler(renderer.model)
    still = sampler.scene(rng, pose=(0.0, 0.0, 0.0))
    p = rehearse(rng)
    images, labels = list[Array](), list[HeadLabel]()
    for i in range(len(p)):
        scene = frame_scene(sampler, still, p, i)
        drawn = renderer.draw(scene)
        images.append(drawn.image)
        labels.append(label(renderer.model, scene, drawn.placement, drawn.depth))
    write_shard(path, images, stack(labels, [index] * len(labels)))
    return path


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when all clips are there."""
    parser = parser_of(__file__, __doc__)
    add_pack_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--clips", type=int, default=12, help="how many people (default: 12)")
    parser.add_argument("--seed", type=int, default=9101, help="another seed gives other people (default: 9101)")
    parser.add_argument("--size", type=int, default=192, help="pixels of a side (default: 192)")
    parser.add_argument("--supersample", type=int, choices=(1, 2, 4), default=2)
    given = parser.parse_args(arguments)
    from extractor.training.rendering.renderer import Renderer

    renderer = Renderer(HeadModel(Pack.open(given.pack)), given.size, given.supersample)
    for index in range(given.clips):
        print(render_clip(renderer, given.out, given.seed, index).name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
