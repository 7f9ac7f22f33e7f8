"""What Ctrl+C and Ctrl+Shift+C put into the clipboard."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication

from app.ui.live.overlay import OverlayStyle
from app.ui.shell.clipboard import picture
from app.ui.shell.messages import Severity
from extractor.types import Angles

CTRL = Qt.KeyboardModifier.ControlModifier


def test_the_picture_is_copied_at_its_own_size_with_its_overlay(idle_window, result, face, qtbot):
    idle_window.view.show_result(result(face(angles=Angles(5, 10, 0)), size=(640, 480)))
    qtbot.keyClick(idle_window, Qt.Key.Key_C, CTRL)
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (640, 480)
    assert image.pixelColor(2, 2).getRgb()[:3] == (40, 40, 40)
    drawn = {image.pixelColor(x, y).rgb() for x in range(200, 440, 3) for y in range(120, 360, 3)}
    assert len(drawn) > 20
    assert "640×480" in idle_window.status_line.message.text


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_mirrored_picture_is_copied_mirrored(result, idle_window, mirrored):
    shown = result(size=(101, 40))
    shown.frame.image[:, :10] = (10, 20, 250)  # blue, green, red
    nothing = OverlayStyle(False, False, False, False, False, False)
    image = picture(shown, nothing, mirrored, idle_window.font())
    assert image.pixelColor(95 if mirrored else 5, 20).getRgb()[:3] == (250, 20, 10)
    assert image.pixelColor(5 if mirrored else 95, 20).getRgb()[:3] == (40, 40, 40)


def test_all_numbers_are_copied_from_anywhere(idle_window, result, face, qtbot):
    idle_window.view.show_result(result(face(angles=Angles(5, -10, 0))))
    qtbot.keyClick(idle_window, Qt.Key.Key_C, CTRL | Qt.KeyboardModifier.ShiftModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    values = {line[0]: line[1:] for line in lines}
    assert values["yaw_deg"] == ["-10.00", "-10.00", "°"]
    assert np.isclose(float(values["box_w"][0]), 160)


@pytest.mark.parametrize("name", ["copy_picture", "copy_numbers"])
def test_with_nothing_there_the_clipboard_is_left_alone(idle_window, name):
    QGuiApplication.clipboard().setText("mine")
    idle_window.commands[name].trigger()
    assert QGuiApplication.clipboard().text() == "mine"
    assert idle_window.status_line.message.severity is Severity.INFO
    assert "nothing to copy" in idle_window.status_line.message.text
