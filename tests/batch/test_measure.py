"""Files measured with decoding and detection ahead on threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from app.batch.measure import measure, read_ahead
from app.capture.video import VideoSource
from app.core.frames import Frame
from extractor.backends import Backend, create_backend


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    backend = create_backend("lite", "cpu", 1, "torch")
    yield backend
    backend.close()


def frames_of(images: Sequence[np.ndarray]) -> list[Frame]:
    return [Frame(i, image, 100.0 + i, i / 30) for i, image in enumerate(images)]


def test_stills_have_nothing_to_do_with_each_other(demo_frames, backend):
    images = [demo_frames[0], np.zeros((50, 70, 3), np.uint8), demo_frames[60], demo_frames[0]]
    results = list(measure((frame for frame in frames_of(images)), backend, stills=True))
    assert [len(result.faces) for result in results] == [1, 0, 1, 1]
    assert [face.face_id for result in results for face in result.faces] == [0, 0, 0]
    assert np.allclose(results[0].faces[0].angles, results[3].faces[0].angles, atol=2e-3)


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

    results = measure(frames(), backend)
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
