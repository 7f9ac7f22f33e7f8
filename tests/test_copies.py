"""A frame is handed on, not copied: what each stage allocates on its way from the camera to the screen and the file."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from app.capture.camera_worker import _as_bgr
from app.core.clock import now_s
from app.core.frames import Box, Detection, Frame
from app.faces.analyser import FaceAnalyser
from app.faces.crop import CropTransform, extract, extract_all
from app.faces.detector import MediaPipeDetector
from app.faces.tracker import FaceTracker
from app.session.video import as_frame
from app.ui.live.live_view import _Picture
from extractor.decode_arrays import decode_arrays
from extractor.types import HEADS, KEYPOINT_NAMES, CropSpec, HostMotion, head_widths

WIDTH, HEIGHT, SIDE = 1280, 720, 96
FRAME_BYTES = WIDTH * HEIGHT * 3
SMALL = FRAME_BYTES // 8  # what is made beside the frame: crops, the detector's small pictures, numbers


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@dataclass
class Allocated:
    peak: int = 0
    kept: int = 0


@pytest.fixture
def allocated() -> Callable[[Callable[[], Any]], Allocated]:
    """Bytes that a call takes from numpy, and so OpenCV's results too: at the most, and still held with its result."""

    def measure(work: Callable[[], Any]) -> Allocated:
        work()  # what is made once only
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            result = work()
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        del result
        return Allocated(peak - before, kept - before)

    return measure


class OneFace:
    """A detector that has found a face."""

    def detect(self, *_: object) -> tuple[Detection, ...]:
        return (Detection(Box(500, 250, 200, 200), 0.9),)


@dataclass
class Network:
    """A backend that keeps what it was given."""

    spec: Any = field(
        default_factory=lambda: SimpleNamespace(crop=CropSpec(2.15, 0.054, SIDE), keypoint_names=KEYPOINT_NAMES)
    )
    report: Any = field(default_factory=lambda: SimpleNamespace(pose_trained=True, metadata={}))
    crops: np.ndarray | None = None

    def run(self, crops: np.ndarray) -> HostMotion:
        self.crops = crops
        widths = head_widths(24, 66)
        heads = {name: np.zeros((len(crops), widths[name]), np.float32) for name in HEADS}
        heads["scale"] += 1
        return decode_arrays(heads, KEYPOINT_NAMES)


def test_what_is_measured_of_allocations_sees_a_copied_frame(image, allocated):
    assert allocated(image.copy).kept == pytest.approx(FRAME_BYTES, rel=0.01)
    assert allocated(lambda: image.copy().sum()).peak >= FRAME_BYTES


def test_a_cameras_picture_is_taken_as_it_comes(image):
    assert np.shares_memory(_as_bgr(image), image)


def test_from_the_frame_to_its_result_only_the_crop_is_made(image, allocated):
    network = Network()
    analyser = FaceAnalyser(OneFace(), FaceTracker(), network)
    numbers = iter(range(10))
    results = []

    def analyse() -> None:
        frame = Frame(next(numbers), image, now_s())
        results.append(analyser.analyse(frame))
        assert results[-1].frame is frame

    assert allocated(analyse).peak < SMALL
    assert results[-1].faces
    assert network.crops.shape == (1, SIDE, SIDE, 3)
    assert network.crops.flags.c_contiguous


def test_the_detector_makes_small_pictures_only(image, allocated):
    detector = MediaPipeDetector()
    try:
        assert allocated(lambda: detector.detect(image)).peak < FRAME_BYTES // 4
    finally:
        detector.close()


@pytest.mark.parametrize("left", [300, -50])  # inside, and over the frame's edge
@pytest.mark.parametrize("side", [SIDE, 200, 60])
def test_crops_are_written_into_their_batch(image, side, left):
    transforms = [CropTransform(left, 100, side, SIDE), CropTransform(left + 7, 90, side, SIDE)]
    batch = extract_all(image, transforms, SIDE)
    for crop, transform in zip(batch, transforms, strict=True):
        np.testing.assert_array_equal(crop, extract(image, transform))
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert np.shares_memory(extract(image, transforms[0], out), out)
    assert extract_all(image, [], SIDE).shape == (0, SIDE, SIDE, 3)


def test_a_recorded_picture_is_converted_once_and_lent_to_the_encoder(image, allocated):
    """I420 takes half of what BGR takes; the encoder's frame keeps that very array alive."""
    found = allocated(lambda: as_frame(image, "yuv420p"))
    assert found.kept == pytest.approx(FRAME_BYTES / 2, rel=0.01)
    assert found.peak < FRAME_BYTES * 0.51


@pytest.mark.parametrize("size", [(1280, 720), (16, 16), (18, 20), (322, 242), (1278, 718), (720, 1280)])
def test_what_is_lent_to_the_encoder_is_the_picture(size):
    """In every size, though PyAV's shortest way takes some heights for others."""
    width, height = size
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    expected = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420))
    frame = as_frame(picture, "yuv420p")
    found = frame.to_ndarray()
    assert (frame.width, frame.height) == size
    assert found.shape == (height * 3 // 2, width)
    np.testing.assert_array_equal(found[:height], expected[:height])
    np.testing.assert_array_equal(found[height:].reshape(2, -1), expected[height:].reshape(2, -1))


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (640, 360), (1600, 900)])
def test_a_painted_picture_takes_its_own_size_and_no_more(image, allocated, size):
    """The array that Qt paints from; beside it for a moment one of the smaller size."""
    pixels = size[0] * size[1]
    found = allocated(lambda: _Picture(image, size, mirrored=False))
    smaller = min(pixels, WIDTH * HEIGHT)
    assert found.kept == pytest.approx(pixels * 4, rel=0.01)
    assert found.peak <= pixels * 4 + smaller * 4 + SMALL


def test_painting_leaves_the_frame_as_it_is(image):
    before = image.copy()
    for mirrored in (False, True):
        for size in ((WIDTH, HEIGHT), (640, 360), (500, 300), (1600, 900)):
            _Picture(image, size, mirrored)
    np.testing.assert_array_equal(image, before)
