"""How well a checkpoint follows eyes, mouth and brows over a film, against MediaPipe's face mesh on the same frames.

The face is found as the app finds it (``boxes.FaceBoxes``) and cropped as the app crops it.  What the mesh says of a
film is kept in a file where one is named, for it takes far longer than the network.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from extractor.face_mesh import in_project_frame, keypoints, mesh_rotation
from extractor.face_shape import CLOSED, OPEN, FaceShape, face_shape
from extractor.model import MotionExtractor
from extractor.training.boxes import Box, FaceBoxes
from extractor.training.errors import TrainingError
from extractor.training.geometry import Array
from extractor.training.learning.losses import decode_heads
from extractor.training.measuring.face_mesh import FaceMesh
from extractor.training.measuring.face_signals import SIGNALS, STILL, correlations, face_signals, in_head_frame
from extractor.training.shards import save_arrays
from extractor.types import HEADS, KEYPOINT_NAMES, CropSpec

MESH_SIDE = 2.7  # box sides of the square that the mesh looks at
MESH_PIXELS = 512  # at most
CLOSURE_STILL = 0.05  # standard deviation of an eye's closure up to which it does not move
STEADY_FRAMES = 2.0  # deviation of the average over boxes: a film is known in advance, so nothing lags
BATCH = 32

DERIVED = (*FaceShape._fields, "blink")
"""The program's derived signals that can be measured against the mesh, by the names that weights' metadata use."""

DERIVED_STILL = {
    name: CLOSURE_STILL if name.startswith("eye") else 0.0 if name == "blink" else STILL for name in DERIVED
}


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Eyes, mouth and brows over time, (n, 3) each; see ``face_signals``."""

    head: Array  # in the head's plane
    picture: Array  # in the picture's
    derived: Array  # (n, 6) see ``DERIVED``

    @classmethod
    def of(cls, points: Array, rotation: Array, derived: Array) -> Signals:
        """Of points (n, 24, 3) in the camera's axes and head poses (n, 3, 3)."""
        return cls(face_signals(in_head_frame(points, rotation)), face_signals(points), derived)


@dataclass(frozen=True, slots=True, eq=False)
class FilmTruth:
    """What was found in each of n frames; NaN where there was no face."""

    boxes: Array  # (n, 3) steadied: centre and longer side in frame pixels
    points: Array  # (n, 24, 3) of the mesh

    @property
    def signals(self) -> Signals:
        """The mesh's; as neutral counts the shape that the face has most of the time."""
        rotation = in_project_frame(mesh_rotation(self.points))
        head = in_head_frame(self.points, rotation)
        head = head - head.mean(1, keepdims=True)
        left, right = (KEYPOINT_NAMES.index(f"eye_outer_{side}") for side in "lr")
        head = head / np.linalg.norm(head[:, left] - head[:, right], axis=-1)[:, None, None]
        known = np.isfinite(head).all((1, 2))
        neutral = np.median(head[known], axis=0) if known.any() else head[:1].mean(0)
        return Signals.of(self.points, rotation, derived(np.broadcast_to(neutral, head.shape), head - neutral))


@dataclass(frozen=True, slots=True)
class FilmFigures:
    """Of one film."""

    frames: int
    faces: int  # frames with a face
    correlation: dict[str, float]  # Pearson's, over time, of each signal that moves, in the head's plane
    picture_correlation: dict[str, float]  # in the picture's plane, where pose moves both alike
    derived_correlation: dict[str, float]  # of the program's derived signals, see ``DERIVED``


def evaluate_films(
    network: MotionExtractor, films: Sequence[Path], spec: CropSpec, kept: Path | None = None
) -> dict[str, FilmFigures]:
    """By the films' names; raises ``TrainingError`` where one can't be read or the network has other keypoints."""
    if network.num_kp != len(KEYPOINT_NAMES):
        raise TrainingError("The keypoints of these weights have no names, so nobody knows which of them is the mouth.")
    truths = film_truths(films, kept)
    found = {}
    for film in films:
        truth = truths[film]
        said, true = network_signals(network, film, truth, spec), truth.signals
        found[film.name] = FilmFigures(
            frames=len(truth.boxes),
            faces=int(np.isfinite(truth.boxes[:, 0]).sum()),
            correlation=correlations(said.head, true.head),
            picture_correlation=correlations(said.picture, true.picture),
            derived_correlation=correlations(said.derived, true.derived, DERIVED, DERIVED_STILL),
        )
    return found


