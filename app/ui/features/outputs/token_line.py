"""The remote control's token in the panel of outputs: to be read, copied and replaced."""

from __future__ import annotations

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.ui.features.outputs.outputs import OutputControls

NONE_YET = "made when it is first switched on"


class TokenLine(QWidget):
    """Shows what ``controls`` know of it."""

    def __init__(self, controls: OutputControls) -> None:
        super().__init__()
        self._controls = controls
        self.shown = QLineEdit()
        self.shown.setReadOnly(True)
        self.shown.setPlaceholderText(NONE_YET)
        self.shown.setAccessibleName("Remote control: token")
        self.shown.setToolTip("The word that lets programs in; “motionscope ctl” on your account finds it itself.")
        self.copy = QPushButton("Copy")
        self.copy.setAccessibleName("Remote control: copy the token")
        self.copy.setToolTip("Copy the token, to be put into another program.")
        self.copy.clicked.connect(self._copy)
        self.renew = QPushButton("New")
        self.renew.setAccessibleName("Remote control: new token")
        self.renew.setToolTip("Make another token: programs that know this one are let in no more.")
        self.renew.clicked.connect(controls.renew_token)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.shown, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.renew)
        self.look()

    def look(self) -> None:
        token = self._controls.token
        if token != self.shown.text():
            self.shown.setText(token)
            self.shown.setCursorPosition(0)
        self.copy.setEnabled(bool(token))

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._controls.token)
