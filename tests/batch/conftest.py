"""Short clips and pictures to measure."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.factories import write_video


@pytest.fixture(scope="session")
def demo_frames(assets: Path) -> list[np.ndarray]:
    """(H, W, 3) BGR, the first seconds of the demo, smaller."""
    with av.open(str(assets / "demo.mp4")) as video:
        frames = [frame.to_ndarray(format="bgr24") for _, frame in zip(range(90), video.decode(video=0), strict=False)]
    return [cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA) for frame in frames]


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory, demo_frames: list[np.ndarray]) -> Path:
    """Three clips of different length, and three pictures."""
    folder = tmp_path_factory.mktemp("clips ü")
    # The long one is measured for a second or more: tests must find somebody at work on it.
    for name, count in (("short", 12), ("middle", 40), ("long", 160)):
        write_video(folder / f"{name}.mp4", (demo_frames * 2)[:count])
    for i in (0, 30, 60):
        (folder / f"face {i}.png").write_bytes(cv2.imencode(".png", demo_frames[i])[1].tobytes())
    return folder
