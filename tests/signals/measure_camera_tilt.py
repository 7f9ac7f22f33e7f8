"""How much a turn of 30 degrees leaks into pitch and roll before a tilted camera, on rendered heads.

    python -m tests.signals.measure_camera_tilt PACK [--tilt PITCH,ROLL ...] [--people N]

A head is shaken, nods and then turns by 30 degrees to either side.  Its tilt is estimated from the true
poses, and from those that detector and network measure; the turns are shown with each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.core.errors import UserError
from app.core.frames import Frame
from app.core.rotation import angles_of, as_shown
from app.core.tilt import CameraTilt, parse_camera_tilt
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from app.signals.head_axes import estimate_tilt
from app.signals.stillness import mean_rotation
from extractor.backends import create_backend
from extractor.training.demo import HEIGHT, SUPERSAMPLE, WIDTH, actor
from extractor.training.geometry import rotation, to_gl
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.performance import Performance, frame_scene
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler

RATE = 12.0
WATCHED = 60  # frames of shake and nod
STILL = 6
TURN_DEG = 30.0


def poses() -> np.ndarray:
    """(N, 3) pitch, yaw, roll before a level camera: shake, nod, straight ahead, to either side."""
    t = np.arange(WATCHED) / RATE
    swing = np.sin(2 * np.pi * 0.8 * t)
    shake, nod = np.where(t < 2.5, 25 * swing, 0), np.where(t >= 2.5, 15 * swing, 0)
    turns = np.concatenate([np.zeros(STILL), [TURN_DEG] * 3, [-TURN_DEG] * 3])
    moved = np.concatenate([np.stack([nod, shake, np.zeros(WATCHED)], axis=1), np.zeros((len(turns), 3))])
    moved[WATCHED:, 1] = turns
    return moved


def pictures(renderer: Renderer, person: int, tilt: CameraTilt) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(480, 640, 3) BGR and the true rotation (3, 3), head to camera."""
    sampler, moved = Sampler(renderer.model), poses()
    still, nothing = actor(sampler, person), np.zeros(len(moved))
    acted = Performance(moved, *[nothing] * 7)
    tilted = to_gl(tilt.to_level.T)
    top = (WIDTH - HEIGHT) // 2
    for i, pose in enumerate(moved):
        scene = frame_scene(sampler, still, acted, i)
        view = replace(scene.view, head=tilted @ scene.view.head, torso=tilted @ scene.view.torso)
        image = renderer.draw(replace(scene, view=view)).image[top : top + HEIGHT]
        yield np.ascontiguousarray(image[..., ::-1]), tilt.to_level.T @ rotation(*pose)


def leaks(rotations: Sequence[np.ndarray], tilt: CameraTilt | None) -> str:
    """Yaw, then what is shown of pitch and roll, of the mean turn to either side."""
    straight = mean_rotation(rotations[WATCHED : WATCHED + STILL])
    level = None if tilt is None else tilt.to_level
    sides = (mean_rotation(rotations[k : k + 3]) for k in (WATCHED + STILL, WATCHED + STILL + 3))
    shown = [angles_of(as_shown(side, straight, level)) for side in sides]
    return "  ".join(f"yaw {a.yaw_deg:+5.1f} pitch {a.pitch_deg:+5.2f} roll {a.roll_deg:+6.2f}" for a in shown)


def estimated(times_s: np.ndarray, rotations: np.ndarray) -> tuple[CameraTilt | None, str]:
    """The tilt, and what is told of it; None and why, where shake and nod are refused, as the window would."""
    try:
        found = estimate_tilt(times_s, rotations)
    except UserError as error:
        return None, f"refused: {error}"
    return found, str(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--tilt", type=parse_camera_tilt, action="append")
    parser.add_argument("--people", type=int, default=3)
    given = parser.parse_args()
    renderer = Renderer(HeadModel(Pack.open(given.pack)), WIDTH, SUPERSAMPLE)
    backend = create_backend("lite", "cpu", 1, "torch")
    for person in range(1, given.people + 1):
        for tilt in given.tilt or (CameraTilt(0, 0), CameraTilt(20, 0), CameraTilt(-20, 0), CameraTilt(10, 15)):
            detector = create_detector()
            analyser, true, measured = FaceAnalyser(detector, FaceTracker(1), backend), [], []
            for i, (image, rotated) in enumerate(pictures(renderer, person, tilt)):
                face = analyser.analyse(Frame(i, image, i / RATE, media_s=i / RATE)).primary
                assert face is not None, f"no face in frame {i}"
                true.append(rotated)
                measured.append(face.rotation)
            detector.close()
            times = np.arange(WATCHED) / RATE
            for name, rotations in (("true", true), ("network", measured)):
                found, told = estimated(times, np.array(rotations[:WATCHED]))
                print(f"person {person}, tilt {tilt.pitch_deg:g}, {tilt.roll_deg:g}; from {name} poses {told}")
                print(f"   as seen     {leaks(rotations, None)}")
                print(f"   tilt typed  {leaks(rotations, tilt)}")
                if found is not None:
                    print(f"   measured    {leaks(rotations, found)}")
                print(end="", flush=True)
    backend.close()


if __name__ == "__main__":
    main()
