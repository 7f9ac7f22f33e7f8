"""The crop's geometry: what is drawn in the frame must appear in the crop where the affine says."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Box
from app.faces.crop import CropTransform, crop_square, extract, sharpness_of
from extractor.types import CropSpec

coordinates = st.floats(-3000, 9000)
sizes = st.floats(0.1, 5000)
boxes = st.builds(Box, coordinates, coordinates, sizes, sizes)
specs = st.builds(CropSpec, st.floats(0.5, 4), st.floats(-0.5, 0.5), st.sampled_from([32, 96, 256]))
transforms = st.builds(
    CropTransform, st.integers(-60, 160), st.integers(-60, 120), st.integers(1, 200), st.sampled_from([32, 96])
)


def apply(affine, points):
    return points @ affine[:, :2].T + affine[:, 2]


@given(boxes, specs)
def test_the_square_is_the_one_of_the_conventions_to_half_a_pixel(box, spec):
    square = crop_square(box, spec)
    longer = max(box.w, box.h)
    assert square.side == pytest.approx(max(1, spec.side * longer), abs=0.51)
    centre = apply(square.crop_to_frame.astype(float), np.zeros(2))
    assert centre[0] == pytest.approx(box.x + box.w / 2, abs=0.51)
    assert centre[1] == pytest.approx(box.y + box.h / 2 - spec.up * longer, abs=0.51)


@given(boxes, specs, st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)))
def test_the_affine_leads_to_the_pixels_that_the_input_shows(box, spec, point):
    square = crop_square(box, spec)
    in_input = (np.array(point) + 1) / 2 * spec.input_size
    frame_point = (square.left, square.top) + in_input * square.side / square.size
    # The affines are single precision, the frame up to 10000 pixels.
    assert apply(square.crop_to_frame, np.array(point)) == pytest.approx(frame_point, abs=1e-2)


def test_the_crops_edges_are_minus_one_and_one():
    square = CropTransform(left=10, top=20, side=40, size=256)
    corners = apply(square.crop_to_frame, np.array([[-1, -1], [1, 1]]))
    assert corners.tolist() == [[10, 20], [50, 60]]


@given(
    side=st.integers(20, 200),
    size=st.sampled_from([32, 96]),
    spot=st.tuples(st.floats(25, 135), st.floats(25, 95)),  # in the frame
    where=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),  # in the crop, to a pixel
)
def test_a_dot_lands_where_the_affine_says(side, size, spot, where):
    left, top = (round(spot[i] - (where[i] + 1) / 2 * side) for i in (0, 1))
    square = CropTransform(left, top, side, size)
    expected = (np.array(spot) - (left, top)) / side * size
    radius = max(1.5, side / 20)
    rows, columns = np.mgrid[:120, :160] + 0.5  # pixel centres
    dot = np.exp(-((columns - spot[0]) ** 2 + (rows - spot[1]) ** 2) / (2 * radius**2))
    image = np.repeat((dot * 255).round().astype(np.uint8)[..., None], 3, axis=2)
    crop = extract(image, square)[..., 0].astype(float)
    crop[crop < 30] = 0  # so that a tail cut off by an edge does not count
    rows, columns = np.mgrid[:size, :size] + 0.5
    found = np.array([(crop * columns).sum(), (crop * rows).sum()]) / crop.sum()
    assert np.abs(found - expected).max() < 0.5


@given(transforms, st.integers(1, 160), st.integers(1, 120))
def test_the_crop_equals_the_padded_frame_resized(square, width, height):
    """Replication written down the slow way: clamp every index."""
    image = np.random.default_rng(width * 121 + height).integers(0, 256, (height, width, 3), np.uint8)
    rows = np.clip(np.arange(square.top, square.top + square.side), 0, height - 1)
    columns = np.clip(np.arange(square.left, square.left + square.side), 0, width - 1)
    method = cv2.INTER_AREA if square.side > square.size else cv2.INTER_LINEAR
    expected = cv2.resize(image[rows][:, columns], (square.size, square.size), interpolation=method)[..., ::-1]
    crop = extract(image, square)
    assert crop.shape == (square.size, square.size, 3)
    assert crop.dtype == np.uint8
    assert crop.flags.c_contiguous
    assert np.array_equal(crop, expected)


def test_colours_become_rgb():
    image = np.full((50, 50, 3), (255, 128, 0), np.uint8)
    assert extract(image, CropTransform(0, 0, 50, 32))[5, 5].tolist() == [0, 128, 255]


def test_shrinking_does_not_alias():
    """A fine checkerboard must become even grey, not a pattern."""
    board = np.indices((900, 900)).sum(0) % 2 * 255
    image = np.repeat(board.astype(np.uint8)[..., None], 3, axis=2)
    crop = extract(image, CropTransform(0, 0, 900, 256)).astype(int)
    assert np.abs(crop - 127).max() <= 25


def test_the_frame_is_left_alone_and_may_be_a_view():
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    before = image.copy()
    square = CropTransform(-20, -10, 180, 96)
    for view in (image[:, ::-1], image[::2, ::3], image[..., ::-1], np.asfortranarray(image)):
        assert np.array_equal(extract(view, square), extract(np.ascontiguousarray(view), square))
    crop = extract(image, CropTransform(0, 0, 96, 96))
    crop[:] = 0
    assert np.array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (4320, 7680)])
def test_frames_of_any_size(shape):
    image = np.full((*shape, 3), 7, np.uint8)
    for box in (Box(0, 0, 1, 1), Box(-50, -50, 900, 700), Box(shape[1], shape[0], 30, 30)):
        assert (extract(image, crop_square(box, CropSpec())) == 7).all()


def test_blur_darkness_and_enlargement_make_a_crop_less_sharp():
    crop = np.random.default_rng(1).integers(0, 256, (128, 128, 3), np.uint8)
    sharp = sharpness_of(crop)
    assert sharp > 1000
    assert sharpness_of(cv2.GaussianBlur(crop, (0, 0), 2.0)) < sharp / 100
    assert sharpness_of((crop * 0.1).astype(np.uint8)) < sharp / 50
    assert sharpness_of(cv2.resize(crop[:16, :16], (128, 128), interpolation=cv2.INTER_LINEAR)) < sharp / 20
    assert sharpness_of(np.full((128, 128, 3), 77, np.uint8)) == 0
