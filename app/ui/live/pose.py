"""The primary face in numbers: angles with their uncertainty, errors where the truth is known, expression."""

from __future__ import annotations

import math

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import QLabel, QSpinBox, QVBoxLayout, QWidget

from app.core.frames import FaceResult, FrameResult, ShownFace
from app.core.position import ASSUMED, NOWHERE
from app.core.rotation import geodesic_deg, rotation_of
from app.ui.live.overlay import are_several, expression_rows
from app.ui.shell import settings, theme
from app.ui.shell.setting_editor import SettingEditor
from app.ui.shell.settings import Settings
from app.ui.widgets.building import lay_out, paragraph, there
from app.ui.widgets.fields import Bar, Note, Section, Value, dim_label, fixed_value, value_row
from app.ui.widgets.formatting import (
    ANGLES,
    EXPRESSION_FULL_SCALE,
    NOTHING,
    centimetres,
    degrees,
    pose,
    spread,
    tilt,
    unsigned,
)

MEANINGS = {
    "yaw": "Positive: the nose turns to the image's left",
    "pitch": "Positive: looks down",
    "roll": "Positive: clockwise in the image",
}
QUALITY_TIP = (
    "The probability that this pose is less than 10 degrees from the true one, by uncertainty, detection score, "
    "size and sharpness of the face"
)
QUALITY_UNKNOWN = "Not known with these weights: nobody has measured it"
POSITION_TIP = (
    "Where the head is before the camera, ± one standard deviation: the camera is taken to see "
    f"{ASSUMED.degrees:g}°, and the face to be as large as an adult's on average, until you tell more (Shift+V)"
)
PARTS = ("face", "brows", "eyes", "mouth")


