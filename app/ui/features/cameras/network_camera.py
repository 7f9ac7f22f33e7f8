"""Asks for the address of a camera on the network, and says what that means."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from app.core.addresses import parse_address
from app.core.errors import SourceError
from app.ui.shell.dialogs import AskingDialog
from app.ui.widgets.building import named, paragraph
from app.ui.widgets.fields import Note

ABOUT = (
    "Motionscope connects to this address, and to no other unless the camera sends it there, for as long as the source "
    "is open. With http and rtsp anybody in the network can see the pictures and the password. Nothing typed here is "
    "stored."
)
EXAMPLES = "rtsp://192.168.1.20:554/stream or http://192.168.1.20:8080/video"


class NetworkCameraDialog(AskingDialog):
    """``entered`` gives the address with name and password in it, as ``--source`` takes it."""

    entered = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Network camera", QDialogButtonBox.StandardButton.Open)
        self.address = self._field("Address", EXAMPLES)
        self.address.setMinimumWidth(self.fontMetrics().horizontalAdvance(f"  {EXAMPLES}  "))
        self.name = self._field("User name", "only if the camera asks for one")
        self.password = self._field("Password", "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.problem = Note("Problem")
        form = QFormLayout()
        for field in (self.address, self.name, self.password):
            form.addRow(field.accessibleName(), field)
        self.hold(form, paragraph(ABOUT, dim=True), self.problem)
        self.address.setFocus()

    def accept(self) -> None:
        try:
            address = parse_address(self.address.text(), self.name.text().strip(), self.password.text())
        except SourceError as error:
            self.problem.show_text(str(error), "error")
            self.address.setFocus()
            return
        self.entered.emit(address.url)
        super().accept()

    def _field(self, name: str, example: str) -> QLineEdit:
        field = named(QLineEdit(), name)
        field.setPlaceholderText(example)
        return field


def ask_network_camera(parent: QWidget, done: Callable[[str], object]) -> None:
    """Show the dialog; ``done`` gets the address.  The window goes on meanwhile."""
    dialog = NetworkCameraDialog(parent)
    dialog.finished.connect(dialog.deleteLater)
    dialog.entered.connect(done)
    dialog.open()
