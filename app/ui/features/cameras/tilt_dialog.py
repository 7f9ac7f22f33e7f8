"""The dialog: how the camera stands, typed in or measured by a shake of the head and a nod."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PyQt6.QtGui import QAction, QShowEvent
from PyQt6.QtWidgets import QDialog, QDoubleSpinBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.tilt import MEASURED, STEEPEST_DEG, CameraTilt
from app.ui.features.cameras.facts import TiltControls
from app.ui.shell.dialogs import close_button
from app.ui.widgets.building import delayed, lay_out, number_box, paragraph, push_button, stand_aside
from app.ui.widgets.fields import Note
from app.ui.widgets.formatting import degrees

SETTLED_MS = 500  # after the last change of a number it holds
WHY = (
    "A camera that is not level, such as one on a desk below your face, shows a turn of your head partly as roll. "
    "Say how it stands, or let it be found out: shake your head, then nod, for two and a half seconds each. "
    "Afterwards look straight ahead and press C."
)


class TiltDialog(QDialog):
    """What is typed holds at once; the fields follow what is measured."""

    def __init__(self, parent: QWidget, controls: TiltControls, commands: Mapping[str, QAction]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Camera tilt")
        self._controls = controls
        self._start = commands["measure_tilt"].trigger
        self.pitch, self.roll = tilt_boxes()
        form = QFormLayout()
        form.addRow("Looks &down by", self.pitch)
        form.addRow("Turned clock&wise by", self.roll)
        self.state = Note("How the tilt is known")
        measure = push_button("&Measure: shake, then nod", commands["measure_tilt"].toolTip(), self._measure)
        tip = "No tilt: the angles are those that the camera sees"
        level = push_button("It is &level", tip, lambda: controls.use(None))
        parts = (paragraph(WHY), form, self.state, lay_out(QHBoxLayout(), measure, level, None), close_button(self))
        lay_out(QVBoxLayout(self), *parts, spacing=10, margins=(20, 18, 20, 14))
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 62)
        self._settle = delayed(self, SETTLED_MS, self._use)
        for box in (self.pitch, self.roll):
            box.valueChanged.connect(lambda _: self._settle.start())
        controls.changed.connect(self.show_tilt)
        self.show_tilt(controls.value)

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        stand_aside(self)  # what is typed is judged by the angles at the face

    def show_tilt(self, tilt: CameraTilt | None) -> None:
        self._settle.stop()
        for box, value in ((self.pitch, tilt.pitch_deg if tilt else 0.0), (self.roll, tilt.roll_deg if tilt else 0.0)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        if tilt is None:
            text = "The camera counts as level."
        elif tilt.found == MEASURED and tilt.std_deg is not None:
            text = f"Measured by shake and nod, ± {tilt.std_deg:.1f}°."
            if tilt.bend_deg:
                added = tilt.bend_deg * (1 - math.cos(math.radians(30)))
                text += f" A turn by 30° no longer adds {degrees(added)} to this person's pitch."
        else:
            text = "Typed in."
        self.state.show_text(text)

    def done(self, result: int) -> None:
        """What has just been typed holds, too."""
        if self._settle.isActive():
            self._use()
        super().done(result)

    def _measure(self) -> None:
        """The words that say what to do stand in the picture, which the dialog hides."""
        self.close()
        self._start()

    def _use(self) -> None:
        self._settle.stop()
        self._controls.use(tilt_of(self.pitch, self.roll))


def tilt_boxes() -> tuple[QDoubleSpinBox, QDoubleSpinBox]:
    """For pitch and roll of a camera."""
    pitch = number_box("Camera looks down by, in degrees", -STEEPEST_DEG, STEEPEST_DEG, "°")
    pitch.setToolTip("Below zero it looks up")
    roll = number_box("Camera is turned clockwise by, in degrees", -180.0, 180.0, "°")
    roll.setToolTip("As seen from behind the camera; below zero anticlockwise")
    return pitch, roll


def tilt_of(pitch: QDoubleSpinBox, roll: QDoubleSpinBox) -> CameraTilt | None:
    """What is typed there; None: level."""
    return CameraTilt(pitch.value(), roll.value()) if pitch.value() or roll.value() else None
