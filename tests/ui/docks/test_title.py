"""The bar on top of a panel: its buttons, and whose face the panel is about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDockWidget

from app.signals.history import History
from app.ui.docks.catalogue import DOCKS
from app.ui.docks.title import titles
from app.ui.features.faces.colours import face_colour
from app.ui.shell import theme
from app.ui.shell.theme import Scheme

OF_FACE = {spec.name for spec in DOCKS if spec.of_face}


def title(window, name: str):
    return window.findChild(QDockWidget, name).titleBarWidget()


def test_with_several_faces_each_panel_about_one_says_which(idle_window, result, face):
    assert {"numbers", "plots", "bins", "shape", "crop", "heat", "table"} <= OF_FACE
    first, second = face(face_id=4), face((100, 100), 60, face_id=2)
    idle_window.docks.refresh(result(first, second), None, History())
    for name in (spec.name for spec in DOCKS):
        chip = title(idle_window, name).chip
        assert chip.face_id == (4 if name in OF_FACE else None), name
        assert chip.isHidden() == (name not in OF_FACE), name
        assert chip.accessibleName() == ("face 4" if name in OF_FACE else "")
    idle_window.docks.refresh(result(second, first), None, History())
    assert title(idle_window, "bins").chip.face_id == 2
    idle_window.docks.refresh(result(first), None, History())
    assert title(idle_window, "bins").chip.isHidden()


def test_faces_that_are_seen_but_not_measured_count_too(idle_window, result, face):
    one = result(face(face_id=5))
    idle_window.docks.refresh(replace(one, further=(one.faces[0].detection.box,)), None, History())
    assert title(idle_window, "plots").chip.face_id == 5


def test_the_number_stays_while_the_primary_face_is_hidden_for_a_moment(idle_window, result, face):
    idle_window.docks.refresh(result(face(face_id=1), face(face_id=2)), None, History())
    idle_window.docks.refresh(replace(result(face(face_id=2), face(face_id=3)), lacks_primary=True), None, History())
    assert title(idle_window, "crop").chip.face_id == 1


def test_it_wears_the_colour_of_the_face_in_the_picture(idle_window, result, face, qtbot):
    idle_window.docks.refresh(result(face(face_id=1), face(face_id=2)), None, History())
    chip = title(idle_window, "numbers").chip
    qtbot.wait(1)
    image = chip.grab().toImage()
    assert image.pixelColor(4, image.height() // 2).rgb() == face_colour(1).rgb()


@pytest.mark.parametrize("name", ["numbers", "bins"])
def test_its_buttons_float_dock_and_close(idle_window, qtbot, name):
    idle_window.docks.start()
    if not idle_window.commands[name].isChecked():
        idle_window.commands[name].trigger()
    dock = idle_window.findChild(QDockWidget, name)
    bar = dock.titleBarWidget()
    assert bar.float_button.accessibleName() == f"Float {dock.windowTitle()}"
    qtbot.mouseClick(bar.float_button, Qt.MouseButton.LeftButton)
    assert dock.isFloating()
    assert bar.float_button.accessibleName() == f"Dock {dock.windowTitle()}"
    qtbot.mouseClick(bar.float_button, Qt.MouseButton.LeftButton)
    assert not dock.isFloating()
    qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
    assert not idle_window.commands[name].isChecked()


def test_its_icons_and_words_follow_the_theme(idle_window, qapp):
    bar = title(idle_window, "numbers")

    def brightest() -> float:
        image = bar.grab().toImage()
        points = ((x, y) for x in range(image.width()) for y in range(image.height()))
        return max(image.pixelColor(x, y).lightnessF() for x, y in points)

    assert brightest() < 0.9
    try:
        theme.apply(qapp, Scheme.LIGHT)
        assert brightest() > 0.9
    finally:
        theme.apply(qapp)


def test_every_panel_has_one(idle_window):
    assert len(list(titles(idle_window))) == len(DOCKS)
    assert all(dock.titleBarWidget() for dock in idle_window.findChildren(QDockWidget))
