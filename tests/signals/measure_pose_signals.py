"""How well head speed, off-axis angle and attention follow the truth: docs/measures.md, "Derived signals".

``python -m tests.signals.measure_pose_signals [--weights PATH] [--cone DEGREES]``, from the checkout:
on every frame of the demo, whose true pose is known.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from app.capture.demo import DemoSource
from app.core.frames import Frame, ShownFace
from app.core.rotation import rotation_of
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from app.signals.deriver import FaceDeriver
from extractor.backends import create_backend
from extractor.types import KEYPOINT_NAMES

SIGNALS = ("head_speed_deg_s", "off_axis_deg", "attention")


def demo_frames() -> Iterator[Frame]:
    source = DemoSource(paced=False, loop=False)
    source.open()
    try:
        while (frame := source.read(5.0)) is not None:
            yield frame
    finally:
        source.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pose signals against the demo's truth.")
    parser.add_argument("--weights")
    parser.add_argument("--cone", type=float, default=20.0, help="half angle of the attention cone, degrees")
    words = parser.parse_args()
    backend, detector = create_backend(words.weights, "cpu"), create_detector()
    analyser = FaceAnalyser(detector, FaceTracker(1), backend)
    as_measured, as_true = FaceDeriver(), FaceDeriver()
    rows: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for frame in demo_frames():
        face = analyser.analyse(frame).primary
        if face is None or frame.truth is None:
            continue
        ideal = replace(face, angles=frame.truth, rotation=rotation_of(frame.truth))
        pair = []
        for deriver, one in ((as_measured, face), (as_true, ideal)):
            shown = ShownFace(one, one.angles, one.rotation)
            derived = deriver.update(one, one.angles, shown, KEYPOINT_NAMES, frame.time_s, words.cone)
            pair.append(tuple(getattr(derived, name) for name in SIGNALS))
        rows.append((pair[0], pair[1]))
    detector.close()
    backend.close()
    measured, true = (np.array([row[i] for row in rows], float) for i in (0, 1))
    known = np.isfinite(measured).all(axis=1) & np.isfinite(true).all(axis=1)
    measured, true = measured[known], true[known]
    print(f"{len(measured)} frames of the demo, cone of {words.cone:g} degrees")
    print(f"head speed: correlation {np.corrcoef(measured[:, 0], true[:, 0])[0, 1]:.2f}")
    print(f"off axis: mean absolute error {np.abs(measured[:, 1] - true[:, 1]).mean():.1f} degrees")
    print(f"attention: right in {100 * (measured[:, 2] == true[:, 2]).mean():.0f} % of the frames")


if __name__ == "__main__":
    main()
