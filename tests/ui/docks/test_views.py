"""What each painted dock shows is what was measured."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QPointF, Qt

from app.core.frames import Box, Detection, Frame, ShownFace
from app.core.rotation import rotation_of
from app.faces.analyser import FaceAnalyser
from app.faces.crop import CropTransform, crop_square
from app.signals.history import History
from app.ui.features.faces.colours import face_colour
from app.ui.live.bins import Bins, _share, distributions
from app.ui.live.crop import Crop
from app.ui.live.shape import ShapeView, shape_of
from app.ui.live.space import Eye, Projection
from app.ui.plots.heat import SPANS_S, Heat, columns_of
from app.ui.shell import theme
from extractor.types import KEYPOINT_NAMES, Angles, CropSpec


@pytest.fixture
def show(qtbot):
    def show(view, size=(400, 300)):
        qtbot.addWidget(view)
        view.resize(*size)
        with qtbot.waitExposed(view):
            view.show()
        return view

    return show


def context(input_size=256):
    """What these views use of the window."""
    return SimpleNamespace(
        keypoint_names=KEYPOINT_NAMES,
        network=SimpleNamespace(crop=CropSpec(input_size=input_size)),
        view=SimpleNamespace(mirrored=False),
    )


# ------------------------------------------------------------------ bins


def test_bins_are_the_distributions_that_the_angles_are_decoded_from(face, result):
    torch = pytest.importorskip("torch")
    from extractor.decode import bins_to_degrees

    logits = torch.randn(3, 66, generator=torch.Generator().manual_seed(3)) * 4
    mean, std = bins_to_degrees(logits)
    measured = replace(face(), logits=logits.numpy(), angles=Angles(*mean.tolist()), std=Angles(*std.tolist()))
    shown = distributions(result(measured))
    assert [d.name for d in shown] == ["yaw", "pitch", "roll"]
    centres = np.arange(66) * 3 - 97.5
    for distribution in shown:
        assert distribution.probability.sum() == pytest.approx(1)
        assert (distribution.probability * centres).sum() == pytest.approx(distribution.mean_deg, abs=1e-4)
        variance = (distribution.probability * (centres - distribution.mean_deg) ** 2).sum()
        assert np.sqrt(variance) == pytest.approx(distribution.std_deg, abs=1e-3)


def test_the_filter_does_not_touch_the_bins(face, result):
    measured = face(angles=Angles(1, 20, 3))
    shown = ShownFace(face(angles=Angles(0, 0, 0)), Angles(0, 0, 0), rotation_of(Angles(0, 0, 0)))
    assert distributions(replace(result(measured), signals=(shown,)))[0].mean_deg == 20


def test_a_bin_lies_around_its_centre():
    assert _share(-99, 66) == pytest.approx(0)
    assert _share(99, 66) == pytest.approx(1)
    assert _share(-97.5, 66) == pytest.approx(0.5 / 66)


@pytest.mark.parametrize(("spread", "says"), [(3.0, False), (25.0, True)])
def test_an_unsure_axis_looks_unlike_a_sure_one(show, face, result, spread, says):
    from app.ui.shell import theme

    centres = np.arange(66) * 3 - 97.5
    logits = np.tile(-0.5 * (centres / spread) ** 2, (3, 1)).astype(np.float32)
    view = show(Bins(context()))
    view.show_result(result(replace(face(), logits=logits, std=Angles(spread, spread, spread))), History())
    image = view.grab().toImage()
    wanted = theme.WARNING.getRgb()[:3]
    found = any(
        max(abs(a - b) for a, b in zip(image.pixelColor(x, y).getRgb()[:3], wanted, strict=True)) < 40
        for x in range(280, 400)
        for y in range(image.height())
    )
    assert found is says


# ------------------------------------------------------------------ crop


@given(
    x=st.floats(-300, 700),
    y=st.floats(-300, 700),
    w=st.floats(2, 900),
    h=st.floats(2, 900),
    size=st.sampled_from([96, 256]),
)
def test_the_square_is_found_again_from_its_affine(x, y, w, h, size):
    square = crop_square(Box(x, y, w, h), CropSpec(input_size=size))
    assert CropTransform.from_affine(square.crop_to_frame, size) == square


def test_the_crop_is_the_networks_input_pixel_for_pixel(show):
    """What the real analyser gave to its backend, for a face at the frame's edge."""
    torch = pytest.importorskip("torch")
    from extractor import create_backend
    from extractor.report import WeightsError

    try:
        backend = create_backend(None, "cpu", 1, "torch")
    except WeightsError:
        pytest.skip("no weights")
    assert torch is not None
    seen = []

    class Watching:
        spec, report = backend.spec, backend.report

        def __getattr__(self, name):
            return getattr(backend, name)

        def run(self, crops):
            seen.append(np.array(crops))
            return backend.run(crops)

    class Detector:
        def detect(self, image, *args, **options):
            return [Detection(Box(-20, 30, 130.3, 120.9), 0.9)]

        def __getattr__(self, name):
            return lambda *args, **options: self.detect(None)

    from app.faces.tracker import FaceTracker

    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    try:
        result = FaceAnalyser(Detector(), FaceTracker(), Watching()).analyse(Frame(0, image, 1.0))
    finally:
        backend.close()
    view = show(Crop(context(backend.spec.crop.input_size)))
    view.show_result(result, History())
    assert any(np.array_equal(view.pixels, crop) for crops in seen for crop in crops)
    size = backend.spec.crop.input_size
    assert view.legend().startswith(f"{size} × {size} RGB")


