"""The page of the first start: which camera, what happens to the pictures, where straight ahead is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QShowEvent
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.launch_options import LaunchOptions
from app.ui.shell import settings
from app.ui.shell.controller import Controller
from app.ui.shell.settings import Settings
from app.ui.widgets.fields import dim_label
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
LOOKING = "Looking for cameras…"
DEMO = "demo"


def is_wanted(options: LaunchOptions, store: Settings) -> bool:
    """Once, and not where the command line says what shall happen: a script must not meet a page."""
    asked = (options.record, options.duration_s, options.screenshot, options.weights)
    plain = options.source == "auto" and not options.outputs and all(value is None for value in asked)
    return plain and not store.get(settings.WELCOMED)


class FirstRunPage(QDialog):
    """Beside the window, which goes on; everything on it can be done elsewhere too."""

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
        self.camera = Picker("Camera", 28)
        self.camera.chosen.connect(controller.open_source)
        self.again = QPushButton("Look again")
        self.again.setToolTip("Look for cameras again (F5)")
        self.again.clicked.connect(self._list_cameras)
        self.preview = QPushButton("Preview and format…")
        self.preview.setToolTip("See each camera's picture and the formats that it grants (Ctrl+5)")
        self.preview.clicked.connect(lambda _: choose_camera())
        self.camera_note = dim_label(LOOKING)
        self.camera_note.setWordWrap(True)
        self.recentre = QPushButton("This is straight ahead")
        self.recentre.setToolTip("Recentre: look straight ahead and press (C)")
        self.recentre.clicked.connect(lambda: signals.recentre())
        for press in (self.again, self.preview, self.recentre):
            press.setAutoDefault(False)
        row, straight = QHBoxLayout(), QHBoxLayout()
        row.addWidget(self.camera, 1)
        row.addWidget(self.again)
        row.addWidget(self.preview)
        straight.addWidget(self.recentre)
        straight.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(8)
        layout.addWidget(_heading("Camera"))
        layout.addLayout(row)
        layout.addWidget(self.camera_note)
        layout.addSpacing(8)
        layout.addWidget(_heading("Privacy"))
        layout.addWidget(_text(PRIVACY))
        layout.addSpacing(8)
        layout.addWidget(_heading("Straight ahead"))
        layout.addWidget(
            _text("Angles count from the camera's direction. Sit as you will, look straight ahead, then press:")
        )
        layout.addLayout(straight)
        layout.addSpacing(8)
        buttons = QDialogButtonBox()
        buttons.rejected.connect(self.close)
        begin = QPushButton("Begin")
        begin.setDefault(True)
        buttons.addButton(begin, QDialogButtonBox.ButtonRole.RejectRole)
        layout.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)
        controller.sources_listed.connect(self._listed)
        controller.source_changed.connect(self._show_current)

    def showEvent(self, event: QShowEvent | None) -> None:
        self._list_cameras()
        super().showEvent(event)
        self._fit()
        self._stand_aside()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Seen, so it does not come by itself again."""
        self._settings.set(settings.WELCOMED, True)
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape, as closing it by its button."""
        self._settings.set(settings.WELCOMED, True)
        super().reject()

    def _list_cameras(self) -> None:
        self._cameras = None
        self.camera_note.setText(LOOKING)
        self._controller.list_sources()

    def _listed(self, choices: Sequence[Any]) -> None:
        """``choices`` have a spec and a label; the demo is one of them."""
        entries = [Entry(choice.label, choice.spec) for choice in choices]
        cameras = sum(choice.spec != DEMO for choice in choices)
        self.camera.show_entries(entries, "")
        self._cameras = cameras
        self._show_current(self._controller.source)

    def _fit(self) -> None:
        """As high as its text needs: a dialog doesn't follow lines that break on its own."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _stand_aside(self) -> None:
        """In the window's lower right corner: a dialog's own place, the middle, hides the face that it speaks of."""
        window = self.parentWidget()
        screen = self.screen()
        if window is None or screen is None:
            return
        room = screen.availableGeometry()
        corner = window.mapToGlobal(window.rect().bottomRight()) - self.rect().bottomRight()
        x = min(max(corner.x(), room.left()), room.right() - self.width())
        y = min(max(corner.y(), room.top()), room.bottom() - self.height())
        self.move(x, y)

    def _show_current(self, spec: str) -> None:
        """``auto`` is the first camera, or the demo."""
        keys = [entry.key for entry in self.camera.entries if entry is not None]
        self.camera.show_current(keys[0] if spec == "auto" and keys else spec)
        if self._cameras is not None:
            without = NO_CAMERA_DEMO if spec in ("auto", DEMO) else NO_CAMERA
            self.camera_note.setText("" if self._cameras else without)
            self.camera_note.setVisible(not self._cameras)
            self._fit()


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("heading", True)
    return label


def _text(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
