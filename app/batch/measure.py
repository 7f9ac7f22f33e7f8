"""The frames of a file measured, while the next ones are decoded and looked at already."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

from app.core.frames import Box, Detection, Frame, FrameResult, Image
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends.base import Backend

AHEAD = 8
"""Frames that each of the two stages before the network has ready,"""

PICTURE_BYTES = 64 * 1024 * 1024
"""unless these take more."""

T = TypeVar("T")

Detected = tuple[Frame, tuple[Detection, ...]]


def measure(
    frames: Generator[Frame, None, None],
    backend: Backend,
    *,
    max_faces: int = 1,
    stills: bool = False,
    field_of_view: FieldOfView | None = None,
    face_size: FaceSize | None = None,
) -> Generator[FrameResult, None, None]:
    """The results of the frames, in order; frames are made on one thread, faces found on another.

    ``stills``: the frames have nothing to do with each other.  ``field_of_view``: the camera's; None: not known.
    ``face_size``: of everybody before it; None: an adult's average.
    """
    first = next(frames, None)
    if first is None:
        return
    room = max(1, min(AHEAD, PICTURE_BYTES // first.image.nbytes))
    detector, view = _Looked(), field_of_view or ASSUMED

    def analyser_of_new_people() -> FaceAnalyser:
        tracker = FaceTracker(max_faces, stills=stills)
        return FaceAnalyser(detector, tracker, backend, field_of_view=view, face_size=face_size)

    analyser = analyser_of_new_people()
    with closing(read_ahead(_detected(read_ahead(_chain(first, frames), room), stills), room)) as detected:
        for frame, detector.seen in detected:
            if stills:
                analyser = analyser_of_new_people()
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


def read_ahead(items: Generator[T, None, None], room: int) -> Generator[T, None, None]:
    """The same items, made by a thread that is at most ``room`` of them ahead.

    What ``items`` raises is raised here.  Closing this, or letting go of it, ends the thread and
    closes ``items`` on it.
    """
    end: Any = object()
    worker = ThreadPoolExecutor(1, thread_name_prefix="read ahead")
    ahead = deque(worker.submit(next, items, end) for _ in range(max(1, room)))
    try:
        while (item := ahead.popleft().result()) is not end:
            ahead.append(worker.submit(next, items, end))
            yield item
    finally:
        for waiting in ahead:
            waiting.cancel()
        worker.submit(items.close).result()
        worker.shutdown()
