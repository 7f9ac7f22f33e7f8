"""From frame to numbers with the real network, and with a detector that can be made blind."""

import math
from copy import copy
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from app.core.frames import Frame
from app.core.quality import QualityModel
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import TRACKED_S, FaceTracker
from extractor.backends import create_backend


class Blindable:
    """The real detector, with lids."""

    def __init__(self):
        self._detector = create_detector()
        self.blind = False

    def detect(self, image, expected=(), everywhere=None):
        return () if self.blind else self._detector.detect(image, expected, everywhere)

    def close(self):
        self._detector.close()


@pytest.fixture(scope="module")
def backend():
    backend = create_backend("lite", "cpu")
    yield backend
    backend.close()


@pytest.fixture
def detector():
    detector = Blindable()
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def frames(shared):
    """The first 45 frames (1.5 s) of a man talking."""
    with av.open(str(shared / "clips" / "d9.mp4")) as container:
        decoded = (next_frame for next_frame, _ in zip(container.decode(video=0), range(45), strict=False))
        return [
            Frame(i, f.to_ndarray(format="bgr24"), captured_s=100.0 + i, media_s=float(f.time))
            for i, f in enumerate(decoded)
        ]


def angles(results):
    return np.array([result.faces[0].angles for result in results])


def test_a_blurred_face_is_of_less_quality_than_a_sharp_one(frames, detector, backend):
    model = QualityModel.of(backend.report.metadata)
    sharp = FaceAnalyser(detector, FaceTracker(), backend).analyse(frames[0])
    picture = cv2.GaussianBlur(frames[0].image, (0, 0), sharp.primary.detection.box.w / 30)
    blurred = FaceAnalyser(detector, FaceTracker(), backend).analyse(replace(frames[0], image=picture))
    assert sharp.quality_threshold == model.threshold
    assert blurred.primary.quality < sharp.primary.quality <= 1
    assert sharp.primary.quality > model.threshold


def test_weights_without_coefficients_leave_the_quality_open(frames, detector, backend):
    known = backend.report.metadata.items()
    without = copy(backend)
    without.report = replace(backend.report, metadata={key: value for key, value in known if key != "quality"})
    result = FaceAnalyser(detector, FaceTracker(), without).analyse(frames[0])
    assert np.isfinite(result.primary.angles).all()
    assert math.isnan(result.primary.quality)
    assert math.isnan(result.quality_threshold)


def test_every_frame_of_a_face_is_measured(frames, detector, backend):
    analyser = FaceAnalyser(detector, FaceTracker(), backend)
    results = [analyser.analyse(frame) for frame in frames[:10]]
    for frame, result in zip(frames, results, strict=False):
        assert result.frame is frame
        (face,) = result.faces
        assert face.face_id == 0
        box = face.detection.box
        x, y = face.keypoints.T
        assert box.x - box.w / 4 < x.min() <= x.max() < box.x + 1.25 * box.w
        assert box.y - box.h / 4 < y.min() <= y.max() < box.y + 1.4 * box.h
        assert max(map(abs, face.angles)) < 45


def test_a_film_gives_the_same_numbers_at_any_speed(frames, detector, backend):
    slow = FaceAnalyser(detector, FaceTracker(), backend)
    first = angles([slow.analyse(frame) for frame in frames[:10]])
    later = [Frame(f.index, f.image, 500 + f.index / 1000, f.media_s) for f in frames[:10]]
    fresh = Blindable()
    again = FaceAnalyser(fresh, FaceTracker(), backend)
    second = angles([again.analyse(frame) for frame in later])
    fresh.close()
    assert second == pytest.approx(first, abs=0.05)


def test_a_face_the_detector_loses_is_followed_by_the_network(frames, detector, backend):
    seeing = FaceAnalyser(detector, FaceTracker(), backend)
    expected = angles([seeing.analyse(frame) for frame in frames])
    analyser = FaceAnalyser(detector, FaceTracker(), backend)
    results = [analyser.analyse(frame) for frame in frames[:10]]
    detector.blind = True
    results += [analyser.analyse(frame) for frame in frames[10:]]
    assert all(result.faces[0].face_id == 0 for result in results)
    assert all(result.faces[0].detection.score == 0 for result in results[10:])
    assert np.abs(angles(results) - expected).mean() < 2.0


def test_what_is_no_face_is_not_followed(frames, detector, backend):
    analyser = FaceAnalyser(detector, FaceTracker(), backend)
    for frame in frames[:5]:
        assert analyser.analyse(frame).faces
    detector.blind = True
    height, width = frames[0].image.shape[:2]
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    found = []
    for number in range(5, 5 + int(30 * TRACKED_S) + 10):
        found.append(len(analyser.analyse(Frame(number, noise, 0.0, number / 30)).faces))
    assert sum(found) <= 1  # the crop of the last frame is tried once
    assert found[-1] == 0


def test_forgetting_starts_new_numbers(frames, detector, backend):
    analyser = FaceAnalyser(detector, FaceTracker(), backend)
    assert analyser.analyse(frames[0]).faces[0].face_id == 0
    analyser.forget()
    assert analyser.analyse(frames[1]).faces[0].face_id == 1


def test_a_frame_without_a_face(detector, backend):
    empty = Frame(0, np.full((1, 1, 3), 90, np.uint8), 1.0)
    result = FaceAnalyser(detector, FaceTracker(), backend).analyse(empty)
    assert result.faces == ()
    assert result.frame is empty


def test_while_the_primary_face_is_hidden_nobody_else_is_taken_for_it(frames, detector, backend):
    analyser = FaceAnalyser(detector, FaceTracker(2), backend)
    noise = np.random.default_rng(0).integers(0, 256, frames[0].image.shape, np.uint8)

    def beside(frame, left):
        return Frame(frame.index, np.hstack([left, frame.image[:, ::-1]]), frame.captured_s, frame.media_s)

    for frame in frames[:6]:
        result = analyser.analyse(beside(frame, frame.image))
    assert len(result.faces) == 2
    left = min(result.faces, key=lambda face: face.detection.box.x)
    box = left.detection.box
    assert analyser.tracker.pick(box.x + box.w / 2, box.y + box.h / 2) == left.face_id
    shown = analyser.analyse(beside(frames[6], frames[6].image))
    assert shown.primary is not None
    assert shown.primary.face_id == left.face_id
    hidden = [analyser.analyse(beside(frame, noise)) for frame in frames[7:10]][-1]
    assert hidden.primary is None
    assert hidden.shown_primary is None
    assert [face.face_id for face in hidden.others] != [left.face_id]
    assert len(hidden.others) == 1
    back = [analyser.analyse(beside(frame, frame.image)) for frame in frames[10:25]][-1]
    assert back.primary is not None
    assert back.primary.face_id == left.face_id
