"""The overlay is painted into pictures, and the pixels are looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from app.core import face_marks
from app.core.face_marks import face_lines, pose_axes
from app.core.rotation import rotation_of
from app.ui.live.geometry import ViewTransform
from app.ui.live.overlay import (
    OverlayStyle,
    expression_place,
    expression_rows,
    label_text,
    paint_overlay,
)
from app.ui.shell import theme
from extractor.types import KEYPOINT_NAMES, Angles

NOTHING = OverlayStyle(False, False, False, False, False, False, KEYPOINT_NAMES)
AXES = OverlayStyle(True, False, False, False, False, False, KEYPOINT_NAMES)
KEYPOINTS = OverlayStyle(False, True, False, False, False, False, KEYPOINT_NAMES)
SIZE = (640, 480)
AXIS_COLOURS = [QColor(*colour) for _, colour in face_marks.AXES]
POINT = QColor(*face_marks.POINT)


def paint(result, style, mirrored=False, size=SIZE, numbers=None) -> np.ndarray:
    """(H, W, 3) RGB of the overlay over black."""
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    height, width = result.frame.image.shape[:2]
    paint_overlay(painter, result, ViewTransform.fit(width, height, *size, mirrored), style, numbers)
    painter.end()
    data = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return data.reshape(size[1], size[0], 4)[..., 2::-1].copy()


def near(pixels, point, colour, radius=2) -> bool:
    """Whether a pixel close to ``point`` (x, y) has about this colour."""
    x, y = round(point[0]), round(point[1])
    patch = pixels[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1].astype(int)
    wanted = np.array(colour.getRgb()[:3])
    return bool((np.abs(patch - wanted).max(axis=-1) < 40).any())


def columns_of(pixels, colour) -> np.ndarray:
    """x of all pixels of about this colour."""
    return np.nonzero(np.abs(pixels.astype(int) - colour.getRgb()[:3]).max(axis=-1) < 40)[1]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angles", [Angles(15, 35, 10), Angles(-20, -40, -15), Angles(5, 70, 0)])
def test_each_axis_is_drawn_in_its_colour_from_the_nose_to_its_tip(face, result, angles, mirrored):
    measured = face(angles=angles)
    pixels = paint(result(measured), AXES, mirrored)
    view = ViewTransform.fit(*SIZE, *SIZE, mirrored)
    origin, *tips = view.points(pose_axes(measured, rotation_of(angles), KEYPOINT_NAMES)[0])
    assert tuple(origin) == pytest.approx((320, 240 + 0.08 * 1.075 * 160), abs=1e-3)
    for tip, colour in zip(tips, AXIS_COLOURS, strict=True):
        for share in (0.6, 0.8, 1.0):
            point = origin + (tip - origin) * share
            assert near(pixels, point, colour), (share, colour.name())


@pytest.mark.parametrize(("mirrored", "side"), [(False, -1), (True, +1)])
def test_positive_yaw_points_the_blue_axis_to_the_images_left(face, result, mirrored, side):
    pixels = paint(result(face(angles=Angles(0, 40, 0))), AXES, mirrored)
    blue = columns_of(pixels, AXIS_COLOURS[2])
    assert len(blue) > 50
    assert side * (blue.mean() - 320) > 15


def test_mirroring_moves_the_drawing_but_never_turns_letters_around(face, result):
    label = OverlayStyle(False, False, False, False, True, False)
    measured = result(face())
    # The label of a centred face stands in the middle, so the mirrored view must show the very same text.
    np.testing.assert_array_equal(paint(measured, label), paint(measured, label, mirrored=True))
    aside = result(face(centre=(200, 240)))
    plain, mirrored = paint(aside, label), paint(aside, label, mirrored=True)
    assert np.nonzero(plain.any(axis=(0, 2)))[0].mean() < 250
    assert np.nonzero(mirrored.any(axis=(0, 2)))[0].mean() > 390


def test_the_label_stands_at_the_face_that_is_shown_and_tells_the_numbers_of_another_frame(face, result):
    label = OverlayStyle(False, False, False, False, True, False)
    there = {"centre": (200, 240)}
    shown, numbers = result(face(angles=Angles(0, 30, 0), **there)), result(face(angles=Angles(0, 20, 0)))
    expected = paint(result(face(angles=Angles(0, 20, 0), **there)), label)
    np.testing.assert_array_equal(paint(shown, label, numbers=numbers), expected)
    assert (paint(shown, label) != expected).any()
    assert not paint(shown, label, numbers=result()).any()  # who came since has no numbers yet


@pytest.mark.parametrize("name", ["", "Somebody with a name"])
def test_a_label_that_is_wider_than_the_picture_is_written_smaller(face, result, name):
    style = replace(OverlayStyle(False, False, False, False, True, False), face_names=((1, name),) if name else ())
    size = (330, 240)
    measured = result(face(angles=Angles(-123.4, -123.4, -123.4), centre=(160, 120), side=60), size=size)
    columns = np.nonzero(paint(measured, style, size=size).any(axis=(0, 2)))[0]
    assert columns.min() >= 1
    assert columns.max() <= 328  # where it is cut it reaches the edge


def test_keypoints_are_dots_where_they_were_measured_joined_by_the_faces_lines(face, result):
    measured = face()
    pixels = paint(result(measured), KEYPOINTS)
    for point in measured.keypoints:
        assert near(pixels, point, POINT)
    left, right = (measured.keypoints[KEYPOINT_NAMES.index(f"brow_{part}_l")] for part in ("inner", "mid"))
    x, y = ((left + right) / 2).astype(int)
    assert pixels[y - 1 : y + 3, x].max() > 100


def test_points_without_names_are_dots_only(face, result):
    unnamed = OverlayStyle(False, True, False, False, False, False, None)
    measured = face(num_kp=21)
    assert face_lines(None).chains == ()
    dots, lines = paint(result(measured), unnamed), paint(result(face()), KEYPOINTS)
    assert all(near(dots, point, POINT) for point in measured.keypoints)
    assert (dots > 0).sum() < (lines > 0).sum() * 0.7


def test_without_a_nose_among_the_names_the_axes_start_at_the_heads_origin(face):
    assert tuple(pose_axes(face(centre=(100, 200)), np.eye(3), None)[0][0]) == (100, 200)


def test_lines_join_named_points_of_one_part_of_the_face():
    lines = face_lines(KEYPOINT_NAMES)
    parts = [{KEYPOINT_NAMES[i].partition("_")[0] for i in chain} for chain in lines.chains]
    assert {"brow"} in parts
    assert {"eye", "lid"} in parts
    assert {"mouth", "lip"} in parts
    assert [KEYPOINT_NAMES[i] for i in lines.jaw] == ["eye_outer_l", "chin", "eye_outer_r"]
    assert face_lines(KEYPOINT_NAMES[:3]).jaw is None


def test_untrained_heads_get_words_instead_of_numbers_axes_and_points(face, result):
    measured = face(pose_trained=False, angles=Angles(10, 20, 30))
    assert label_text(result(measured).shown[0]) == "pose heads untrained"
    assert not paint(result(measured), AXES).any()
    assert not paint(result(measured), KEYPOINTS).any()
    assert not paint(result(measured), OverlayStyle(False, False, False, True, False, False)).any()
    assert paint(result(measured), OverlayStyle(False, False, False, False, True, False)).any()


def test_the_label_names_the_angles_with_their_signs(face, result):
    (shown,) = result(face(angles=Angles(4.14, -12.36, -0.02))).shown
    assert label_text(shown) == "yaw −12.4°   pitch +4.1°   roll +0.0°"


def test_true_axes_are_white_dashes_where_the_truth_is_and_only_on_request(face, result):
    measured, truth = face(angles=Angles(0, 0, 0)), Angles(0, 50, 0)
    style = OverlayStyle(True, False, False, False, False, True, KEYPOINT_NAMES)
    with_truth = paint(result(measured, truth=truth), style)
    without = paint(result(measured, truth=truth), AXES)
    view = ViewTransform.fit(*SIZE, *SIZE, False)
    origin, *tips = view.points(pose_axes(measured, rotation_of(truth), KEYPOINT_NAMES)[0])
    along = [origin + (tips[2] - origin) * share for share in np.linspace(0.3, 1, 40)]

    def lit(pixels):
        return np.array([pixels[round(y) - 1 : round(y) + 2, round(x)].min(axis=-1).max() for x, y in along])

    assert 0.3 < np.mean(lit(with_truth) > 110) < 1  # dashed
    assert not (lit(without) > 110).any()


def test_expression_bars_are_as_long_as_the_magnitudes_are_large(face, result):
    style = OverlayStyle(False, False, False, True, False, False, KEYPOINT_NAMES)
    lengths = [len(columns_of(paint(result(face(exp_magnitude=m)), style), theme.EXPRESSION)) for m in (0, 0.02, 0.04)]
    assert lengths[0] < lengths[1] < lengths[2]
    assert [name for name, _ in expression_rows(face())] == ["face", "brows", "eyes", "mouth"]
    assert [name for name, _ in expression_rows(face(num_kp=21))] == ["face"]


def test_each_switch_draws_something_of_its_own_and_nothing_is_drawn_without(face, result):
    measured = result(face(angles=Angles(5, 20, 3)), truth=Angles(5, 25, 3))
    assert not paint(measured, NOTHING).any()
    for i in range(5):
        switches = [False] * 6
        switches[i] = True
        assert paint(measured, OverlayStyle(*switches, KEYPOINT_NAMES)).any(), i


def test_nothing_is_drawn_outside_the_picture(face, result):
    """A portrait frame in a wide view, with a face at its edge."""
    measured = result(face(centre=(10, 300), side=200, angles=Angles(0, 60, 0)), size=(360, 640))
    pixels = paint(measured, OverlayStyle(keypoint_names=KEYPOINT_NAMES))
    picture = ViewTransform.fit(360, 640, *SIZE, False).picture
    assert not pixels[:, : int(picture.left()) - 1].any()
    assert not pixels[:, int(picture.right()) + 2 :].any()


def test_every_face_is_drawn_the_primary_one_most_clearly(face, result):
    first, second = face(centre=(180, 240), side=120), face(centre=(460, 240), side=120, face_id=2)
    pixels = paint(result(first, second), KEYPOINTS).astype(int)
    left, right = pixels[:, :320], pixels[:, 320:]
    assert left.any()
    assert right.any()
    assert left.max() > right.max()


def test_numbers_that_are_not_finite_are_not_drawn(face, result):
    broken = face()
    broken.keypoints[3] = np.nan
    assert not paint(result(broken), KEYPOINTS).any()


def test_the_painter_comes_back_as_it_was(face, result):
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = painter.opacity(), painter.pen(), painter.hasClipping(), painter.renderHints()
    view = ViewTransform.fit(*SIZE, *SIZE, False)
    paint_overlay(painter, result(face(), face(centre=(100, 100))), view, OverlayStyle())
    assert (painter.opacity(), painter.pen(), painter.hasClipping(), painter.renderHints()) == before
    painter.end()


@pytest.mark.parametrize("size", [(240, 180), (300, 200), (360, 270), (640, 480)])
@pytest.mark.parametrize("share", [0.3, 0.45, 0.7])
def test_expression_bars_never_lie_over_the_face(face, result, size, share):
    """In a small picture they go to a corner, show the whole face alone, or stay away."""
    width, height = size
    centre = (width / 2, height / 2)
    shown = result(face(centre=centre, side=share * height), size=size)
    changed = paint(shown, replace(NOTHING, expression=True), size=size).any(axis=2)
    box = shown.primary.detection.box
    inside = changed[round(box.y) + 1 : round(box.y + box.h) - 1, round(box.x) + 1 : round(box.x + box.w) - 1]
    assert not inside.any()
    if share < 0.6:
        assert changed.any()


class Watched(QPainter):
    """Notes where boxes of text and axes' letters are drawn."""

    def __init__(self, image):
        super().__init__(image)
        self.boxes, self.letters = [], {}

    def drawRoundedRect(self, rect, *more):
        if rect.height() > 8:  # no bar
            self.boxes.append(QRectF(rect))
        super().drawRoundedRect(rect, *more)

    def drawText(self, rect, flags, text):
        if text in ("x", "y", "z"):
            ink = QFontMetricsF(self.font()).tightBoundingRect(text)
            ink.moveCenter(rect.center())
            self.letters[text] = ink
        super().drawText(rect, flags, text)


