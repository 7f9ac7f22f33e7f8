"""How many faces are measured, which comes first, and how several are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QRectF, QSettings, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QLabel, QSpinBox

from app.core.frames import Box
from app.core.limits import MOST_FACES
from app.ui.features.faces.colours import FACE_COLOURS, face_colour, ink_on
from app.ui.live.geometry import ViewTransform
from app.ui.live.overlay import OverlayStyle, _free_place, paint_overlay
from app.ui.shell import settings
from app.ui.widgets.fields import Value
from tests.ui.find import find

WAIT_MS = 20_000
CONTROL = Qt.KeyboardModifier.ControlModifier


class Asked:
    """A pipeline whose ``faces`` only remember what they were asked for."""

    def __init__(self):
        self.faces = self
        self.picks, self.limits, self.turns = [], [], 0

    def pick(self, x, y):
        self.picks.append((x, y))

    def pick_next(self):
        self.turns += 1

    def set_max_faces(self, count):
        self.limits.append(count)


@pytest.fixture
def asked(idle_window, monkeypatch):
    pipeline = Asked()
    monkeypatch.setattr(idle_window.controller, "pipeline", pipeline)
    yield pipeline
    monkeypatch.undo()


def test_the_limit_is_changed_by_key_box_and_remembered(idle_window, store, asked):
    spin = find(idle_window, "Faces measured at most", QSpinBox)
    assert spin.value() == 1
    assert not idle_window.commands["fewer_faces"].isEnabled()
    idle_window.commands["more_faces"].trigger()
    idle_window.commands["more_faces"].trigger()
    assert (spin.value(), store.get(settings.FACES), asked.limits[-1]) == (3, 3, 3)
    spin.setValue(MOST_FACES)
    assert store.get(settings.FACES) == asked.limits[-1] == MOST_FACES
    assert not idle_window.commands["more_faces"].isEnabled()
    idle_window.commands["fewer_faces"].trigger()
    assert asked.limits[-1] == MOST_FACES - 1
    store.set(settings.FACES, 1)
    assert (spin.value(), asked.limits[-1]) == (1, 1)


def test_digits_are_the_markers_not_the_limit(idle_window, qtbot, asked):
    spin = find(idle_window, "Faces measured at most", QSpinBox)
    spin.setFocus()
    qtbot.keyClick(spin, Qt.Key.Key_5)
    assert spin.value() == 1
    assert asked.limits == []


def test_the_command_line_counts_for_one_run(make_window, store):
    store.set(settings.FACES, 2)
    window = make_window(faces=4)
    assert window.faces.limit == find(window, "Faces measured at most", QSpinBox).value() == 4
    assert store.remembered(settings.FACES) == 2


@pytest.mark.parametrize("remembered", [-3, 0, 99])
def test_a_limit_that_makes_no_sense_is_mended(make_window, store, remembered):
    QSettings(store.path, QSettings.Format.IniFormat).setValue(settings.FACES.key, remembered)
    assert 1 <= make_window().faces.limit <= MOST_FACES


def test_a_click_says_where_in_the_frame_also_when_mirrored(idle_window, qtbot, asked, face, result):
    several = result(face(centre=(160, 240), face_id=0), face(centre=(480, 240), face_id=3))
    view = idle_window.view
    view.show_result(several)
    for mirrored in (False, True):
        view.set_mirrored(mirrored)
        point = view.transform().point(480, 240)
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(point.x()), round(point.y())))
        assert asked.picks[-1] == pytest.approx((480, 240), abs=2)
    count = len(asked.picks)
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(round(point.x()), round(point.y())))
    assert len(asked.picks) == count


def test_the_full_stop_goes_to_the_next_face_if_there_is_one(idle_window, qtbot, asked, face, result):
    idle_window.view.show_result(result(face()))
    qtbot.keyClick(idle_window, Qt.Key.Key_Period)
    assert asked.turns == 0
    idle_window.view.show_result(result(face(), face(centre=(500, 240), face_id=2)))
    qtbot.keyClick(idle_window, Qt.Key.Key_Period)
    assert asked.turns == 1


def test_the_panel_names_the_primary_face_where_there_are_several(idle_window, face, result):
    panel = idle_window.docks.view("numbers").pose

    def numbers() -> tuple[str, ...]:
        return tuple(find(panel, name, Value).whole_text for name in ("Number", "In the picture"))

    panel.show_result(result(face(face_id=4)))
    assert find(panel, "Heading of Head pose", QLabel).text() == "Head pose"
    panel.show_result(result(face(face_id=4), face(face_id=2)))
    assert find(panel, "Heading of Head pose", QLabel).text() == "Head pose of face 4"
    assert numbers() == (
        "4",
        "2 faces",
    )
    panel.show_result(replace(result(face(face_id=4)), further=(Box(0, 0, 50, 50),)))
    assert numbers() == (
        "4",
        "2 faces, 1 not measured",
    )


def painted(result, style=None):
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(QColor(40, 40, 40))
    painter = QPainter(image)
    paint_overlay(painter, result, ViewTransform.fit(640, 480, 640, 480, False), style or OverlayStyle())
    painter.end()
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8).reshape(480, 640, 4)
    return pixels[..., 2::-1].astype(int)


def pixels_of(picture, colour):
    return int((np.abs(picture - [colour.red(), colour.green(), colour.blue()]).max(-1) < 6).sum())


def test_several_faces_wear_their_colours_one_alone_does_not(qapp, face, result):
    one, two = face(centre=(160, 240), face_id=0), face(centre=(480, 240), face_id=1)
    both, alone = painted(result(one, two)), painted(result(one))
    assert pixels_of(both, face_colour(0)) > 100
    assert pixels_of(both, face_colour(1)) > 100  # the chip of its number, at least
    assert pixels_of(alone, face_colour(0)) == 0


def test_a_face_that_is_not_measured_is_hinted_at(qapp, face, result):
    alone = result(face(centre=(160, 240)))
    style = OverlayStyle(axes=False, keypoints=False, expression=False, label=False)
    changed = np.abs(painted(replace(alone, further=(Box(400, 200, 100, 100),)), style) - painted(alone, style)).max(-1)
    ys, xs = np.nonzero(changed[:, 320:])
    assert 70 < xs.min() < xs.max() < 190
    assert 190 < ys.min() < ys.max() < 310


def test_labels_do_not_cover_each_other():
    picture = QRectF(0, 0, 640, 480)
    box = QRectF(200, 200, 100, 100)
    first = _free_place(box, 160, 20, picture, [])
    second = _free_place(box.translated(60, 0), 160, 20, picture, [first])
    assert not first.intersects(second)
    assert picture.contains(first)
    assert picture.contains(second)


def test_neighbouring_numbers_differ_and_can_be_read():
    assert len({colour.name() for colour in FACE_COLOURS}) == len(FACE_COLOURS) == MOST_FACES
    for colour in FACE_COLOURS:
        assert ink_on(colour).name() in ("#000000", "#ffffff")
    assert face_colour(MOST_FACES + 1) == face_colour(1)


def test_a_point_of_the_view_and_back():
    for mirrored in (False, True):
        view = ViewTransform.fit(640, 480, 1000, 500, mirrored)
        point = view.point(123, 45)
        assert view.frame_point(point.x(), point.y()) == pytest.approx((123, 45))
        assert view.frame_point(1, 1) is None
        assert view.frame_point(QPointF(999, 1).x(), 1) is None