def test_the_crop_is_drawn_without_smoothing(show, face, result):
    view = show(Crop(context(32)), (400, 300))
    picture = result(face())
    picture.frame.image[:] = np.random.default_rng(1).integers(0, 256, picture.frame.image.shape, np.uint8)
    view.show_result(picture, History())
    zoom, area = int(view.zoom), view.area(32)
    assert zoom >= 5
    grabbed = view.grab().toImage()
    for x, y in ((0, 0), (13, 7), (31, 31)):
        for inside in (0, zoom - 1):
            colour = grabbed.pixelColor(int(area.left()) + x * zoom + inside, int(area.top()) + y * zoom + inside)
            assert colour.getRgb()[:3] == tuple(view.pixels[y, x])


def test_the_crop_is_zoomed_moved_and_read_by_key_and_mouse(show, face, result, qtbot):
    view = show(Crop(context(96)))
    view.show_result(result(face()), History())
    start = view.zoom
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom == int(start) + 1
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.shift == QPointF(-16, 0)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.zoom == start
    for _ in range(40):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom == 16
    qtbot.mouseMove(view, QPoint(200, 120))
    assert view.pixel_under_mouse(view.area(96), 96) is not None


# ------------------------------------------------------------------ 3D


def test_the_shape_is_the_formula_without_scale_and_place(face, result):
    rng = np.random.default_rng(2)
    angles = Angles(10, -30, 5)
    kp, exp = rng.normal(size=(24, 3)).astype(np.float32), rng.normal(size=(24, 3)).astype(np.float32) * 0.05
    shown = result(replace(face(angles=angles), kp=kp, exp=exp))
    shape = shape_of(shown)
    turned = kp @ rotation_of(angles).T
    size = np.linalg.norm(shape.driven[3] - shape.driven[8]) / np.linalg.norm((turned + exp)[3] - (turned + exp)[8])
    assert np.allclose((shape.driven - shape.neutral), exp * size, atol=1e-5)
    assert np.allclose(shape.neutral - shape.neutral[0], (turned - turned[0]) * size, atol=1e-5)
    assert np.linalg.norm(shape.neutral, axis=1).max() == pytest.approx(1)
    held = shape_of(shown, gain=3, held=True)
    assert np.allclose(held.neutral - held.neutral[0], (kp - kp[0]) * size, atol=1e-4)
    assert np.allclose(held.axes, [[1, 0, 0], [0, 1, 0], [0, 0, -1]], atol=1e-6)


def test_the_eye_goes_where_it_is_sent():
    nose = np.array([[0.0, 0.0, -1.0]])  # towards the camera

    def place(eye: Eye, mirrored: bool = False):
        (point,), (near,) = Projection(eye.rotation(), (0.0, 0.0), 100.0, mirrored)(nose)
        return point, near

    straight, near = place(Eye())
    assert np.allclose(straight, 0)
    assert near > 1
    assert place(Eye().turned(30, 0))[0][0] < -10  # from the right the nose points left
    assert place(Eye().turned(30, 0), mirrored=True)[0][0] > 10
    assert place(Eye().turned(0, 30))[0][1] > 10  # from above it points down
    assert Eye().turned(200, 0).turn_deg == -160
    assert Eye().turned(0, 500).tilt_deg == 89
    rotation = Eye(40, -20).rotation()
    assert np.allclose(rotation @ rotation.T, np.eye(3))