class PosePanel(QWidget):
    """``show_result`` takes a few microseconds while nothing changes."""

    def __init__(self, store: Settings) -> None:
        super().__init__()
        self._store = store
        self._angles: dict[str, Value] = {}
        self._spreads: dict[str, Value] = {}
        self._truths: dict[str, Value] = {}
        self._errors: dict[str, Value] = {}
        self._bars: dict[str, Bar] = {}
        self._magnitudes: dict[str, Value] = {}
        self._truth_headings: list[QLabel] = []
        sections = (self._pose_section(), self._position_section(), self._expression_section(), self._face_section())
        lay_out(QVBoxLayout(self), *sections, spacing=9, margins=(0, 0, 0, 0))
        self._show_truth(False)
        self.show_result(None)

    def show_result(self, result: FrameResult | None) -> None:
        shown = result.shown_primary if result is not None else None
        face = shown.face if shown is not None else None
        self._show_angles(shown)
        self._show_recentring(result)
        position = NOWHERE if shown is None else shown.position
        self._distance.show_text(centimetres(position.distance_cm, position.z_std_cm), POSITION_TIP)
        for i, value in enumerate(self._places):
            value.show_text(centimetres(position[i], position[3 + i]), POSITION_TIP)
        self._show_errors(result)
        self._show_expression(face)
        several = result is not None and are_several(result)
        heading = f"Head pose of face {face.face_id}" if face is not None and several else "Head pose"
        if heading != self._heading.text():
            self._heading.setText(heading)
        self._number.show_text(str(face.face_id) if face else NOTHING)
        self._count.show_text(_count(result) if result and (result.faces or result.further) else NOTHING)
        self._score.show_text(_score(face) if face else NOTHING)
        self._show_quality(result, face)

    def _pose_section(self) -> Section:
        section = Section("Head pose")
        self._heading = section.heading
        rows = section.rows
        for column, name in ((3, "true"), (4, "error")):
            heading = dim_label(name, right=True)
            self._truth_headings.append(heading)
            rows.addWidget(heading, 0, column)
        for row, name in enumerate(ANGLES, 1):
            self._angles[name] = fixed_value(name, "−180.0°", 1.7, QFont.Weight.DemiBold)
            self._spreads[name] = fixed_value(f"{name} standard deviation", "± 88.8°")
            self._spreads[name].setToolTip("Standard deviation of the network's own distribution over the angle")
            self._truths[name] = fixed_value(f"true {name}", "−88.8°")
            self._errors[name] = fixed_value(f"{name} error", "−88.8°")
            values = (self._angles[name], self._spreads[name], self._truths[name], self._errors[name])
            value_row(rows, row, name, MEANINGS[name], values)
            self._spreads[name].setProperty("dim", True)
            self._truths[name].setProperty("dim", True)
        for widget in (self._truths["yaw"], self._errors["yaw"]):
            policy = widget.sizePolicy()  # the panel is as wide without truth as with it
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        self._geodesic_name = dim_label("Angle between measured and true pose")
        self._geodesic = fixed_value("angle between measured and true pose", "−88.8°", 1.0, QFont.Weight.DemiBold)
        rows.addWidget(self._geodesic_name, 4, 0, 1, 4)
        rows.addWidget(self._geodesic, 4, 4)
        rows.setColumnStretch(5, 1)
        self._recentred = Note("Recentring", dim=True)
        self._recentred.setToolTip(
            "What is taken off the angles: the camera's tilt, and how the head was held at the recentring. "
            "The drawn axes and the errors are as the camera sees them. Shift+L and Shift+C change it"
        )
        rows.addWidget(self._recentred, 6, 0, 1, 6)
        self._untrained = paragraph("Pose heads untrained: these weights measure no angles.", "Warning")
        self._untrained.setProperty("tone", "warning")
        self._untrained.hide()
        rows.addWidget(self._untrained, 5, 0, 1, 6)
        return section

    def _position_section(self) -> Section:
        section = Section("Position")
        self._distance = section.add_row("Distance", POSITION_TIP)
        self._places = [section.add_row(name, POSITION_TIP) for name in ("x, to the right", "y, down", "z, away")]
        return section

    def _expression_section(self) -> Section:
        section = Section("Expression")
        for row, name in enumerate(PARTS):
            label = dim_label("Whole face" if name == "face" else name.capitalize())
            label.setToolTip("Root mean square displacement of the keypoints, in units of the neutral face")
            self._bars[name] = Bar(f"{name} expression", "expression" if name == "face" else "expression part")
            self._magnitudes[name] = fixed_value(f"{name} expression magnitude", "0.000")
            section.rows.addWidget(label, row, 0)
            section.rows.addWidget(self._bars[name], row, 1)
            section.rows.addWidget(self._magnitudes[name], row, 2)
        section.rows.setColumnStretch(1, 1)
        return section

    def _face_section(self) -> Section:
        section = Section("Face")
        self._number = section.add_row(
            "Number", "This face's number, which it keeps while it is followed; whoever comes anew gets a new one"
        )
        self._count = section.add_row(
            "In the picture", "How many faces are seen, and how many of them are not measured"
        )
        self._score = section.add_row("Detection score")
        self._quality = section.add_row("Quality", QUALITY_TIP)
        tip = "How many faces are measured at most; each costs as much as the first (Ctrl++ and Ctrl+-)"
        limit = SettingEditor(settings.FACES, self._store, tip=tip).widget
        assert isinstance(limit, QSpinBox)
        limit.setPrefix("at most ")
        # Digits are the markers' keys: the box is changed with its arrows only, and a click does not leave it in focus.
        limit.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line = there(limit.lineEdit())
        line.setReadOnly(True)
        line.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        section.add_field("Measured", limit, side=Qt.AlignmentFlag.AlignLeft)
        return section

    def _show_angles(self, shown: ShownFace | None) -> None:
        face = shown.face if shown is not None else None
        trained = face is None or face.pose_trained
        if self._untrained.isHidden() == (not trained):
            self._untrained.setVisible(not trained)
        for name in ANGLES:
            if shown is None or face is None or not face.pose_trained:
                self._angles[name].show_text(NOTHING)
                self._spreads[name].show_text("", self._spreads[name].toolTip())
                continue
            self._angles[name].show_text(degrees(getattr(shown.angles, f"{name}_deg")))
            self._spreads[name].show_text(spread(getattr(face.std, f"{name}_deg")), self._spreads[name].toolTip())

    def _show_recentring(self, result: FrameResult | None) -> None:
        reference = result.shown_reference if result is not None else None
        parts = []
        if result is not None and result.tilt is not None:
            parts.append(f"camera tilt {tilt(result.tilt)} taken off")
        if reference is not None:
            parts.append(f"recentred, offset {pose(reference)}")
        self._recentred.show_text("; ".join(parts))

    def _show_errors(self, result: FrameResult | None) -> None:
        """Show the errors of what was measured, before filter and recentring."""
        truth = result.frame.truth if result is not None else None
        self._show_truth(truth is not None)
        if result is None or truth is None:
            return
        face = result.primary
        shown_truth = result.shown_truth
        measured = face.angles if face is not None and face.pose_trained else None
        for name in ANGLES:
            true = getattr(truth, f"{name}_deg")
            self._truths[name].show_text(degrees(getattr(shown_truth, f"{name}_deg")))
            error = getattr(measured, f"{name}_deg") - true if measured else math.nan
            self._errors[name].show_text(degrees(error))
        angle = geodesic_deg(face.rotation, rotation_of(truth)) if face is not None and measured else math.nan
        self._geodesic.show_text(unsigned(angle, 1, "°"))

    def _show_quality(self, result: FrameResult | None, face: FaceResult | None) -> None:
        low, text, tip = False, NOTHING, QUALITY_TIP
        if result is not None and face is not None:
            low = face.quality < result.quality_threshold
            text = unsigned(face.quality, 2) + (f", below {result.quality_threshold:.2f}" if low else "")
            tip = QUALITY_TIP if math.isfinite(result.quality_threshold) else QUALITY_UNKNOWN
        self._quality.show_text(text, tip)
        theme.set_tone(self._quality, "warning" if low else "")

    def _show_truth(self, shown: bool) -> None:
        if self._geodesic.isHidden() != shown:
            return
        for widget in (*self._truth_headings, *self._truths.values(), *self._errors.values()):
            widget.setVisible(shown)
        self._geodesic.setVisible(shown)
        self._geodesic_name.setVisible(shown)

    def _show_expression(self, face: FaceResult | None) -> None:
        known = dict(expression_rows(face)) if face is not None and face.pose_trained else {}
        for name in PARTS:
            value = known.get(name, math.nan)
            self._magnitudes[name].show_text(unsigned(value, 3))
            self._bars[name].show_share(value / EXPRESSION_FULL_SCALE if math.isfinite(value) else 0.0)


def _count(result: FrameResult) -> str:
    """How many there are; those seen but not measured, for there are more than wanted, are named."""
    further = len(result.further)
    count = len(result.faces) + further
    return ("1 face" if count == 1 else f"{count} faces") + (f", {further} not measured" if further else "")


def _score(face: FaceResult) -> str:
    """The detector's score; 0 stands for a face that the network alone still follows."""
    return unsigned(face.detection.score, 2) if face.detection.score > 0 else "lost, the network follows"
