"""How ARKit's blendshapes follow MediaPipe's mesh over films: the table of docs/measures.md.

``python -m tests.tools.measure_arkit OUT FILM...``, after ``motionscope extract FILM... --out OUT``.  Correlations over
time, means of the films; where the mesh's value hardly changes in a film, that film doesn't count.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from app.session.exporters.arkit import from_rest
from app.session.motion import open_motion
from extractor.blendshapes import CARRIED, blendshapes
from extractor.face_mesh import in_project_frame, mesh_rotation
from extractor.training.measuring.face_signals import in_head_frame
from extractor.training.measuring.film_evaluation import FilmTruth, film_truths
from extractor.types import KEYPOINT_NAMES

STILL = 0.03  # deviation of the mesh's value


def values(kp: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """(n, 11) in the order of ``CARRIED``."""
    known = [blendshapes(shape, d, KEYPOINT_NAMES) for shape, d in zip(kp, moved, strict=True)]
    return np.array([[one.get(name, np.nan) for name in CARRIED] for one in known])


def by_mesh(truth: FilmTruth) -> np.ndarray:
    """(n, 11) what the mesh says, from the median shape of the film."""
    head = in_head_frame(truth.points, in_project_frame(mesh_rotation(truth.points)))
    head = head - head.mean(1, keepdims=True)
    left, right = (KEYPOINT_NAMES.index(f"eye_outer_{side}") for side in "lr")
    head = head / np.linalg.norm(head[:, left] - head[:, right], axis=-1)[:, None, None]
    rest = np.nanmedian(head, axis=0)
    return values(np.broadcast_to(rest, head.shape), head - rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--mesh-cache", type=Path)
    given = parser.parse_args()
    found: dict[str, list[list[float]]] = {name: [[], []] for name in CARRIED}
    for film, truth in film_truths(given.films, given.mesh_cache).items():
        records = open_motion(given.out / film.stem / "motion.bin").below(len(truth.points))
        frames = records["frame"].astype(np.int64)
        moved = records["exp"].astype(np.float64) @ records["rotation"].astype(np.float64)
        live = values(records["kp"].astype(np.float64), moved - np.median(moved, axis=0))
        export = values(*from_rest(records, np.zeros(len(records), np.int64)))
        true = by_mesh(truth)[frames]
        for i, name in enumerate(CARRIED):
            for ours, kept in zip((live, export), found[name], strict=True):
                both = np.isfinite(ours[:, i]) & np.isfinite(true[:, i])
                if both.sum() > 2 and true[both, i].std() > STILL and ours[both, i].std() > 0:
                    kept.append(float(np.corrcoef(ours[both, i], true[both, i])[0, 1]))
    for name, (live, export) in found.items():
        print(f"{name:16} live {np.mean(live):.2f}  export {np.mean(export):.2f}  films {len(live)}, {len(export)}")


if __name__ == "__main__":
    main()
