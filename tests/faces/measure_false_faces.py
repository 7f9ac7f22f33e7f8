"""False faces and real ones lost: the figures of docs/accuracy.md under "Limits".

``python -m tests.faces.measure_false_faces --empty FOLDER... --faces FILE... [--weights PATH]``, from
the checkout.  ``--empty`` are folders of pictures without any face (panoramas, textures of clothes;
several windows are cut out of each; clutter and noise are added by themselves), ``--faces`` videos
and pictures in which everybody is seen well; they are spoilt in four ways, too.  A find counts as in
a film: the same picture is shown for a second.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from app.core.frames import Box, Frame, Image
from app.faces.analyser import FaceAnalyser
from app.faces.detector import FaceDetector, create_detector
from app.faces.tracker import FaceTracker
from extractor.backends import create_backend
from extractor.backends.base import Backend
from tests.faces.films import frames_of

SIZE = (640, 480)
SHOWN = 30  # frames
WINDOWS = 24  # cut out of each picture
MADE = 200  # of clutter and of noise, each
PICTURES = frozenset({".jpg", ".jpeg", ".png"})


def empty_pictures(folders: list[Path], draw: np.random.Generator) -> Iterator[Image]:
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURES):
        picture = cv2.imread(str(path))
        if picture is None:
            continue
        height, width = picture.shape[:2]
        for _ in range(WINDOWS):
            w = int(draw.uniform(0.2, 0.7) * min(width, height * SIZE[0] / SIZE[1]))
            h = w * SIZE[1] // SIZE[0]
            x, y = int(draw.integers(0, width - w + 1)), int(draw.integers(0, height - h + 1))
            yield cv2.resize(picture[y : y + h, x : x + w], SIZE, interpolation=cv2.INTER_AREA)
    for _ in range(MADE):
        clutter = np.full((SIZE[1], SIZE[0], 3), draw.integers(0, 256, 3), np.uint8)
        for _ in range(60):
            centre, axes = draw.integers(0, SIZE[0], 2), draw.integers(4, 120, 2)
            colour = draw.integers(0, 256, 3).tolist()
            cv2.ellipse(clutter, centre.tolist(), axes.tolist(), float(draw.uniform(0, 180)), 0, 360, colour, -1)
        yield cv2.GaussianBlur(clutter, (0, 0), float(draw.uniform(0.5, 3)))
    for _ in range(MADE):
        grain = int(draw.integers(2, 80))
        small = draw.integers(0, 256, (SIZE[1] // grain + 1, SIZE[0] // grain + 1, 3)).astype(np.uint8)
        yield cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)


def face_pictures(paths: list[Path]) -> Iterator[tuple[Image, Box]]:
    """Pictures in which the detector sees exactly one face, and where."""
    detector = create_detector(stills=True)
    for path in paths:
        if path.suffix.lower() in PICTURES:
            pictures = [picture for picture in [cv2.imread(str(path))] if picture is not None]
        else:
            pictures = [frame.image for frame in frames_of(path, every=10)]
        for picture in pictures:
            found = detector.detect(picture)
            if len(found) == 1:
                yield picture, found[0].box
    detector.close()


def dark(picture: Image, box: Box) -> Image:
    noise = np.random.default_rng(0).normal(0, 6, picture.shape)
    return np.clip(picture * 0.15 + noise, 0, 255).astype(np.uint8)


def blurred(picture: Image, box: Box) -> Image:
    return cv2.GaussianBlur(picture, (0, 0), box.w / 18)


def masked(picture: Image, box: Box) -> Image:
    """A bright cloth over mouth and chin."""
    result = picture.copy()
    x0, x1 = max(round(box.x), 0), max(round(box.x + box.w), 0)
    y0, y1 = max(round(box.y + 0.55 * box.h), 0), max(round(box.y + 1.15 * box.h), 0)
    result[y0:y1, x0:x1] = (210, 205, 200)
    return result


def small(picture: Image, box: Box) -> Image:
    """The face 48 pixels wide in a picture as large as before."""
    scale = min(48 / box.w, 1.0)
    little = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ground = np.full_like(picture, 90)
    ground[: little.shape[0], : little.shape[1]] = little
    return ground


SPOILT: tuple[Callable[[Image, Box], Image], ...] = (dark, blurred, masked, small)


def found(picture: Image, detector: FaceDetector, backend: Backend) -> tuple[bool, bool]:
    """Whether the detector sees a face, and whether the app does in the end."""
    analyser = FaceAnalyser(detector, FaceTracker(1), backend)
    seen = bool(detector.detect(picture, (), True))
    results = [analyser.analyse(Frame(i, picture, 100 + i / 30, i / 30)) for i in range(SHOWN)]
    return seen, bool(results[-1].faces)


def main() -> None:
    parser = argparse.ArgumentParser(description="False faces, and real ones that are taken for false.")
    parser.add_argument("--empty", nargs="*", type=Path, default=[])
    parser.add_argument("--faces", nargs="*", type=Path, default=[])
    parser.add_argument("--weights")
    words = parser.parse_args()
    backend, detector = create_backend(words.weights, "cpu"), create_detector()
    answers = [found(picture, detector, backend) for picture in empty_pictures(words.empty, np.random.default_rng(5))]
    seen, left = (sum(answer[i] for answer in answers) for i in (0, 1))
    share = 100 / max(len(answers), 1)
    print(f"{len(answers)} pictures without a face: the detector sees one in {seen * share:.1f} of 100, ", end="")
    print(f"{left * share:.1f} are left", flush=True)
    faces = list(face_pictures(words.faces))
    groups = {"real faces": [picture for picture, _ in faces]}
    groups |= {how.__name__: [how(picture, box) for picture, box in faces] for how in SPOILT}
    for name, pictures in groups.items():
        results = [found(picture, detector, backend) for picture in pictures]
        lost = sum(seen and not kept for seen, kept in results)
        print(
            f"{name}: {sum(seen for seen, _ in results)} of {len(results)} detected, {lost} of these lost", flush=True
        )
    detector.close()
    backend.close()


if __name__ == "__main__":
    main()
