"""Fits the coefficients of the quality (``app.core.quality``) of some weights, and measures what they are worth.

``python -m tests.tools.fit_quality WEIGHTS --photos SHARDS --pictures FOLDER [--write]``, from the checkout.  SHARDS
are labelled photographs as ``extractor.training.learning.photo_pool`` reads them, FOLDER holds pictures and their
``labels.csv``.  Each is measured by the app's own detector, crops and network: as it is, and spoilt in six ways.
Coefficients and threshold come from every other photograph; figures come from the others, and from the pictures.
With ``--write`` the coefficients go into the metadata of WEIGHTS, which otherwise stay as they are.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from app.batch.measure import measure
from app.core.clock import now_s
from app.core.frames import FaceResult, Frame, Image
from app.core.quality import WITHIN_DEG, Evidence, QualityModel
from app.core.rotation import geodesic_deg, rotation_of
from app.faces.crop import CropTransform, extract, sharpness_of
from extractor.backends import Backend, create_backend
from extractor.convert import convert
from extractor.training.learning.photo_pool import BOX_OF_PICTURE, PhotoPool
from extractor.types import Angles

Floats = NDArray[np.float64]
Rng = np.random.Generator

STEADY = 1e-3  # weight of the squared coefficients: it only decides where the pictures don't


def _blurred(picture: Image, face: float, rng: Rng) -> Image:
    return _u8(cv2.GaussianBlur(picture, (0, 0), face * rng.uniform(0.01, 0.12)))


def _moved(picture: Image, face: float, rng: Rng) -> Image:
    """Blurred by motion in any direction."""
    length = max(3, round(face * rng.uniform(0.05, 0.35)))
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    middle = ((length - 1) / 2, (length - 1) / 2)
    line = np.asarray(cv2.warpAffine(line, cv2.getRotationMatrix2D(middle, rng.uniform(0, 180), 1.0), (length, length)))
    return _u8(cv2.filter2D(picture, -1, line / max(float(line.sum()), 1e-6)))


def _dark(picture: Image, face: float, rng: Rng) -> Image:
    """With a sensor's noise."""
    light = np.exp(rng.uniform(np.log(0.02), np.log(0.4)))
    return _u8(np.clip(picture * light + rng.normal(0, rng.uniform(1, 6), picture.shape), 0, 255))


def _small(picture: Image, face: float, rng: Rng) -> Image:
    scale = np.exp(rng.uniform(np.log(12), np.log(70))) / face
    return _u8(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _compressed(picture: Image, face: float, rng: Rng) -> Image:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(2, 25))]
    return _u8(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR))


def _covered(picture: Image, face: float, rng: Rng) -> Image:
    """A plain rectangle over a part of the face, which is in the middle of the picture."""
    size = face * rng.uniform(0.25, 0.8, 2)
    corner = np.array(picture.shape[1::-1]) / 2 + face * rng.uniform(-0.4, 0.4, 2) - size / 2
    (x, y), (right, bottom) = corner.astype(int).tolist(), (corner + size).astype(int).tolist()
    return _u8(cv2.rectangle(picture.copy(), (x, y), (right, bottom), rng.uniform(0, 255, 3).tolist(), cv2.FILLED))


FAULTS: dict[str, Callable[[Image, float, Rng], Image]] = {
    "as it is": lambda picture, face, rng: picture,
    "blurred": _blurred,
    "moved": _moved,
    "dark": _dark,
    "small": _small,
    "compressed": _compressed,
    "covered": _covered,
}
"""A BGR picture with a face of so many pixels in its middle, spoilt."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A picture with one face in its middle, and the truth."""

    picture: Image
    face_px: float
    rotation: NDArray[np.float32]  # (3, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was measured of n spoilt pictures in which a face was found."""

    number: NDArray[np.int64]  # (n,) of the picture
    fault: NDArray[np.str_]  # (n,)
    features: Floats  # (n, 4) as ``Evidence.features``
    error_deg: Floats  # (n,)
    lost: int  # others in which no face was found

    @property
    def right(self) -> NDArray[np.bool_]:
        return self.error_deg < WITHIN_DEG

    def take(self, chosen: NDArray[np.bool_]) -> Answers:
        return Answers(
            self.number[chosen], self.fault[chosen], self.features[chosen], self.error_deg[chosen], self.lost
        )


def photographs(paths: Sequence[Path], every: int) -> Iterator[Labelled]:
    pool = PhotoPool(paths, sure_deg=float("inf"))
    for row in range(0, len(pool), every):
        picture = _u8(np.ascontiguousarray(pool.image(row)[..., ::-1]))
        yield Labelled(picture, len(picture) * BOX_OF_PICTURE / 2, pool.targets.rotation[row].numpy())


