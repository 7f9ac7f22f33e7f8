"""What the camera sees of whom: by its model, typed, measured with a sheet, and remembered for each camera."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QDoubleSpinBox, QLabel

from app.capture.source import SourceInfo
from app.core.position import ASSUMED, FaceSize, FieldOfView, Position
from app.core.tilt import MEASURED
from app.ui.features.cameras.remembered import FACE_SIZES, FIELDS_OF_VIEW
from app.ui.features.cameras.view_dialog import ViewDialog
from app.ui.live.pose import PosePanel
from app.ui.widgets.fields import Value
from tests.factories import make_face, make_result
from tests.ui.find import dialog as find_dialog
from tests.ui.find import find, press

DESK = SourceInfo("camera", "Desk cam", 640, 480, 30.0)


def test_every_way_to_tell_it_holds_at_once_and_is_remembered(window, status, store):
    window.field_of_view.show_status(status(source_info=DESK))
    told = lambda: window.controller.pipeline.status().field_of_view  # noqa: E731
    assert told() == ASSUMED
    window.commands["field_of_view"].trigger()
    dialog = find_dialog(window, "Field of view and face size")
    assert isinstance(dialog, ViewDialog)
    state = find(dialog, "How the field of view is known", QLabel)
    assert "assumed" in state.text()
    dialog.camera.setCurrentIndex(1)
    press(dialog, "Use model")
    assert told() == FieldOfView.of_data_sheet(78.0, 640, 480)
    dialog.degrees.setValue(75)
    dialog.between.setCurrentIndex(1)
    press(dialog, "Use angle")
    assert told() == FieldOfView(75.0, diagonal=True)
    dialog.distance.setValue(25.7)
    press(dialog, "Use measurement")
    assert told().found == MEASURED
    assert told().degrees == pytest.approx(60, abs=0.1)
    assert "measured" in state.text()
    assert FIELDS_OF_VIEW.known(store) == {"Desk cam": told()}
    window.field_of_view.show_status(status(source_info=SourceInfo("camera", "Other", 640, 480, 30.0)))
    assert told() == ASSUMED
    window.field_of_view.show_status(status(source_info=DESK))
    assert told().found == MEASURED
    press(dialog, "Not known")
    assert told() == ASSUMED
    assert FIELDS_OF_VIEW.known(store) == {}


def test_the_distance_of_the_pupils_is_typed_and_remembered(window, status, store):
    window.face_size.show_status(status(source_info=DESK))
    told = lambda: window.controller.pipeline.status().face_size  # noqa: E731
    window.commands["field_of_view"].trigger()
    dialog = find_dialog(window, "Field of view and face size")
    state = find(dialog, "How the size of the face is known", QLabel)
    assert state.text() == "pupils 63.2 mm apart, assumed"
    find(dialog, "Distance between the pupils in millimetres", QDoubleSpinBox).setValue(58.5)
    press(dialog, "Use size")
    assert told() == FaceSize(58.5)
    assert state.text() == "pupils 58.5 mm apart, typed"
    assert FACE_SIZES.known(store) == {"Desk cam": FaceSize(58.5)}
    film = SourceInfo("video", "film.mp4", 640, 480, 30.0)
    window.face_size.show_status(status(source_info=film))
    assert told() is None
    window.face_size.show_status(status(source_info=DESK))
    assert told() == FaceSize(58.5)
    press(dialog, "Average")
    assert told() is None
    assert FACE_SIZES.known(store) == {}


def test_the_panel_shows_where_the_head_is(qtbot, store):
    panel = PosePanel(store)
    qtbot.addWidget(panel)
    face = make_face(position=Position(3.0, -4.0, 60.0, 0.6, 0.7, 5.0))
    panel.show_result(make_result(0, face))
    assert find(panel, "Distance", Value).whole_text == "60.2 ± 5.0 cm"
    assert find(panel, "y, down", Value).whole_text == "−4.0 ± 0.7 cm"
    panel.show_result(make_result(1, make_face()))
    assert find(panel, "Distance", Value).whole_text == "–"
