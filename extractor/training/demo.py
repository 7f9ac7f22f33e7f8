"""``python -m extractor.training.demo``: the built-in demo, a head that turns, talks and blinks, with its true pose.

640 x 480 at 30 frames a second, 12 seconds that close into a loop; beside the video a table
``frame,timestamp_s,pitch_deg,yaw_deg,roll_deg``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from extractor.training.command import command, parser_of
from extractor.training.geometry import Array, rotation, to_gl
from extractor.training.render import add_pack_argument
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.performance import FPS, Performance, blinks, bump, frame_scene, movement, speech
from extractor.training.rendering.poses import MEAN_EXTENT
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Background, Light, Scene

SECONDS = 12
WIDTH, HEIGHT = 640, 480
SUPERSAMPLE = 2
PERSON = 8  # of the first 27 the one whose pose is as far off as the median person's, with the weights of stage 14

# Seconds, then pitch, yaw and roll in degrees at the turning points.
TURNS = np.array(
    [[0, 0, 0, 0], [0.5, 0, 0, 0], [1.9, 4, -44, -2], [2.5, 2, -41, -1], [4.2, -3, 44, 3], [4.8, -2, 41, 2],
     [5.8, 0, 0, 0], [6.6, 24, -2, 1], [7.5, -24, 3, -1], [8.2, 0, 0, 0], [8.9, 3, -6, 24], [9.7, -2, 6, -24],
     [10.4, 15, 28, -12], [11.1, -13, -25, 12], [11.9, 0, 0, 0], [12, 0, 0, 0]]
)  # fmt: skip
PHRASES = ((0.7, 3.1), (3.7, 5.6), (6.2, 8.3), (8.8, 11.2))
BLINKS = (0.35, 2.3, 3.1, 4.9, 6.15, 7.9, 9.35, 10.75, 11.6)


def perform() -> Performance:
    """Head movement through the turning points, syllables at about four a second, blinks of a fifth of a second."""
    rng = np.random.default_rng(7)
    n = FPS * SECONDS
    t = np.arange(n) / FPS
    angles = movement(TURNS, n, loop=True)
    said = speech(rng, t, PHRASES)
    return Performance(
        angles_deg=angles - angles[0],
        **said,
        smile=0.12 + 0.55 * bump(t, 5.9, 0.5) + 0.35 * bump(t, 11.2, 0.3) + 0.3 * bump(t, 1.1, 0.35),
        brows_up=0.5 * bump(t, 2.2, 0.35) + 0.6 * bump(t, 7.5, 0.4) + 0.35 * bump(t, 9.2, 0.3),
        frown=0.45 * bump(t, 6.6, 0.4) + 0.3 * bump(t, 10.3, 0.3),
        lids=blinks(t, BLINKS),
    )


def actor(sampler: Sampler, seed: int) -> Scene:
    """One person with nothing in the way, in a room's soft light."""
    rng = np.random.default_rng(seed)
    scene = sampler.scene(rng, pose=(0.0, 0.0, 0.0))
    env = sampler.model.pack.environments
    room = [str(name) for name in env["names"]].index("apartment")
    key, fill = np.array([-0.55, 0.45, 0.75]), np.array([0.8, 0.2, 0.3])
    light = Light(
        environment=room,
        turn=to_gl(rotation(0, -58, 0)),
        gain=0.75 * 0.5 / (float(env["sh"][room][0].mean()) * 0.282),
        key_direction=key / np.linalg.norm(key),
        key_colour=0.62 * np.array([1.03, 1, 0.95]),
        fill_direction=fill / np.linalg.norm(fill),
        fill_colour=0.18 * np.array([0.95, 1, 1.05]),
        exposure=1.02,
        shadow_softness=0.006,
    )
    skin = replace(
        scene.skin, roughness=0.46, specular=0.55, relief=0.8, blotches=0.12, gamma=1.0, tint=(1.0, 1.0, 1.0)
    )
    shells = tuple(s for s in scene.shells if s.region != "mask")
    background = Background("environment", zoom=2.2, lod=2.2, gain=0.9)
    view = replace(
        scene.view,
        field_of_view=float(np.radians(30)),
        extent=1.84 * MEAN_EXTENT * scene.person.canonical.scale,
        shift=(0.0, 0.057),
    )
    return replace(scene, meshes=(), shells=shells, skin=skin, light=light, background=background, view=view)


def frames(renderer: Renderer, seed: int, chosen: Sequence[int] | None = None) -> Iterator[Array]:
    """The pictures (480, 640, 3) uint8 RGB."""
    sampler, p = Sampler(renderer.model), perform()
    still = actor(sampler, seed)
    top = (WIDTH - HEIGHT) // 2
    for i in range(len(p)) if chosen is None else chosen:
        yield renderer.draw(frame_scene(sampler, still, p, i)).image[top : top + HEIGHT]


def write_video(path: Path, pictures: Iterator[Array], crf: int) -> None:
    """H.264 with a closed group of pictures a second, so that seeking is exact."""
    import av

    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = WIDTH, HEIGHT, "yuv420p", Fraction(1, FPS)
        stream.options = {
            "crf": str(crf), "preset": "veryslow", "tune": "film",
            "x264-params": f"keyint={FPS}:min-keyint={FPS}:scenecut=0:open-gop=0",
        }  # fmt: skip
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_table(path: Path, angles_deg: Array) -> None:
    """The true pose of each frame."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["frame", "timestamp_s", "pitch_deg", "yaw_deg", "roll_deg"])
        for i, angles in enumerate(np.round(angles_deg, 3) + 0.0):  # adding zero makes -0 plain 0
            writer.writerow([i, f"{i / FPS:.6f}", *(f"{a:.3f}" for a in angles)])


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    add_pack_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="the video; its table is written beside it")
    parser.add_argument("--seed", type=int, default=PERSON, help=f"which person (default: {PERSON})")
    parser.add_argument("--crf", type=int, default=22, help="x264's quality, lower is better (default: 22)")
    parser.add_argument("--sheet", type=int, metavar="N", help="write a picture of N people instead, to choose from")
    given = parser.parse_args(arguments)
    renderer = Renderer(HeadModel(Pack.open(given.pack)), WIDTH, SUPERSAMPLE)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if given.sheet:
        rows = [np.concatenate(list(frames(renderer, given.seed + k, (0, 54, 200))), 1) for k in range(given.sheet)]
        Image.fromarray(np.concatenate(rows)).save(given.out)
        return 0
    write_video(given.out, frames(renderer, given.seed), given.crf)
    write_table(given.out.with_suffix(".csv"), perform().angles_deg)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
