"""What is calibrated, and the derived signals of the primary face; those that the weights can't carry are marked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton

from app.core.derived import DERIVED, DerivedSignal, DerivedSignals
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.signals.calibration import CalibrationState, Waiting
from app.signals.trust import without_figures
from app.ui.features.signals.signals import waiting_text
from app.ui.shell import settings
from app.ui.shell.setting_editor import SettingEditor
from app.ui.shell.settings import Settings
from app.ui.widgets.building import lay_out, named, paragraph, push_button
from app.ui.widgets.fields import Note, Section, Value
from app.ui.widgets.formatting import NOTHING, face_size, field_of_view, pose, tilt, unsigned

UNITS = {"inter-ocular": "", "deg": "°", "deg/s": "°/s", "per minute": " per min", "": ""}
RATIOS = {"eye_closure_l", "eye_closure_r"}
YES_NO = {"blink", "nod", "shake"}


class CalibrationSection(Section):
    """The camera's tilt, straight ahead, the face at rest, and the wait for a head that holds still or moves."""

    def __init__(self, commands: Mapping[str, QAction]) -> None:
        super().__init__("Calibration")
        self.tilt = self.add_row(
            "Camera tilt", "What is taken off the angles: they are then as a level camera would measure them"
        )
        self.view = self.add_row("Field of view", "What the camera sees from edge to edge: the position depends on it")
        self.face = self.add_row("Face size", "How large faces are taken to be: the position depends on it, too")
        self.reference = self.add_row("Straight ahead", "What the angles are relative to; C takes the present pose")
        self.neutral = self.add_row("Face at rest", "The neutral expression that is taken off the one measured")
        self.hint = paragraph()
        self.progress = named(QProgressBar(), "How far the calibration is")
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(max(6, self.fontMetrics().height() // 2))
        self.buttons: dict[str, QPushButton] = {}
        for names in (
            ("measure_tilt", "camera_tilt"),
            ("field_of_view",),
            ("recentre", "recentre_still", "undo_recentre"),
            ("neutral", "forget_neutral"),
        ):
            for name in names:
                action = commands[name]
                text = action.text().replace("&", "")
                self.buttons[name] = push_button(_SHORT[name], action.toolTip(), action.trigger, text)
            row = lay_out(QHBoxLayout(), *(self.buttons[name] for name in names))
            self.rows.addLayout(row, self.rows.rowCount(), 0, 1, 2)
        for widget in (self.hint, self.progress):
            self.rows.addWidget(widget, self.rows.rowCount(), 0, 1, 2)
        self.show_state(CalibrationState())
        self.show_sizes(ASSUMED, None)

    def show_sizes(self, view: FieldOfView, size: FaceSize | None) -> None:
        self.view.show_text(*2 * (field_of_view(view),))
        self.face.show_text(*2 * (face_size(size),))

    def show_state(self, state: CalibrationState) -> None:
        self.tilt.show_text(*(2 * (tilt(state.tilt).replace("\u00a0", " ") if state.tilt else "level",)))
        reference = state.reference
        text = pose(reference).replace("\u00a0", " ") if reference is not None else "as the camera sees it"
        self.reference.show_text(text, text)
        self.neutral.show_text("known" if state.neutral else "not known")
        waiting = state.waiting is not None
        self.progress.setVisible(waiting)
        self.hint.setVisible(waiting)
        if waiting:
            self.progress.setValue(round(100 * state.progress))
            self.hint.setText(waiting_text(state))
        for waited, name in (
            (Waiting.RECENTRE, "recentre_still"),
            (Waiting.NEUTRAL, "neutral"),
            (Waiting.TILT, "measure_tilt"),
        ):
            self.buttons[name].setText("Cancel" if state.waiting is waited else _SHORT[name])
        self.buttons["undo_recentre"].setEnabled(reference is not None)
        self.buttons["forget_neutral"].setEnabled(state.neutral)


_SHORT = {
    "measure_tilt": "Measure tilt",
    "camera_tilt": "Type it…",
    "field_of_view": "View and face…",
    "recentre": "Recentre",
    "recentre_still": "When still",
    "undo_recentre": "Undo",
    "neutral": "Take neutral face",
    "forget_neutral": "Forget it",
}


class DerivedSection(Section):
    """One row a signal."""

    def __init__(self, store: Settings) -> None:
        super().__init__("Derived signals")
        self._untrusted: Mapping[str, str] = {}
        self.values: dict[str, Value] = {}
        self._labels: dict[str, QLabel] = {}
        for signal in DERIVED:
            self.values[signal.name] = value = Value(signal.label)
            self._labels[signal.name] = self.add_field(signal.label, value, f"{signal.tip}.")
        tip = (
            "Half angle of the cone around straight ahead. Attention is left 2° beyond it, so that it doesn't flicker."
        )
        name = "Attention cone: half angle in degrees"
        self.cone = SettingEditor(settings.ATTENTION_CONE, store, name, tip).widget
        self.add_field("Cone, half angle", self.cone, side=Qt.AlignmentFlag.AlignLeft)
        self.remark = Note()
        self.rows.addWidget(self.remark, self.rows.rowCount(), 0, 1, 2)

    def show_untrusted(self, untrusted: Mapping[str, str]) -> None:
        """Why signals, by their names, can't be trusted with these weights."""
        if untrusted == self._untrusted:
            return
        self._untrusted = dict(untrusted)
        for signal in DERIVED:
            reason = untrusted.get(signal.name)
            self._labels[signal.name].setText(f"{signal.label} (?)" if reason else signal.label)
            tip = f"{signal.tip}. Can't be trusted: {reason}." if reason else f"{signal.tip}."
            self._labels[signal.name].setToolTip(tip)
        reasons = sorted(set(untrusted.values()))
        plain = dict.fromkeys(without_figures(reason) for reason in reasons)
        self.remark.show_text(f"(?) can't be trusted: {'; '.join(plain)}." if reasons else "", "warning")
        self.remark.setToolTip(f"{'; '.join(reasons)}.")

    def show_signals(self, signals: DerivedSignals | None) -> None:
        for signal in DERIVED:
            value = signal.of(signals) if signals is not None else math.nan
            self.values[signal.name].show_text(signal_text(signal, value))


def signal_text(signal: DerivedSignal, value: float) -> str:
    """A number as a person reads it."""
    if not math.isfinite(value):
        return NOTHING
    if signal.name == "attention":
        return "inside" if value else "outside"
    if signal.name in YES_NO:
        return "yes" if value else "no"
    if signal.name in RATIOS:
        return f"{100 * value:.0f} %".replace("-", "−")
    decimals = min(signal.decimals, 3 if signal.unit == "inter-ocular" else 1)
    return unsigned(value, decimals, UNITS[signal.unit]).replace("-", "−")
