"""The box for a note: it belongs to the moment at which it was opened."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import moment


class NoteBox(QDialog):
    """One line; Enter keeps it, Escape doesn't.  The window goes on meanwhile."""

    written = pyqtSignal(str)

    def __init__(self, parent: QWidget, seconds: float) -> None:
        super().__init__(parent.window(), Qt.WindowType.Dialog)
        self.setWindowTitle(f"Note at {moment(seconds)}")
        self.text = QLineEdit()
        self.text.setAccessibleName("Note")
        self.text.setMinimumWidth(self.fontMetrics().averageCharWidth() * 60)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        for button in buttons.buttons():
            button.setIcon(QIcon())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(dim_label("It gets the time at which this box was opened."))
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.text.setFocus()

    def accept(self) -> None:
        text = self.text.text().strip()
        if text:
            self.written.emit(text)
        super().accept()
