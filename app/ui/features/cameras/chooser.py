"""The dialog: which camera, its live picture, its formats, and what it really grants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.capture.source import SourceState
from app.core.camera_format import CameraFormat, parse_camera_format
from app.core.clock import now_s
from app.core.errors import UserError
from app.core.frames import FrameResult
from app.ui.features.cameras.controls import CameraControls, short
from app.ui.features.cameras.formats_table import FormatsTable
from app.ui.live.live_view import LiveView
from app.ui.shell import settings
from app.ui.shell.controller import Controller, sentence
from app.ui.shell.dialogs import AskingDialog
from app.ui.shell.messages import LOOKING
from app.ui.shell.settings import Settings
from app.ui.widgets.background import lazily
from app.ui.widgets.building import delayed, heading, lay_out, named, push_button, there
from app.ui.widgets.fields import Note
from app.ui.widgets.pickers import Entry, Picker

if TYPE_CHECKING:
    from app.capture.devices import CameraDevice
    from app.capture.preview import CameraPreview, PreviewState

PICTURE_MS = 30
STATE_S = 0.15
SETTLE_MS = 350  # a row that an arrow key only passes does not reopen the camera
NO_CAMERA = "No camera was found. Plug one in and look again (F5)."
WAITING = "Waiting until the camera is free…"
TITLES = {
    SourceState.OPENING: "Opening…",
    SourceState.FAILED: "No picture",
    SourceState.LOST: "Camera lost",
    SourceState.STALLED: "No new picture",
}


class CameraChooser(AskingDialog):
    """Has the camera while it is to be seen; the window gets it back when it closes."""

    def __init__(self, window: QWidget, controls: CameraControls, controller: Controller, store: Settings) -> None:
        super().__init__(window, "Camera and format", "Use")
        self._controls, self._controller, self._settings = controls, controller, store
        self._preview: CameraPreview | None = None
        self._cameras: tuple[CameraDevice, ...] = ()
        self._device: CameraDevice | None = None
        self._form = CameraFormat()  # what the camera is asked for
        self._requested = False  # by a person, who then hears when another format is granted
        self._candidates: tuple[CameraFormat, ...] = ()
        self._state_due_s = 0.0
        self.setWindowModality(Qt.WindowModality.WindowModal)  # the source stands still meanwhile
        self.camera = Picker("Camera", 28)
        self.camera.chosen.connect(lambda key: self._use_camera(self._cameras[int(key)]))
        self.again = push_button("Look again", "Look for cameras again (F5)", self.list_cameras)
        self.again.setShortcut("F5")
        self.view = named(LiveView(), "Preview")
        self.view.setMinimumSize(320, 180)
        self.state_label = Note("State of the camera")
        self.state_label.setMinimumHeight(self.fontMetrics().lineSpacing() * 2)  # nothing moves when it takes two lines
        self.state_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.table = FormatsTable()
        self.table.chosen.connect(lambda _: self._settle.start())
        tip = "Width x height @ frames a second : pixel format; Enter asks the camera for it"
        self.other = named(QLineEdit(), "Another format", tip)
        self.other.setPlaceholderText("640x480@60:MJPG")
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # which would close the dialog
            QShortcut(QKeySequence(key), self.other, self._try_other, context=Qt.ShortcutContext.WidgetShortcut)
        tip = "Ask the camera for the format that is written here"
        self.other_button = push_button("Try", tip, self._try_other)
        self.go.setToolTip("Measure with this camera in the selected format, now and at every start")
        self.cancel.setToolTip("Leave everything as it was (Esc)")
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._settle = delayed(self, SETTLE_MS, self._show_selected)

    def _lay_out(self) -> None:
        label = QLabel("&Another:")
        label.setBuddy(self.other)
        top = lay_out(QHBoxLayout(), (self.camera, 1), self.again, spacing=8)
        other = lay_out(QHBoxLayout(), label, (self.other, 1), self.other_button, spacing=8)
        right = lay_out(QVBoxLayout(), heading("Formats of the camera"), (self.table, 1), other, spacing=6)
        columns = lay_out(QHBoxLayout(), (self.view, 3), (right, 2), spacing=14)
        self.hold(top, (columns, 1), self.state_label, spacing=8)
        room = there(self.screen()).availableGeometry()
        character = self.fontMetrics().averageCharWidth()
        self.resize(min(character * 148, room.width() - 40), min(character * 74, room.height() - 60))

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._device, self._preview = None, None
        self.view.set_mirrored(self._settings.get(settings.MIRROR_CAMERA))
        self.view.show_result(None)
        self.view.set_message(WAITING)
        self.state_label.show_text(WAITING)
        self.table.show_formats((), ())
        self.camera.setFocus()
        self._controls.borrow(self._begin)

    def done(self, result: int) -> None:
        """However it is closed: the camera goes back, to the chosen one if there is one."""
        if self.isVisible():
            self._timer.stop()
            self._settle.stop()
            if result == QDialog.DialogCode.Accepted:
                self._controls.give_back(self._device, self.table.current or self._form)
            else:
                self._controls.give_back()
            self._preview = None
        super().done(result)

    def _begin(self, preview: CameraPreview) -> None:
        """The camera is free."""
        self._preview = preview
        self._timer.start(PICTURE_MS)
        self.list_cameras()

    def list_cameras(self) -> None:
        if self._preview is not None:
            self.state_label.show_text(LOOKING)
            offered = lazily("app.capture.devices:offered_cameras")
            self._controller.background.run("list cameras", offered, self._listed, self._failed)

    def _listed(self, cameras: tuple[CameraDevice, ...]) -> None:
        from app.capture.resolve import preferred_camera

        if self._preview is None:
            return
        self._cameras = cameras
        here = self._device if self._device in cameras else None
        device = here or preferred_camera(self._controller.source, cameras, self._controller.camera_request)
        current = str(cameras.index(device)) if device is not None else ""
        self.camera.show_entries([Entry(_name(camera, cameras), str(i)) for i, camera in enumerate(cameras)], current)
        self.camera.setEnabled(bool(cameras))
        if device is None:
            self.view.set_message("No camera")
            self.state_label.show_text(NO_CAMERA, "warning")
            self.go.setEnabled(False)
        elif here is None:
            self._use_camera(device)

    def _use_camera(self, device: CameraDevice) -> None:
        from app.capture.resolve import wanted_format

        if self._preview is None:
            return
        self._device, self._candidates = device, ()
        self.table.select(None)
        wanted = wanted_format(device, self._controller.camera_request)
        self._show_form(wanted or CameraFormat(), wanted is not None)

        def listed(candidates: tuple[CameraFormat, ...]) -> None:
            if device == self._device:
                self._candidates = candidates

        candidates = lazily("app.capture.grants:candidates", device)
        self._controller.background.run("list formats", candidates, listed, self._failed)

    def _show_form(self, form: CameraFormat, requested: bool = True) -> None:
        self._form, self._requested = form, requested
        if self._preview is not None and self._device is not None:
            self._preview.show(self._device, form)
            self._state_due_s = 0.0

    def _show_selected(self) -> None:
        form = self.table.current
        if form is not None:
            self._show_form(form)

    def _try_other(self) -> None:
        try:
            form = parse_camera_format(self.other.text())
        except UserError as error:
            self.state_label.show_text(str(error), "error")
            self._state_due_s = now_s() + 6.0  # so long it can be read
            return
        self.table.select(None)
        self._show_form(form)

    def _tick(self) -> None:
        preview = self._preview
        if preview is None:
            return
        frame = preview.frames.take()
        if frame is not None:
            self.view.show_result(FrameResult(frame, (), now_s()))
        if now_s() >= self._state_due_s and self._device is not None:
            self._state_due_s = now_s() + STATE_S
            self._show_state(preview.state)

    def _show_state(self, state: PreviewState) -> None:
        self.table.show_formats(self._candidates, state.grants)
        if self.table.current is None and not self._settle.isActive():
            granted = next((grant.format for grant in state.grants if grant.asked == self._form), None)
            self.table.select(granted or self._form)
        self.go.setEnabled(bool(state.grants) or state.source.state is SourceState.STREAMING)
        self.view.set_message(TITLES.get(state.source.state, ""))
        self._show_sentence(state)

    def _show_sentence(self, state: PreviewState) -> None:
        from app.capture.grants import granted_instead

        info = state.info
        if state.source.message:
            self.state_label.show_text(
                state.source.message, "error" if state.source.state is SourceState.FAILED else "warning"
            )
        elif info is None:
            self.state_label.show_text("Opening the camera…")
        elif self._requested and granted_instead(info):
            self.state_label.show_text(granted_instead(info), "warning")
        else:
            measured = f", {state.measured_fps:.1f} measured" if state.measured_fps > 0 else ""
            self.state_label.show_text(f"Granted: {short(info.width, info.height, info.fps, info.fourcc)}{measured}")

    def _failed(self, error: Exception) -> None:
        self.state_label.show_text(sentence(error), "error")


def _name(camera: CameraDevice, cameras: Sequence[CameraDevice]) -> str:
    """The camera's name, with its place where two have the same."""
    same = sum(other.name == camera.name for other in cameras)
    return f"{camera.name} ({camera.path or camera.index})" if same > 1 else camera.name
