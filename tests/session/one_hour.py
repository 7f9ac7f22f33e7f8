"""Records an hour of a made-up camera faster than real time, through the real writer, and checks every frame of it.

``python -m tests.session.one_hour FOLDER [FRAMES]``, from the checkout, for 108,000 frames of
an hour at 30 a second; the tests run it shortened.  One thread captures and one measures, as in the
pipeline, with a slot of one frame between them; the capture waits while the writer is behind, as a
camera would not, so that nothing is dropped but the frames that the made-up camera loses itself.
Each picture carries its number in black and white squares, so that frame k of the video can be
told from any other.
"""

from __future__ import annotations

import csv
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from app.capture.source import SourceInfo
from app.core.clock import now_s
from app.core.frames import Box, FaceResult, Frame, FrameResult
from app.core.mailbox import Mailbox
from app.session.folders import claim_folder
from app.session.manifest import Manifest, SessionHeader
from app.session.writer import SessionWriter
from extractor.types import Angles
from tests.factories import make_face, read_annotations

FPS, HOUR = 30, 108_000
SIDE, COLUMNS, ROWS = 12, 6, 4  # squares: 24 bits
LOST_EVERY = 10_007  # the camera loses three frames there
MARK_EVERY = 1_500
BEHIND = 60  # frames that may wait in the writer


@dataclass(frozen=True)
class Outcome:
    """Counts of one recording; ``seconds`` it took."""

    captured: int
    lost: int
    frames: int
    rows: int
    timestamps: int
    inferred: int
    annotations: int
    bytes: int
    seconds: float


def picture(number: int) -> np.ndarray:
    bits = (number >> np.arange(COLUMNS * ROWS)) & 1
    squares = np.where(bits.reshape(ROWS, COLUMNS), 220, 30).astype(np.uint8)
    return np.repeat(np.repeat(squares, SIDE, 0), SIDE, 1)[..., None].repeat(3, 2)


def number_in(image: np.ndarray) -> int:
    """Of a (48, 72) grey picture."""
    bits = image[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE] > 125
    return int((bits.ravel().astype(np.int64) << np.arange(bits.size)).sum())


def face(number: int) -> FaceResult:
    points = np.full((24, 3), number % 640, np.float32)
    return make_face(
        Angles(number % 60, -(number % 45), 0.5),
        face_id=0,
        box=Box(1, 2, 30, 40),
        kp=points,
        exp=points,
        t=points[0],
        keypoints=points[:, :2],
        exp_magnitude=0.01,
    )


def capture_times(frames: int) -> np.ndarray:
    """(N,) seconds of a camera that jitters by a few milliseconds."""
    jitter = np.random.default_rng(4).uniform(-0.004, 0.004, frames)
    return 1000.0 + np.arange(frames) / FPS + jitter


def record(folder: Path, frames: int) -> Outcome:
    """Record, as the pipeline does it; raises AssertionError when a frame is refused."""
    began = now_s()
    header = SessionHeader(SourceInfo("camera", "Made up", COLUMNS * SIDE, ROWS * SIDE, FPS), num_kp=24)
    writer = SessionWriter(claim_folder(folder), header)
    slot: Mailbox[Frame] = Mailbox()
    results: list[int] = []

    def measure() -> None:
        while (frame := slot.take(30.0)) is not None:
            number = frame.index
            faces = () if number % 50 == 7 else (face(number),)
            results.append(number)
            writer.add_result(FrameResult(frame, faces, frame.captured_s + 0.02))

    measuring = threading.Thread(target=measure, name="measure")
    measuring.start()
    index = taken = lost = 0
    for captured_s in capture_times(frames):
        if taken and taken % LOST_EVERY == 0 and taken // LOST_EVERY > lost // 3:
            index, lost = index + 3, lost + 3
        frame = Frame(index, picture(taken), float(captured_s))
        while taken - writer.stats.frames > BEHIND:
            time.sleep(0.002)
        assert writer.add_frame(frame), writer.stats
        slot.put(frame)
        index, taken = index + 1, taken + 1
        if taken % MARK_EVERY == 0:
            writer.annotate("1", "block", interval=True, at_s=frame.captured_s)
    slot.close()
    measuring.join()
    stats = writer.close()
    assert (stats.error, stats.finished) == ("", True), stats
    rows = len((writer.stats.folder / "frames.csv").read_bytes().splitlines()) - 1
    annotations = len(read_annotations(stats.folder / "events.csv"))
    times, _ = decoded(stats.folder / "video.mkv")
    return Outcome(taken, lost, stats.frames, rows, len(times), len(results), annotations, stats.bytes, now_s() - began)


def decoded(path: Path) -> tuple[list[int], list[int]]:
    """(milliseconds, numbers read from the pictures), by PyAV."""
    times, numbers = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            times.append(int(frame.pts or 0))
            plane = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(-1, frame.planes[0].line_size)
            numbers.append(number_in(plane[: ROWS * SIDE, : COLUMNS * SIDE]))
    return times, numbers


def check(folder: Path, frames: int) -> None:
    """Frame k, row k and timestamp k are of picture k, all of them, by readers that aren't the app's."""
    times, numbers = decoded(folder / "video.mkv")
    assert numbers == list(range(frames))
    expected = capture_times(frames)
    expected = np.round(expected - expected[0], 6)
    assert np.abs(np.array(times) - expected * 1000).max() <= 1.0
    measured = inferred = 0
    with (folder / "frames.csv").open(newline="", encoding="utf-8") as file:
        for k, row in enumerate(csv.DictReader(file)):
            assert row["frame"] == str(k)
            assert abs(float(row["timestamp_s"]) - expected[k]) < 1.5e-6
            inferred += row["inferred"] == "1"
            if row["success"] == "1":
                measured += 1
                index = k + 3 * (k // LOST_EVERY)
                assert float(row["pitch_deg"]) == index % 60
                assert float(row["kp_3_x"]) == index % 640
        assert k == frames - 1
    manifest = Manifest.read(folder)
    assert (manifest.state, manifest.frames, manifest.inferred) == ("complete", frames, inferred)
    assert manifest.drops.writer == manifest.drops.clock == 0
    losses = [(drop.frame, drop.count, drop.why) for drop in manifest.drops.places]
    assert losses == [(at, 3, "source") for at in range(LOST_EVERY, frames, LOST_EVERY)]
    assert manifest.drops.source == 3 * len(losses)
    blocks = read_annotations(folder / "events.csv")
    assert [annotation.frame for annotation in blocks] == list(range(MARK_EVERY - 1, frames, 2 * MARK_EVERY))
    assert measured > 0


def main() -> None:
    folder = Path(sys.argv[1])
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else HOUR
    outcome = record(folder, frames)
    print(outcome, flush=True)
    check(folder, frames)
    print(f"all {frames} frames, rows and timestamps agree")


if __name__ == "__main__":
    main()
