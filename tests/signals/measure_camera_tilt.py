"""How much a turn of 30 degrees leaks into pitch and roll before a tilted camera, on rendered heads.

    python -m tests.signals.measure_camera_tilt PACK [--tilt PITCH,ROLL ...] [--people N]

A head is shaken and nods: from that its tilt and its bend are estimated.  Neither saw the turns by 30 degrees
to either side that follow, once in the same place and once in another clip: elsewhere in the picture, farther
away, under other light, with a smile.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import UserError
from app.core.frames import Frame
from app.core.rotation import angles_of
from app.core.tilt import CameraTilt, as_shown, parse_camera_tilt
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from app.signals.head_axes import estimate_tilt
from app.signals.stillness import mean_rotation
from extractor.backends import Backend, create_backend
from extractor.training.demo import HEIGHT, WIDTH, actor
from extractor.training.geometry import rotation, to_gl
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.performance import Performance, frame_scene
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Scene

RATE = 12.0
WATCHED = 60  # frames of shake and nod
TURN_DEG = 30.0
TURNED = (0, 0, 0, 0, 0, 0, 30, 30, 30, -30, -30, -30)  # yaw
ELSEWHERE = (0, 0, 0, 15, 25, 30, 30, 35, 30, 15, 0, -15, -25, -30, -30, -35, -30, -15, 0, 0)
SUPERSAMPLE = 1
TOP = (WIDTH - HEIGHT) // 2


@dataclass(frozen=True)
class Clip:
    """Poses (N, 3) of pitch, yaw and roll before a level camera, and the rotations (N, 3, 3) that the network said."""

    poses: NDArray[np.float64]
    measured: NDArray[np.float64]


def shake_and_nod() -> NDArray[np.float64]:
    """(WATCHED, 3)."""
    t = np.arange(WATCHED) / RATE
    swing = np.sin(2 * np.pi * 0.8 * t)
    shake, nod = np.where(t < 2.5, 25 * swing, 0), np.where(t >= 2.5, 15 * swing, 0)
    return np.stack([nod, shake, np.zeros(WATCHED)], axis=1)


def turns(yaws_deg: Sequence[float]) -> NDArray[np.float64]:
    """(N, 3)."""
    yaw = np.array(yaws_deg, np.float64)
    return np.stack([0 * yaw, yaw, 0 * yaw], axis=1)


def moved_away(scene: Scene, person: int) -> Scene:
    """Elsewhere in the picture, farther away, and lit from the other side in another room's turn."""
    rng = np.random.default_rng(1000 + person)
    (across, down), away = scene.view.shift, scene.view.extent
    shift = across + rng.uniform(-0.25, 0.25), down + rng.uniform(-0.12, 0.12)
    view = replace(scene.view, shift=shift, extent=away * rng.uniform(1.0, 1.5))
    turn = to_gl(rotation(0, float(rng.uniform(0, 360)), 0))
    light = replace(scene.light, turn=turn, key_direction=scene.light.key_direction * [-1, 1, 1])
    return replace(scene, view=view, light=light)


def pictures(
    renderer: Renderer, person: int, tilt: CameraTilt, poses: NDArray[np.float64], elsewhere: bool
) -> Iterator[NDArray[np.uint8]]:
    """(480, 640, 3) BGR; each pose is drawn once."""
    sampler, nothing, drawn = Sampler(renderer.model), np.zeros(len(poses)), {}
    still, tilted = actor(sampler, person), to_gl(tilt.to_level.T)
    jaw, smile = nothing + 0.15 * elsewhere, nothing + 0.45 * elsewhere
    acted = Performance(poses, jaw, nothing, nothing, smile, nothing, nothing, nothing)
    for i, pose in enumerate(poses.round(6).tolist()):
        if tuple(pose) not in drawn:
            scene = frame_scene(sampler, still, acted, i)
            view = replace(scene.view, head=tilted @ scene.view.head, torso=tilted @ scene.view.torso)
            scene = replace(scene, view=view)
            image = renderer.draw(moved_away(scene, person) if elsewhere else scene).image
            drawn[tuple(pose)] = np.ascontiguousarray(image[TOP : TOP + HEIGHT, :, ::-1])
        yield drawn[tuple(pose)]


def measured(backend: Backend, images: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """(N, 3, 3) of one clip; NaN where no face was found."""
    detector = create_detector()
    analyser, rotations = FaceAnalyser(detector, FaceTracker(1), backend), []
    for i, image in enumerate(images):
        face = analyser.analyse(Frame(i, image, i / RATE, media_s=i / RATE)).primary
        rotations.append(np.full((3, 3), np.nan) if face is None else face.rotation)
    detector.close()
    return np.array(rotations, np.float64)


def leaks(clip: Clip, tilt: CameraTilt | None) -> NDArray[np.float64]:
    """(2, 2): the pitch and the roll that are shown of the mean turn to either side."""
    yaw = clip.poses[:, 1]
    straight = mean_rotation(list(clip.measured[: int(np.argmax(yaw != 0))]))
    sides = [mean_rotation(list(clip.measured[yaw == side])) for side in (TURN_DEG, -TURN_DEG)]
    shown = [angles_of(as_shown(side, straight, tilt)) for side in sides]
    return np.array([(angles.pitch_deg, angles.roll_deg) for angles in shown])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--tilt", type=parse_camera_tilt, action="append")
    parser.add_argument("--people", type=int, default=3)
    given = parser.parse_args()
    renderer = Renderer(HeadModel(Pack.open(given.pack)), WIDTH, SUPERSAMPLE)
    backend = create_backend("lite", "cpu", 1, "torch")
    found: dict[tuple[CameraTilt, str, str], list[NDArray[np.float64]]] = defaultdict(list)
    for person in range(1, given.people + 1):
        for tilt in given.tilt or (CameraTilt(0, 0), CameraTilt(20, 0), CameraTilt(-20, 0)):
            here, there = np.concatenate([shake_and_nod(), turns(TURNED)]), turns(ELSEWHERE)
            said = measured(backend, pictures(renderer, person, tilt, here, elsewhere=False))
            away = measured(backend, pictures(renderer, person, tilt, there, elsewhere=True))
            seen = np.isfinite(said[:WATCHED]).all(axis=(1, 2))
            try:
                estimate = estimate_tilt(np.arange(WATCHED)[seen] / RATE, said[:WATCHED][seen])
            except UserError as error:
                print(f"person {person}, {tilt}: refused: {error}", flush=True)
                continue
            print(f"person {person}, {tilt}: {estimate}", flush=True)
            ways = {
                "as seen": None,
                "tilt typed": tilt,
                "without the bend": estimate.without_bend,
                "measured": estimate,
            }
            clips = {"same clip": Clip(here[WATCHED:], said[WATCHED:]), "another clip": Clip(there, away)}
            for way, taken in ways.items():
                for name, clip in clips.items():
                    found[tilt, name, way].append(leaks(clip, taken))
    backend.close()
    for (tilt, name, way), each in found.items():
        sizes = np.abs(each).reshape(-1, 2).T
        pitch, roll = (f"{size.mean():5.2f} (at most {size.max():5.2f})" for size in sizes)
        print(f"tilt {tilt.pitch_deg:g}, {tilt.roll_deg:g}  {name:12}  {way:16}  pitch {pitch}  roll {roll}")


if __name__ == "__main__":
    main()
