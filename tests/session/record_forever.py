"""Records a made-up camera in real time until it is killed; run by the recovery tests.

Prints the number of each frame it handed over, as the first sign of life and for the count.
"""

import sys
import time
from pathlib import Path

import numpy as np

from app.capture.source import SourceInfo
from app.core.clock import now_s
from app.core.frames import Frame, FrameResult
from app.session.manifest import SessionHeader
from app.session.writer import SessionWriter


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
        if i % 2 == 0:
            writer.add_result(FrameResult(frame, (), now_s()))
        if i % 10 == 0:
            writer.add_event("tick", str(i))
        print(i, flush=True)


if __name__ == "__main__":
    main()
