"""The frames of a file measured, while the next ones are decoded and looked at already."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from app.batch.ahead import read_ahead
from app.core.frames import Box, Detection, Frame, FrameResult, Image
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends.base import Backend

AHEAD = 8
"""Frames that each of the two stages before the network has ready,"""

PICTURE_BYTES = 64 * 1024 * 1024
"""unless these take more."""

Detected = tuple[Frame, tuple[Detection, ...]]


def measure(
    frames: Generator[Frame, None, None], backend: Backend, *, max_faces: int = 1, stills: bool = False
) -> Generator[FrameResult, None, None]:
    """The results of the frames, in order; frames are made on one thread, faces found on another.

    ``stills``: the frames have nothing to do with each other.
    """
    first = next(frames, None)
    if first is None:
        return
    room = max(1, min(AHEAD, PICTURE_BYTES // first.image.nbytes))
    detector = _Looked()
    analyser = FaceAnalyser(detector, FaceTracker(max_faces, stills=stills), backend)
    with closing(read_ahead(_detected(read_ahead(_chain(first, frames), room), stills), room)) as detected:
        for frame, detector.seen in detected:
            if stills:
                analyser = FaceAnalyser(detector, FaceTracker(max_faces, stills=True), backend)
            yield analyser.analyse(frame)


def _chain(first: Frame, frames: Generator[Frame, None, None]) -> Generator[Frame, None, None]:
    with closing(frames):
        yield first
        yield from frames


def _detected(frames: Generator[Frame, None, None], stills: bool) -> Generator[Detected, None, None]:
    with closing(frames), closing(create_detector(stills=stills)) as detector:
        for frame in frames:
            yield frame, detector.detect(frame.image)


class _Looked:
    """A detector that has already looked."""

    seen: tuple[Detection, ...] = ()

    def detect(
        self, image_bgr: Image, expected: Sequence[Box] = (), everywhere: bool | None = None
    ) -> tuple[Detection, ...]:
        return self.seen

    def close(self) -> None:
        """There is nothing to free."""
