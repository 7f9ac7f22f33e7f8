"""The box for a note: it belongs to the moment at which it was opened."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialogButtonBox, QLineEdit, QWidget

from app.ui.shell.dialogs import AskingDialog
from app.ui.widgets.building import named, there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import moment


class NoteBox(AskingDialog):
    """One line; Enter keeps it, Escape doesn't.  The window goes on meanwhile."""

    written = pyqtSignal(str)

    def __init__(self, parent: QWidget, seconds: float) -> None:
        super().__init__(there(parent.window()), f"Note at {moment(seconds)}", QDialogButtonBox.StandardButton.Save)
        self.text = named(QLineEdit(), "Note")
        self.text.setMinimumWidth(self.fontMetrics().averageCharWidth() * 60)
        self.hold(dim_label("It gets the time at which this box was opened."), self.text, spacing=8)
        self.text.setFocus()

    def accept(self) -> None:
        text = self.text.text().strip()
        if text:
            self.written.emit(text)
        super().accept()
