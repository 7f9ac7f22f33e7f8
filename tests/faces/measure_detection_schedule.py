"""What following faces between the detector's looks costs and saves: figures of docs/window.md, "Several faces".

``python -m tests.faces.measure_detection_schedule CLIP... [--weights PATH]``, from the checkout: each clip once
with a look at every frame and once as live, at 30 frames a second or the clip's own rate.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends import create_backend
from extractor.backends.base import Backend
from tests.faces.films import frames_of

AXES = ("pitch", "yaw", "roll")


def measured(path: Path, backend: Backend, every_frame: bool) -> tuple[np.ndarray, float]:
    """(n, 3) angles, NaN where there was no face, and the detector's CPU milliseconds a frame."""
    detector = create_detector()
    analyser = FaceAnalyser(detector, FaceTracker(1), backend, every_frame=every_frame)
    angles, spent_s = [], 0.0
    for frame in frames_of(path):
        started = time.process_time()
        found = analyser.find(frame)
        spent_s += time.process_time() - started
        face = analyser.finish(found).primary
        angles.append(tuple(face.angles) if face is not None else (np.nan,) * 3)
    detector.close()
    return np.array(angles), 1e3 * spent_s / max(len(angles), 1)


def tremble(angles: np.ndarray) -> np.ndarray:
    """(3,) median length of the second difference: what is left of a curve without its slow part."""
    return np.nanmedian(np.abs(np.diff(angles, 2, axis=0)), axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="The detector at every frame against the detector now and then.")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--weights")
    words = parser.parse_args()
    backend = create_backend(words.weights, "cpu")
    for path in words.clips:
        every, every_ms = measured(path, backend, True)
        live, live_ms = measured(path, backend, False)
        apart, ratio = np.nanmean(np.abs(live - every), axis=0), tremble(live) / tremble(every)
        print(f"{path.name}: {len(every)} frames; detector {live_ms:.1f} ms of CPU a frame instead of {every_ms:.1f}")
        for name, difference, more in zip(AXES, apart, ratio, strict=True):
            print(f"  {name:5} apart by {difference:.2f} degrees, tremble {more:.2f} times")
        print(f"  without a face: {np.isnan(live[:, 0]).sum()} instead of {np.isnan(every[:, 0]).sum()}", flush=True)
    backend.close()


if __name__ == "__main__":
    main()