def means(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each signal's correlation over the films in which it moves."""
    names = dict.fromkeys(name for each in found for name in each)
    return {name: float(np.mean([each[name] for each in found if name in each])) for name in names}


def markdown(found: Mapping[str, FilmFigures]) -> str:
    """As a table; a signal that does not move in a film has no correlation."""
    head, picture = (
        means([f.correlation for f in found.values()]),
        means([f.picture_correlation for f in found.values()]),
    )
    rows = [(name, f"{f.faces} of {f.frames}", f.correlation, f.picture_correlation) for name, f in found.items()]
    lines = [
        "| correlation over time | frames with a face | "
        + " | ".join(SIGNALS)
        + " | the same in the picture's plane |",
        "|---" * (3 + len(SIGNALS)) + "|",
    ]
    for name, count, own, flat in (*rows, ("mean", "", head, picture)):
        cells = [f"{own[n]:.2f}" if n in own else "still" for n in SIGNALS]
        beside = ", ".join(f"{flat[n]:.2f}" if n in flat else "still" for n in SIGNALS)
        lines.append(f"| {name} | {count} | " + " | ".join(cells) + f" | {beside} |")
    own = means([f.derived_correlation for f in found.values()])
    lines += ["", "Derived signals, mean over films: " + ", ".join(f"{n} {v:.2f}" for n, v in own.items()) + "."]
    return "\n".join(lines)


def for_metadata(found: Mapping[str, FilmFigures]) -> dict[str, object]:
    """What weights' metadata say under ``errors``: ``app.signals.trust`` trusts signals by it."""
    own = means([f.derived_correlation for f in found.values()])
    return {
        "real": True,
        "films": len(found),
        "against": "MediaPipe's face mesh",
        "signal_correlation": {name: round(value, 3) for name, value in own.items()},
    }


def film_truths(films: Sequence[Path], kept: Path | None = None) -> dict[Path, FilmTruth]:
    """What detector and mesh say; films that ``kept`` (.npz) knows by their content are not looked at again."""
    known = _read_kept(kept)
    digests = {film: _digest(film) for film in films}
    new = {digest: film for film, digest in digests.items() if digest not in known}
    for digest, film in new.items():
        known[digest] = truth_of(film)
        if kept is not None:
            _write_kept(kept, known)
    return {film: known[digest] for film, digest in digests.items()}


def truth_of(film: Path) -> FilmTruth:
    """Detector and mesh on every frame of a film."""
    boxes: list[Box | None] = []
    with FaceBoxes() as looks:
        for frame in frames(film):
            boxes.append(looks.find_in_frame(frame, boxes[-1] if boxes else None))
    steadied = steady(np.array([(np.nan,) * 3 if box is None else box for box in boxes], np.float64).reshape(-1, 3))
    points = np.full((len(boxes), len(KEYPOINT_NAMES), 3), np.nan)
    with FaceMesh() as mesh:
        for i, frame in enumerate(frames(film)):
            if np.isfinite(steadied[i]).all():
                x, y, side = steadied[i]
                size = min(MESH_PIXELS, max(64, round(MESH_SIDE * side)))
                found = mesh.find(crop(frame, (x, y, side), CropSpec(MESH_SIDE, 0.0, size)))
                if found is not None:
                    points[i] = keypoints(found)
    return FilmTruth(steadied, points)


def network_signals(network: MotionExtractor, film: Path, truth: FilmTruth, spec: CropSpec) -> Signals:
    """What the network says to the frames in which ``truth`` has a face; NaN in the others."""
    points, rotation = np.full_like(truth.points, np.nan), np.full((len(truth.points), 3, 3), np.nan)
    kp, moved = np.full_like(points, np.nan), np.full_like(points, np.nan)
    rows: list[int] = []
    crops: list[Array] = []

    def flush() -> None:
        if rows:
            batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
            with torch.inference_mode():
                heads: dict[str, Tensor] = network(batch)
            out = decode_heads({name: heads[name] for name in HEADS})
            points[rows], rotation[rows] = out.driven.numpy(), out.rotation.numpy()
            kp[rows], moved[rows] = out.kp.numpy(), in_head_frame(out.exp.numpy(), rotation[rows])
        rows.clear()
        crops.clear()

    for i, frame in enumerate(frames(film)):
        if i < len(truth.boxes) and np.isfinite(truth.boxes[i]).all():
            x, y, side = truth.boxes[i]
            rows.append(i)
            crops.append(crop(frame, (x, y, side), spec))
        if len(rows) == BATCH:
            flush()
    flush()
    return Signals.of(points, rotation, derived(kp, moved))


def derived(neutral: Array, moved: Array) -> Array:
    """(n, 6) derived signals of neutral shapes and displacements, (n, 24, 3) each in the head frame."""
    shapes = [face_shape(kp, d, KEYPOINT_NAMES) for kp, d in zip(neutral, moved, strict=True)]
    numbers = np.array(shapes, np.float64).reshape(-1, len(FaceShape._fields))
    closures = [FaceShape._fields.index(f"eye_closure_{side}") for side in "lr"]
    return np.column_stack([numbers, closed(numbers[:, closures].mean(1))])


def closed(closure: Array) -> Array:
    """(n,) 1 while the eyes are closed, 0 while they are open, by their mean closure over time; NaN stays NaN."""
    state, states = 0.0, np.full(len(closure), np.nan)
    for i, value in enumerate(closure):
        if np.isfinite(value):
            state = 1.0 if value >= CLOSED else 0.0 if value <= OPEN else state
            states[i] = state
    return states


def frames(film: Path) -> Iterator[Array]:
    """(H, W, 3) uint8 RGB, one after the other; raises ``TrainingError``."""
    try:
        with av.open(str(film)) as container:
            if not container.streams.video:
                raise TrainingError(f"{film} holds no pictures.")
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise TrainingError(f"The film {film} can't be read ({error}).") from error


def crop(picture: Array, box: Box, spec: CropSpec) -> Array:
    """(S, S, 3) of a face box as the app crops it: whole pixels, edges repeated, areas averaged."""
    x, y, longer = box
    side = max(1, round(spec.side * longer))
    left, top = round(x - side / 2), round(y - spec.up * longer - side / 2)
    height, width = picture.shape[:2]
    before = max(0, -left), max(0, -top)
    after = max(0, left + side - width), max(0, top + side - height)
    part = cv2.copyMakeBorder(picture, before[1], after[1], before[0], after[0], cv2.BORDER_REPLICATE)
    part = part[top + before[1] :, left + before[0] :][:side, :side]
    method = cv2.INTER_AREA if side > spec.input_size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (spec.input_size, spec.input_size), interpolation=method), np.uint8)


