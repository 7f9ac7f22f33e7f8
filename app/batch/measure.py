"""Many frames measured at once, with the numbers of one frame after the other."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import closing

import numpy as np

from app.analyser import FaceAnalyser
from app.batch.ahead import in_batches, read_ahead
from app.batch.fixed_size import FixedSizeRuns
from app.core.frames import Box, Detection, Frame, FrameResult, Image
from app.faces.crop import CropTransform, crop_square, extract
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends.base import Backend

BATCH = 8
"""Frames a run of the network; on a CPU more bring nothing."""

BATCH_GPU = 32

PICTURE_BYTES = 64 * 1024 * 1024
"""Of the frames in a batch, and of those that each of the two stages before it has ready."""

Detected = tuple[Frame, tuple[Detection, ...]]


def measure(
    frames: Generator[Frame, None, None],
    backend: Backend,
    *,
    max_faces: int = 1,
    stills: bool = False,
    batch: int | None = None,
) -> Generator[FrameResult, None, None]:
    """The results of the frames, in order; frames are made on one thread, faces found on another.

    ``stills``: the frames have nothing to do with each other.  ``batch``: frames at a time, None for
    what suits the device and the size of the first one; it changes the speed, not the results: the network
    runs on as many crops every time.
    """
    first = next(frames, None)
    if first is None:
        return
    size = batch or _batch_size(first, backend)
    detected = read_ahead(_detected(read_ahead(_chain(first, frames), size), stills), size)
    analyser = BatchAnalyser(FixedSizeRuns(backend, _most(backend)), max_faces, stills=stills)
    with closing(detected):
        for several in in_batches(detected, size):
            yield from analyser.analyse(several)


def _batch_size(frame: Frame, backend: Backend) -> int:
    return max(1, min(_most(backend), PICTURE_BYTES // frame.image.nbytes))


def _most(backend: Backend) -> int:
    return BATCH if backend.info.device == "cpu" else BATCH_GPU


def _chain(first: Frame, frames: Generator[Frame, None, None]) -> Generator[Frame, None, None]:
    with closing(frames):
        yield first
        yield from frames


def _detected(frames: Generator[Frame, None, None], stills: bool) -> Generator[Detected, None, None]:
    with closing(frames), closing(create_detector(stills=stills)) as detector:
        for frame in frames:
            yield frame, detector.detect(frame.image)


class BatchAnalyser:
    """``FaceAnalyser`` for several frames, with one run of the network for most of them.

    The tracker wants to know what the network made of one frame before it sees the next: that carries
    a face on which the detector loses, and tells faces apart.  So a copy of it goes ahead without that
    knowledge, only to guess which crops will be wanted, and these are run together.  Then the frames
    are analysed one after the other as ever, and the tracker is told everything: where the guess was
    right, the network's result is there already; where it was not, the network runs again.
    """

    def __init__(self, backend: Backend, max_faces: int = 1, *, stills: bool = False) -> None:
        self.unforeseen = 0  # frames for which the guess was wrong
        self._backend = backend
        self._max_faces = max_faces
        self._stills = stills
        self._detector = _Looked()
        self._analyser = self._new_analyser()

    def analyse(self, detected: Sequence[Detected]) -> list[FrameResult]:
        """The next frames' results, from what the detector saw in each of them."""
        guesses = self._guess(detected)
        flat = [
            extract(frame.image, crop) for (frame, _), guess in zip(detected, guesses, strict=True) for crop in guess
        ]
        motion = self._backend.run(np.stack(flat)) if flat else None
        results = []
        row = 0
        for (frame, seen), guess in zip(detected, guesses, strict=True):
            if self._stills:
                self._analyser = self._new_analyser()
            self._detector.seen = seen
            found = self._analyser.find(frame)
            if found.crops == guess:
                results.append(self._analyser.measure(found, motion, row))
            else:
                self.unforeseen += 1
                own = self._backend.run(self._analyser.crops(found)) if found.faces else None
                results.append(self._analyser.measure(found, own))
            row += len(guess)
        return results

    def _new_analyser(self) -> FaceAnalyser:
        return FaceAnalyser(self._detector, self._new_tracker(), self._backend)

    def _new_tracker(self) -> FaceTracker:
        return FaceTracker(self._max_faces, stills=self._stills)

    def _guess(self, detected: Sequence[Detected]) -> list[tuple[CropTransform, ...]]:
        """For each frame the crops that will probably be wanted."""
        tracker = copy.deepcopy(self._analyser.tracker)
        spec = self._backend.spec.crop
        guesses = []
        for frame, seen in detected:
            if self._stills:
                tracker = self._new_tracker()
            guesses.append(tuple(crop_square(face.box, spec) for face in tracker.update(seen, frame.time_s)))
        return guesses


class _Looked:
    """A detector that has already looked."""

    seen: tuple[Detection, ...] = ()

    def detect(
        self, image_bgr: Image, expected: Sequence[Box] = (), everywhere: bool | None = None
    ) -> tuple[Detection, ...]:
        return self.seen

    def close(self) -> None:
        """There is nothing to free."""
