"""Records a made-up camera in real time until it is killed; run by the recovery tests.

Prints the number of each frame it handed over, as the first sign of life and for the count.
"""

import sys
import time
from pathlib import Path

import numpy as np

from app.capture.source import SourceInfo
from app.core.clock import now_s
from app.core.frames import FaceResult, Frame, FrameResult
from app.core.sound import SoundBlock
from app.session.manifest import SessionHeader
from app.session.writer import SessionWriter
from extractor.types import Angles
from tests.factories import make_face


def face(number: int) -> FaceResult:
    points = np.full((24, 3), number, np.float32)
    angles, where = Angles(number % 90, 0.0, 0.0), points[:, :2]
    return make_face(angles, face_id=0, kp=points, exp=points, t=points[0], keypoints=where)


def main() -> None:
    folder, fps = Path(sys.argv[1]), float(sys.argv[2])
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (24, 32, 3), np.uint8).repeat(10, 0).repeat(10, 1)
    writer = SessionWriter(folder, SessionHeader(SourceInfo("camera", "Test", 320, 240, fps), num_kp=24))
    start = now_s()
    for i in range(10**9):
        time.sleep(max(0.0, start + i / fps - now_s()))
        frame = Frame(i, np.roll(picture, i, axis=1), now_s())
        writer.add_frame(frame)
        writer.add_sound(SoundBlock(np.full(round(48_000 / fps), 1000, np.int16), 48_000, start + i / fps))
        if i % 2 == 0:
            writer.add_result(FrameResult(frame, (face(i),) if i % 4 == 0 else (), now_s()))
        if i % 10 == 0:
            writer.add_annotation("tick", str(i))
        if i % 25 == 0:
            writer.annotate("1", "phase", interval=True, at_s=frame.captured_s)
        print(i, flush=True)


if __name__ == "__main__":
    main()