def pictures(folder: Path) -> Iterator[Labelled]:
    """Those that ``labels.csv`` names, cut around the face, for they may hold others."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            x0, y0, x1, y1 = (float(row[name]) for name in ("x0", "y0", "x1", "y1"))
            face = max(x1 - x0, y1 - y0)
            picture = cv2.imread(str(folder / row["file"]))
            size = round(2.7 * face)
            square = CropTransform(round((x0 + x1 - size) / 2), round((y0 + y1 - size) / 2), size, size)
            around = _u8(np.ascontiguousarray(extract(_u8(picture), square)[..., ::-1]))
            angles = Angles(*(float(row[name]) for name in ("pitch", "yaw", "roll")))
            yield Labelled(around, face, rotation_of(angles))


def answers(labelled: Iterator[Labelled], backend: Backend, times: int = 1) -> Answers:
    """What the app measures, in each fault, ``times`` over but for the picture as it is."""
    rng = np.random.default_rng(5)
    about: list[tuple[int, str, NDArray[np.float32]]] = []

    def frames() -> Generator[Frame, None, None]:
        for number, each in enumerate(labelled):
            for fault, spoil in FAULTS.items():
                for _ in range(1 if fault == "as it is" else times):
                    about.append((number, fault, each.rotation))
                    yield Frame(
                        len(about) - 1, spoil(each.picture, each.face_px, rng), now_s(), name=f"{number} {fault}"
                    )

    found = []
    with closing(measure(frames(), backend, stills=True)) as results:
        for result in results:
            if result.primary is not None:
                number, fault, rotation = about[result.frame.index]
                error = geodesic_deg(result.primary.rotation, rotation)
                found.append((number, fault, _features(result.frame.image, result.primary, backend), error))
    number, fault, features, error = zip(*found, strict=True)
    return Answers(np.array(number), np.array(fault), np.array(features), np.array(error), len(about) - len(found))


def _features(picture: Image, face: FaceResult, backend: Backend) -> tuple[float, ...]:
    crop = extract(picture, CropTransform.from_affine(face.crop_to_frame, backend.spec.crop.input_size))
    size = max(face.detection.box.w, face.detection.box.h)
    return Evidence(face.std, face.detection.score, size, sharpness_of(crop)).features()


def fit(features: Floats, right: NDArray[np.bool_]) -> QualityModel:
    """The most likely coefficients of the right signs, and the threshold with the largest sum of both shares."""
    middle, spread = features.mean(0), features.std(0) + 1e-9
    x = np.column_stack([np.ones(len(features)), (features - middle) / spread])
    sign = np.where(right, 1.0, -1.0)

    def loss(w: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ w)
        slope = -(sign / (1 + np.exp(np.clip(margin, -50, 50))) / len(x)) @ x
        steady = np.concatenate([[0.0], w[1:]])
        return float(np.logaddexp(0, -margin).mean() + STEADY * (steady**2).sum()), slope + 2 * STEADY * steady

    bounds = [(None, None), (None, 0), (0, None), (0, None), (0, None)]
    w = minimize(loss, np.zeros(5), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = w[1:] / spread
    bias = float(w[0] - weights @ middle)
    quality = 1 / (1 + np.exp(-(bias + features @ weights)))
    steps = np.arange(0.05, 0.96, 0.01)
    gain = [(quality[right] >= t).mean() + (quality[~right] < t).mean() for t in steps]
    return QualityModel(bias, *(float(v) for v in weights), threshold=float(round(steps[int(np.argmax(gain))], 2)))


def qualities(model: QualityModel, features: Floats) -> Floats:
    """(n,)"""
    z = model.bias + features @ np.array([model.spread, model.score, model.size, model.sharpness])
    return np.asarray(1 / (1 + np.exp(-z)))


def auc(quality: Floats, right: NDArray[np.bool_]) -> float:
    """Area under the ROC curve (Mann and Whitney 1947); NaN where all are right, or none."""
    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return float("nan")
    return float((rankdata(quality)[right].sum() - good * (good + 1) / 2) / (good * bad))


def table(model: QualityModel, found: Answers, title: str) -> str:
    """AUC, and the errors on both sides of the threshold, as a table for a person."""
    quality = qualities(model, found.features)
    lines = [
        f"| {title} | faces | right | mean quality | AUC | below {model.threshold:g} | error above | error below |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for fault in ("all", *FAULTS):
        chosen = np.ones(len(quality), bool) if fault == "all" else found.fault == fault
        low = quality[chosen] < model.threshold
        error, right = found.error_deg[chosen], found.right[chosen]
        above, below = (f"{part.mean():.1f}°" if len(part) else "" for part in (error[~low], error[low]))
        lines.append(
            f"| {fault} | {chosen.sum()} | {right.mean():.0%} | {quality[chosen].mean():.2f} | "
            f"{auc(quality[chosen], right):.2f} | {low.mean():.0%} | {above} | {below} |"
        )
    return "\n".join([*lines, "", f"No face was found in {found.lost} more."])


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.fit_quality", description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, help="a safetensors file of the project's own")
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="shards of labelled photographs")
    parser.add_argument("--pictures", type=Path, help="a folder of labelled pictures: measures only")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth photograph (default: 1)")
    parser.add_argument("--engine", default="auto", help="as of the app")
    parser.add_argument("--write", action="store_true", help="put the coefficients into the weights")
    given = parser.parse_args(words)
    backend = create_backend(str(given.weights), "cpu", 2, given.engine, measure=False)
    with closing(backend):
        found = answers(photographs(given.photos, given.every), backend)
        checked = answers(pictures(given.pictures), backend, times=3) if given.pictures else None
    fitted = found.take(found.number % 2 == 0)
    model = fit(fitted.features, fitted.right)
    print(model.to_json())
    print(table(model, found.take(found.number % 2 == 1), "other photographs"))
    if checked is not None:
        print(table(model, checked, "pictures"))
    if given.write:
        convert(given.weights, given.weights, torch.float16, {"quality": model.to_json()})
        print(f"{given.weights} has them now.")
    return 0


def _u8(picture: object) -> Image:
    return np.asarray(picture, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