def steady(boxes: Array) -> Array:
    """Boxes (n, 3) averaged over neighbouring frames; those without a face stay NaN and count nothing."""
    known = np.isfinite(boxes).all(1, keepdims=True)
    # Zeros weigh nothing in a sum that is divided by the sum of the weights.
    total, weight = (
        gaussian_filter1d(each, STEADY_FRAMES, axis=0, mode="constant", truncate=3.0)
        for each in (np.where(known, boxes, 0.0), known.astype(np.float64))
    )
    return np.where(known, total / np.maximum(weight, 1e-9), np.nan)


def _digest(film: Path) -> str:
    try:
        with film.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"The film {film} can't be read ({error.strerror}).") from error


def _read_kept(kept: Path | None) -> dict[str, FilmTruth]:
    if kept is None or not kept.exists():
        return {}
    try:
        with np.load(io.BytesIO(kept.read_bytes())) as file:
            digests = {name.partition("/")[0] for name in file.files}
            return {d: FilmTruth(file[f"{d}/boxes"], file[f"{d}/points"]) for d in digests}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(f"What the mesh said of films can't be read from {kept} ({error}).") from error


def _write_kept(kept: Path, known: Mapping[str, FilmTruth]) -> None:
    arrays = {}
    for digest, truth in known.items():
        arrays[f"{digest}/boxes"], arrays[f"{digest}/points"] = truth.boxes, truth.points
    save_arrays(kept, arrays)
