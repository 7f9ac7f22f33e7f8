"""The frames of a file measured, while the next ones are decoded and looked at already."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TypeVar

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

_POLL_S = 0.1

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
    ready: queue.Queue[T | _End] = queue.Queue(maxsize=max(1, room))
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=_POLL_S)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        end = _End()
        try:
            with closing(items):
                for item in items:
                    if not put(item):
                        return
        except BaseException as error:  # it belongs to whoever takes the items
            end.error = error
        put(end)

    thread = threading.Thread(target=run, name="read ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()


class _End:
    error: BaseException | None = None
