"""Counts how often people who pass each other change their numbers: the figure of docs/window.md under "Several faces".

``python -m tests.faces.measure_crossings CLIP CLIP... [--weights PATH] [--every-frame]``, from the
checkout.  Each pair of clips, one person in each, passes through each other and meets and turns
back: with four clips 12 scenes.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends import create_backend
from tests.faces.crossing import cut_out, meet_and_turn_back, past_each_other, scene, switches

SECONDS = 2.5


def main() -> None:
    parser = argparse.ArgumentParser(description="How often people who cross change their numbers.")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--weights")
    parser.add_argument("--every-frame", action="store_true", help="the detector looks at every frame, as extract does")
    words = parser.parse_args()
    people = {path.stem: cut_out(path) for path in words.clips}
    backend = create_backend(words.weights, "cpu")
    changed_scenes = scenes = 0
    for (front, behind), path in itertools.product(
        itertools.combinations(people, 2), (past_each_other, meet_and_turn_back)
    ):
        detector = create_detector()
        analyser = FaceAnalyser(detector, FaceTracker(2), backend, every_frame=words.every_frame)
        film = [
            (moment, analyser.analyse(moment.frame)) for moment in scene(people[front], people[behind], path, SECONDS)
        ]
        detector.close()
        changed, missed, _ = switches(film)
        hidden_s = sum(moment.hidden for moment, _ in film) * SECONDS / len(film)
        scenes += 1
        changed_scenes += changed > 0
        print(
            f"{front} before {behind}, {path.__name__}: {changed} changes of number, "
            f"{missed} frames missed, hidden for {hidden_s:.2f} s",
            flush=True,
        )
    backend.close()
    print(f"a change of number in {changed_scenes} of {scenes} scenes")


if __name__ == "__main__":
    main()