def test_the_shape_is_turned_by_key_and_mouse(show, face, result, qtbot):
    view = show(ShapeView(context()))
    view.show_result(result(face()), History())
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.eye == Eye(10, 10)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.eye == Eye()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    qtbot.mouseMove(view, QPoint(240, 150))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(240, 150))
    assert view.eye.turn_deg < 0  # dragged to the right, the front goes to the right
    for gain in (2, 5, 10, 1):
        qtbot.keyClick(view, Qt.Key.Key_E)
        assert view.gain == gain
    qtbot.keyClick(view, Qt.Key.Key_H)
    assert view.held


# ------------------------------------------------------------------ heat strip


def test_a_column_keeps_the_strongest_value_and_gaps_stay_gaps():
    times = np.array([0.0, 0.01, 0.02, 5.0, 9.0, 10.0])
    values = np.array([[1, 0], [7, 0], [2, 0], [np.nan, np.nan], [3, 1], [4, 2]], np.float32)
    strip = columns_of(times, values, 10.0, 10)
    assert strip.shape == (2, 10)
    assert strip[0, 0] == 7
    assert np.isnan(strip[0, 1:9]).all()  # nothing measured for seconds
    assert strip[0, 9] == 4  # 9.0 and 10.0 share the last column
    assert columns_of(np.empty(0), np.empty((0, 3), np.float32), 10.0, 10).shape == (3, 10)


@given(n=st.integers(1, 200), columns=st.integers(1, 60), span=st.sampled_from(SPANS_S))
def test_the_newest_value_stands_at_the_right_and_the_largest_is_never_lost(n, columns, span):
    times = np.sort(np.random.default_rng(n).uniform(0, span, n))
    values = np.random.default_rng(n + 1).uniform(0, 1, (n, 4)).astype(np.float32)
    strip = columns_of(times, values, span, columns)
    assert np.allclose(np.nanmax(strip, axis=1), values.max(axis=0))
    assert np.isfinite(strip[:, -1]).all()


def test_the_strip_names_its_rows_and_its_span_is_changed_by_key(show, face, result, qtbot):
    history = History()
    for i in range(60):
        exp = np.zeros((24, 3), np.float32)
        exp[20, 1] = 0.04
        history.append(result(replace(face(), exp=exp), captured_s=i / 30))
    used = context()
    view = show(Heat(used), (600, 420))
    view.show_result(result(face()), history)
    assert view.labels() == list(KEYPOINT_NAMES)
    assert view.top == 0.05
    assert "lip_low" in view.accessibleDescription()
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.span_s == 30
    strip, _ = view.areas()
    qtbot.mouseMove(view, strip.center().toPoint())
    assert not view.grab().isNull()
    used.keypoint_names = None
    assert view.labels()[3] == "kp 3"


def test_the_strip_says_whose_colours_these_are_where_the_face_changed(show, face, result, qtbot):
    history = History()
    for i in range(90):
        newest = result(face(face_id=1 if i < 45 else 2), face((90, 90), 60, face_id=3), captured_s=i / 30)
        history.append(newest)
    view = show(Heat(context(), 5.0), (600, 420))
    view.show_result(newest, history)
    strip, _ = view.areas()
    image = view.grab().toImage()
    x_of = lambda seconds: round(strip.right() - (seconds / 5) * strip.width())  # noqa: E731
    above = round(strip.top()) - 3
    assert image.pixelColor(x_of(2.2), above).rgb() == face_colour(1).rgb()
    assert image.pixelColor(x_of(0.5), above).rgb() == face_colour(2).rgb()
    alone = History()
    for i in range(90):
        alone.append(result(face(face_id=1 if i < 45 else 2), captured_s=10 + i / 30))
    view.show_result(result(face(face_id=2), captured_s=13), alone)
    assert view.grab().toImage().pixelColor(x_of(0.5), above).rgb() == theme.BASE.rgb()
