"""Pose errors beside MediaPipe FaceMesh's, on the same pictures in one run: the model card's figures.

``python -m tests.commands.bench.measure_peer_accuracy --heads FOLDER --fit FOLDER [--photographs FOLDER]
[--weights ...]``, from the checkout.  ``--heads`` are shards of rendered heads that no training has seen,
``--fit`` other shards, ``--photographs`` a folder of pictures with a ``labels.csv`` (file, pitch, yaw, roll).
Each program finds the face by itself; rendered heads get a wide edge, as before a webcam.

FaceMesh gives 468 points in space and no pose.  Its pose here is the rotation that turns a mean face into
these points best (Kabsch 1976), each point weighted by how well it keeps its place.  The mean face and the
weights are fitted to the true poses of ``--fit``: the same camera and the same heads' makers as the test's, which
is more than its users have.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from app.batch.measure import measure
from app.core.frames import Frame, Image
from app.core.rotation import angles_of, geodesic_deg, rotation_of
from app.faces.mediapipe_import import import_mediapipe
from app.faces.native_log import native_log_filtered
from extractor.backends import create_backend
from extractor.training.learning.pool import HeadPool
from extractor.types import Angles

EDGE = 0.5  # of a rendered head's side, around it
FIT_DEG = 40.0  # the mean face is made of heads turned no farther
FITTED = 1500  # heads
WEBCAM = Angles(45.0, 60.0, 45.0)

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Picture:
    image: Image
    truth: Angles


@dataclass(frozen=True, slots=True)
class MeanFace:
    points: Array  # (468, 3) head frame
    weights: Array  # (468,)

    def pose(self, points: Array) -> Array:
        """(3, 3) head to camera."""
        centre = np.average(points, axis=0, weights=self.weights)
        own = np.average(self.points, axis=0, weights=self.weights)
        u, _, vt = np.linalg.svd((points - centre).T @ (self.weights[:, None] * (self.points - own)))
        return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt)


def rendered(folder: Path) -> Iterator[Picture]:
    pool = HeadPool([folder], torch.device("cpu"), resident=False)
    for row in range(len(pool)):
        rows = torch.tensor([row])
        picture = pool.images(rows)[0].permute(1, 2, 0).numpy()[..., ::-1]
        edge = round(EDGE * len(picture))
        wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        yield Picture(wide, angles_of(pool.targets.rotation[row].numpy()))


def photographs(folder: Path) -> Iterator[Picture]:
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            picture = cv2.imread(str(folder / row["file"]))
            if picture is not None:
                yield Picture(picture, Angles(*(float(row[axis]) for axis in ("pitch", "yaw", "roll"))))


def meshes(pictures: Sequence[Picture]) -> list[Array | None]:
    """(468, 3) points of each picture, in its width, or None."""
    with native_log_filtered():
        import_mediapipe()
        from mediapipe.python.solutions.face_mesh import FaceMesh

        found: list[Array | None] = []
        with FaceMesh(static_image_mode=True, max_num_faces=1) as mesh:
            for picture in pictures:
                answer = mesh.process(cv2.cvtColor(picture.image, cv2.COLOR_BGR2RGB)).multi_face_landmarks
                ratio = picture.image.shape[0] / picture.image.shape[1]
                found.append(np.array([[p.x, p.y * ratio, p.z] for p in answer[0].landmark]) if answer else None)
    return found


def fit_mean_face(pictures: Sequence[Picture]) -> MeanFace:
    faces = []
    for picture, points in zip(pictures, meshes(pictures), strict=True):
        if points is not None and max(abs(angle) for angle in picture.truth) < FIT_DEG:
            turned = (points - points.mean(0)) @ rotation_of(picture.truth)
            faces.append(turned / np.linalg.norm(turned, axis=1).mean())
    found = np.stack(faces)
    mean = np.median(found, axis=0)  # a few meshes lie somewhere else altogether
    return MeanFace(mean, 1 / np.median((found - mean) ** 2, axis=0).sum(1))


def ours(pictures: Sequence[Picture], weights: str | None) -> list[Angles | None]:
    def frames() -> Generator[Frame, None, None]:
        for i, picture in enumerate(pictures):
            yield Frame(i, picture.image, 100 + i / 30, i / 30)

    backend = create_backend(weights, "cpu")
    with closing(backend):
        return [
            result.primary.angles if result.primary is not None else None
            for result in measure(frames(), backend, stills=True)
        ]


def row(name: str, said: Sequence[Angles | None], true: Sequence[Angles]) -> str:
    """A line of the table; errors of all that were found."""
    pairs = [(a, b) for a, b in zip(said, true, strict=True) if a is not None]
    errors = np.abs([(np.array(a) - np.array(b) + 180) % 360 - 180 for a, b in pairs]).mean(0)
    turns = [(rotation_of(a), rotation_of(b)) for a, b in pairs]
    u, _, vt = np.linalg.svd(np.mean([a.T @ b for a, b in turns], 0))
    offset = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
    apart = np.mean([geodesic_deg(a, b) for a, b in turns])
    fair = np.mean([geodesic_deg(a @ offset, b) for a, b in turns])
    return (
        f"| {name} | {len(pairs)} of {len(true)} | {errors[0]:.1f} / {errors[1]:.1f} / {errors[2]:.1f} |"
        f" {errors.mean():.2f} | {apart:.2f} | {fair:.2f} |"
    )


def table(title: str, pictures: Sequence[Picture], mean_face: MeanFace, networks: Sequence[str]) -> str:
    """Both programs on the pictures in the webcam range, and on the part that both have found."""
    pictures = [p for p in pictures if all(abs(a) <= most for a, most in zip(p.truth, WEBCAM, strict=True))]
    true = [p.truth for p in pictures]
    said = {
        "MediaPipe FaceMesh": [
            None if points is None else angles_of(mean_face.pose(points)) for points in meshes(pictures)
        ]
    }
    said |= {weights: ours(pictures, weights) for weights in networks}
    shared = [i for i in range(len(pictures)) if all(one[i] is not None for one in said.values())]
    lines = [
        f"| {title} | found | pitch / yaw / roll | mean | geodesic | offset removed |",
        "|---|---|---|---|---|---|",
    ]
    lines += [row(name, one, true) for name, one in said.items()]
    lines += [
        row(f"{name}, found by all", [one[i] for i in shared], [true[i] for i in shared]) for name, one in said.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pose errors beside MediaPipe FaceMesh's.")
    parser.add_argument("--heads", type=Path, required=True)
    parser.add_argument("--fit", type=Path, required=True)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--weights", nargs="+", default=["default"])
    words = parser.parse_args()
    fitted = [picture for picture, _ in zip(rendered(words.fit), range(FITTED), strict=False)]
    mean_face = fit_mean_face(fitted)
    print(table("Rendered heads", list(rendered(words.heads)), mean_face, words.weights), flush=True)
    if words.photographs:
        print(table("Photographs", list(photographs(words.photographs)), mean_face, words.weights))


if __name__ == "__main__":
    main()
