"""How far the position in centimetres is from the true one, on rendered heads.

    python -m tests.faces.measure_position PACK [--people N]

Faces that nothing hides, 38 to 120 cm before cameras of 45 to 80 degrees, anywhere in the picture, turned as before a
webcam.  Errors are shown as a share of the distance, for the true size of each face and then for the distance of its
pupils as its size.  Last comes the demo.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.frames import Frame
from app.core.position import FaceSize, FieldOfView
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.position import UNIT_CM, position_of
from app.faces.tracker import FaceTracker
from extractor.backends import create_backend
from extractor.training.demo import HEIGHT, PERSON, SUPERSAMPLE, WIDTH, actor
from extractor.training.geometry import FLIP_YZ
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.placement import place
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Scene

TOP = (WIDTH - HEIGHT) // 2


def scenes(sampler: Sampler, people: int) -> Iterator[Scene]:
    """Heads at distances and places in the picture by chance; last the demo's."""
    rng = np.random.default_rng(5)
    for _ in range(people):
        pose = np.clip(rng.normal(0, (15, 25, 11)), -60, 60)
        scene = sampler.scene(rng, pose=(float(pose[0]), float(pose[1]), float(pose[2])))
        angle = float(np.radians(rng.uniform(45, 80)))
        distance_dm = rng.uniform(3.5, 11) * scene.person.canonical.scale
        shift = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.3, 0.3))
        extent = float(distance_dm * np.tan(angle / 2))
        shells = tuple(shell for shell in scene.shells if shell.region != "mask")
        view = replace(scene.view, field_of_view=angle, extent=extent, shift=shift)
        yield replace(scene, meshes=(), shells=shells, view=view)
    yield actor(sampler, PERSON)


def pupils_apart(model: HeadModel, neutral: NDArray[np.floating[Any]]) -> float:
    """The distance between the centres of both eyes of a neutral shape, in its units."""
    (name,) = model.of_kind("eyes")
    eyes = model.proxy_vertices(name, neutral)
    left = eyes[:, 0] > eyes[:, 0].mean()
    return float(np.linalg.norm(eyes[left].mean(axis=0) - eyes[~left].mean(axis=0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--people", type=int, default=300)
    given = parser.parse_args()
    renderer = Renderer(HeadModel(Pack.open(given.pack)), WIDTH, SUPERSAMPLE)
    backend = create_backend("lite", "cpu", 1, "torch")
    detector = create_detector(stills=True)
    rows, told = [], []
    for i, scene in enumerate(scenes(Sampler(renderer.model), given.people)):
        image = np.ascontiguousarray(renderer.draw(scene).image[TOP : TOP + HEIGHT, :, ::-1])
        analyser = FaceAnalyser(detector, FaceTracker(1, stills=True), backend)
        face = analyser.analyse(Frame(i, image, float(i), name=str(i))).primary
        size = scene.person.canonical.scale
        true = place(renderer.model, scene).centre @ FLIP_YZ / size * UNIT_CM
        if face is None:
            print(f"{i}: no face at {np.linalg.norm(true):.0f} cm")
            continue
        view = FieldOfView(float(np.degrees(scene.view.field_of_view)))
        seen = (face, view, WIDTH, HEIGHT, backend.spec.keypoint_names)
        rows.append((*true, *position_of(*seen)[:3]))
        pupils_mm = 10 * UNIT_CM * pupils_apart(renderer.model, scene.person.neutral) / size
        told.append(position_of(*seen, FaceSize(pupils_mm)).distance_cm / np.linalg.norm(true) - 1)
    detector.close()
    backend.close()
    true, measured = np.array(rows)[:, :3], np.array(rows)[:, 3:]
    far = np.linalg.norm(true, axis=1)
    off = 100 * (np.linalg.norm(measured, axis=1) / far - 1)
    aside = np.linalg.norm((measured - true)[:, :2], axis=1)
    people = off[:-1]
    print(f"{len(people)} heads")
    print(f"distance off by {np.abs(people).mean():.1f} % (mean {people.mean():+.1f}, deviation {people.std():.1f})")
    print(f"within 5 % of it: {100 * (np.abs(people) <= 5).mean():.0f} of 100; x and y off by {aside.mean():.1f} cm")
    by_pupils = 100 * np.array(told[:-1])
    print(f"by the pupils: mean {by_pupils.mean():+.1f} %, deviation {by_pupils.std():.1f}")
    print(f"demo: off by {off[-1]:+.1f} % of {far[-1]:.0f} cm")


if __name__ == "__main__":
    main()