@pytest.mark.parametrize("size", [(200, 150), (240, 240), (320, 240), (640, 480), (1280, 720)])
@pytest.mark.parametrize("share", [0.4, 0.52, 0.6])
@pytest.mark.parametrize("roll", [-25, 0, 40])
@pytest.mark.parametrize("pitch", [-45, -20, 0, 15, 30, 50])
def test_letters_labels_and_bars_cover_none_of_each_other(face, result, size, share, roll, pitch):
    width, height = size
    shown = result(face((width / 2, height / 2), share * height, Angles(pitch, 10, roll)), size=size)
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = Watched(image)
    paint_overlay(painter, shown, ViewTransform.fit(*size, *size, False), OverlayStyle(keypoint_names=KEYPOINT_NAMES))
    painter.end()
    assert painter.boxes  # the label's at least
    assert painter.letters.keys() >= {"x", "y"}
    drawn = [*painter.boxes, *painter.letters.values()]
    assert not [(one, other) for i, one in enumerate(drawn) for other in drawn[:i] if one.intersects(other)]


def test_expression_bars_have_their_usual_place_where_there_is_room():
    box, picture = QRectF(300, 100, 100, 100), QRectF(0, 0, 1000, 500)
    assert expression_place(box, 80, 50, picture).bottomLeft() == box.bottomRight() + QPointF(10, 0)
    narrow = QRectF(0, 0, 450, 500)
    assert expression_place(box, 80, 50, narrow).bottomRight() == box.bottomLeft() - QPointF(10, 0)
    assert expression_place(QRectF(5, 5, 90, 90), 80, 50, QRectF(0, 0, 100, 100)) is None
    corner = QRectF(920, 0, 80, 50)
    low = QRectF(0, 0, 1000, 205)  # beside it and below it there is no room
    wide = QRectF(10, 100, 980, 100)
    assert expression_place(wide, 80, 50, low) is not None
    assert not expression_place(wide, 80, 50, low, [corner]).intersects(corner)
    assert expression_place(wide, 80, 50, low, [QRectF(0, 0, 1000, 60)]) is None  # better none than over a label
    tall = QRectF(0, 0, 240, 500)  # room below it alone
    letter = QRectF(115, 205, 8, 12)
    place = expression_place(QRectF(60, 100, 120, 100), 80, 50, tall, letters=[letter])
    assert place == QRectF(80, letter.bottom() + 2, 80, 50)
