"""Frames in batches: the numbers must be those of one frame after the other."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from dataclasses import astuple

import numpy as np
import pytest

from app.analyser import FaceAnalyser
from app.batch.ahead import in_batches, read_ahead
from app.batch.fixed_size import FixedSizeRuns
from app.batch.measure import BatchAnalyser, measure
from app.capture.video import VideoSource
from app.core.frames import Detection, Frame, FrameResult
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.agreement import check_faces
from extractor.backends import Backend, create_backend


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    backend = create_backend("lite", "cpu", 1, "torch")
    yield backend
    backend.close()


def frames_of(images: Sequence[np.ndarray]) -> list[Frame]:
    return [Frame(i, image, 100.0 + i, i / 30) for i, image in enumerate(images)]


def one_by_one(frames: Sequence[Frame], seen: Sequence[tuple[Detection, ...]], backend: Backend, faces: int = 1):
    class Seen:
        def __init__(self) -> None:
            self.next = iter(seen)

        def detect(self, image, expected=(), everywhere=None):
            return next(self.next)

        def close(self) -> None:
            pass

    analyser = FaceAnalyser(Seen(), FaceTracker(faces), backend)
    return [analyser.analyse(frame) for frame in frames]


def assert_same(results: Sequence[FrameResult], expected: Sequence[FrameResult]) -> None:
    assert len(results) == len(expected)
    for ours, theirs in zip(results, expected, strict=True):
        assert ours.frame.index == theirs.frame.index
        assert [face.face_id for face in ours.faces] == [face.face_id for face in theirs.faces]
        for a, b in zip(ours.faces, theirs.faces, strict=True):
            # A face that is followed carries the network's last digits from frame to frame.
            assert np.allclose(astuple(a.detection.box), astuple(b.detection.box), atol=1e-3)
            assert a.detection.score == b.detection.score
            assert np.array_equal(a.crop_to_frame, b.crop_to_frame)
            assert np.allclose(a.angles, b.angles, atol=2e-3)
            assert np.allclose(a.keypoints, b.keypoints, atol=2e-2)
            assert np.allclose(a.logits, b.logits, atol=2e-3)


@pytest.fixture(scope="module")
def seen(demo_frames) -> list[tuple[Detection, ...]]:
    detector = create_detector()
    found = [detector.detect(image) for image in demo_frames]
    detector.close()
    assert all(found)
    return found


@pytest.mark.parametrize("batch", [1, 3, 8, 32])
def test_whatever_the_batch_the_results_are_those_of_one_frame_after_the_other(batch, demo_frames, seen, backend):
    frames = frames_of(demo_frames[:40])
    analyser = BatchAnalyser(backend)
    results = [r for few in in_batches(zip(frames, seen[:40], strict=True), batch) for r in analyser.analyse(few)]
    assert_same(results, one_by_one(frames, seen[:40], backend))
    assert analyser.unforeseen == 0


def test_a_face_that_only_the_network_follows_is_followed_in_batches_too(demo_frames, seen, backend):
    """The detector loses the face for a while: where it is then depends on the result of the frame before."""
    frames = frames_of(demo_frames[:40])
    gaps = [() if 10 <= i < 25 else found for i, found in enumerate(seen[:40])]
    expected = one_by_one(frames, gaps, backend)
    assert sum(bool(result.faces) for result in expected[10:25]) > 5  # the network did follow it
    analyser = BatchAnalyser(backend)
    results = [r for few in in_batches(zip(frames, gaps, strict=True), 8) for r in analyser.analyse(few)]
    assert_same(results, expected)
    assert analyser.unforeseen > 5


def test_two_faces_that_cross_keep_their_numbers_as_one_frame_after_the_other(demo_frames, backend):
    images = [np.hstack([a, b]) for a, b in zip(demo_frames[:30], demo_frames[30:60], strict=True)]
    images += [np.hstack([b, a]) for a, b in zip(demo_frames[30:45], demo_frames[60:75], strict=True)]
    frames = frames_of(images)
    detector = create_detector()
    seen = [detector.detect(image) for image in images]
    detector.close()
    expected = one_by_one(frames, seen, backend, faces=2)
    assert max(len(result.faces) for result in expected) == 2
    analyser = BatchAnalyser(backend, 2)
    results = [r for few in in_batches(zip(frames, seen, strict=True), 8) for r in analyser.analyse(few)]
    assert_same(results, expected)


def test_stills_have_nothing_to_do_with_each_other(demo_frames, backend):
    images = [demo_frames[0], np.zeros((50, 70, 3), np.uint8), demo_frames[60], demo_frames[0]]
    results = list(measure((frame for frame in frames_of(images)), backend, stills=True, batch=3))
    assert [len(result.faces) for result in results] == [1, 0, 1, 1]
    assert [face.face_id for result in results for face in result.faces] == [0, 0, 0]
    assert np.allclose(results[0].faces[0].angles, results[3].faces[0].angles, atol=2e-3)


def test_a_crop_s_numbers_do_not_hang_on_which_ones_go_along():
    """With the default weights: torch adds up a small network's crops in the same order whatever their number."""
    backend = create_backend(None, "cpu", 1, "torch")
    crops = check_faces(backend.spec.crop.input_size)[[0, 1, 2, 3, 4, 5, 0, 1, 2]]
    runs = FixedSizeRuns(backend, 4)
    expected = runs.run(crops)
    for together in (1, 3, 9):
        for first in range(0, len(crops), together):
            found = runs.run(crops[first : first + together])
            for field in dataclasses.fields(found):
                part = getattr(expected, field.name)[first : first + together]
                np.testing.assert_array_equal(getattr(found, field.name), part, err_msg=field.name)
    assert len(runs.run(crops[:0])) == 0
    runs.close()


def test_no_frames_no_results(backend):
    assert list(measure((frame for frame in ()), backend)) == []


def test_letting_go_in_the_middle_ends_the_threads_and_the_source(clips, backend):
    before = threading.active_count()
    source = VideoSource(clips / "long.mp4", paced=False)
    source.open()
    closed = threading.Event()

    def frames():
        try:
            while (frame := source.read(1.0)) is not None:
                yield frame
        finally:
            closed.set()

    results = measure(frames(), backend, batch=4)
    next(results)
    results.close()
    assert closed.is_set()
    assert threading.active_count() == before
    source.close()


# ---------------------------------------------------------------------- the threads in between


def test_what_is_read_ahead_comes_in_order_and_never_further_ahead_than_asked():
    made: list[int] = []
    taken = 0
    lead = []

    def items():
        for i in range(50):
            made.append(i)
            lead.append(len(made) - taken)
            yield i

    for item in read_ahead(items(), 3):
        assert item == taken
        taken += 1
    assert taken == 50
    assert max(lead) <= 3 + 3  # in the queue, in each one's hand, and one counted early


def test_what_goes_wrong_ahead_is_raised_where_the_items_are_taken():
    def items():
        yield 1
        raise KeyError("broken")

    ahead = read_ahead(items(), 2)
    assert next(ahead) == 1
    with pytest.raises(KeyError, match="broken"):
        next(ahead)


def test_batches_are_full_but_for_the_last_one():
    assert list(in_batches(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(in_batches([], 3)) == []
