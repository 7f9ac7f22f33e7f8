"""The page of the first start: which camera, what happens to the pictures, where straight ahead is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.capture.source import DEMO
from app.core.launch_options import LaunchOptions
from app.ui.shell import settings
from app.ui.shell.controller import Controller
from app.ui.shell.messages import LOOKING
from app.ui.shell.settings import Settings
from app.ui.widgets.building import heading, lay_out, paragraph, push_button, stand_aside
from app.ui.widgets.pickers import Entry, Picker

if TYPE_CHECKING:
    from app.ui.features.signals.signals import SignalControls

PRIVACY = (
    "Pictures and numbers stay on this computer. "
    "Nothing is recorded before you press Record (R), and no other program gets anything before you switch it on "
    "(Shift+F8). "
    "Nobody is recognised: faces are told apart only while they are in view, and nothing of that is kept."
)
NO_CAMERA = "No camera was found. Plug one in and look again."
NO_CAMERA_DEMO = "No camera was found, so the built-in demo plays. Plug one in and look again."
WIDTH = 52  # characters; with more it lies over the face in a small window


def is_wanted(options: LaunchOptions, store: Settings) -> bool:
    """Once, and not where the command line says what shall happen: a script must not meet a page."""
    asked = (options.record, options.duration_s, options.screenshot, options.weights)
    plain = options.source == "auto" and not options.outputs and all(value is None for value in asked)
    return plain and not store.get(settings.WELCOMED)


class FirstRunPage(QDialog):
    """It stands beside the window, which goes on; everything on it can be done elsewhere, too."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        signals: SignalControls,
        store: Settings,
        choose_camera: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = store
        self._cameras: int | None = None  # None: not looked for yet
        self.setWindowTitle("Welcome to Motionscope")
        self.camera = Picker("Camera", 12)
        self.camera.chosen.connect(controller.choose_source)
        self.again = push_button("Look again", "Look for cameras again (F5)", self._list_cameras)
        tip = "See each camera's picture and the formats that it grants (Ctrl+5)"
        self.preview = push_button("Preview and format…", tip, choose_camera)
        self.camera_note = paragraph(LOOKING, dim=True)
        tip = "Recentre: look straight ahead and press (C)"
        self.recentre = push_button("This is straight ahead", tip, lambda: signals.recentre())
        buttons = QDialogButtonBox()
        buttons.rejected.connect(self.close)
        begin = QPushButton("Begin")
        begin.setDefault(True)
        buttons.addButton(begin, QDialogButtonBox.ButtonRole.RejectRole)
        lay_out(
            QVBoxLayout(self),
            heading("Camera"),
            self.camera,
            lay_out(QHBoxLayout(), self.again, self.preview, None),
            self.camera_note,
            8,
            heading("Privacy"),
            _text(PRIVACY),
            8,
            heading("Straight ahead"),
            _text("Angles count from the camera's direction. Sit as you will, look straight ahead, then press:"),
            lay_out(QHBoxLayout(), self.recentre, None),
            8,
            buttons,
            spacing=8,
            margins=(22, 20, 22, 16),
        )
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * WIDTH)
        controller.sources_listed.connect(self._listed)
        controller.source_changed.connect(self._show_current)

    def showEvent(self, event: QShowEvent | None) -> None:
        self._list_cameras()
        super().showEvent(event)
        stand_aside(self)

    def reject(self) -> None:
        """Seen, so it does not come by itself again; closing it in any way leads here."""
        self._settings.set(settings.WELCOMED, True)
        super().reject()

    def _list_cameras(self) -> None:
        self._cameras = None
        self.camera_note.setText(LOOKING)
        self._controller.list_sources()

    def _listed(self, choices: Sequence[Any]) -> None:
        """``choices`` have a spec and a label; the demo is one of them."""
        self.camera.show_entries([Entry(choice.label, choice.spec) for choice in choices], "")
        self._cameras = sum(choice.spec != DEMO for choice in choices)
        self._show_current(self._controller.source)

    def _show_current(self, spec: str) -> None:
        """``auto`` is the first camera, or the demo."""
        keys = [entry.key for entry in self.camera.entries if entry is not None]
        self.camera.show_current(keys[0] if spec == "auto" and keys else spec)
        if self._cameras is not None:
            without = NO_CAMERA_DEMO if spec in ("auto", DEMO) else NO_CAMERA
            self.camera_note.setText("" if self._cameras else without)
            self.camera_note.setVisible(not self._cameras)
            stand_aside(self)


def _text(text: str) -> QLabel:
    label = paragraph(text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
