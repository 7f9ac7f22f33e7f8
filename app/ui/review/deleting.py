"""A session deleted from the review window, after a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox, QWidget

from app.core.errors import SessionError
from app.session.deletion import delete_session, what_goes
from app.ui import settings
from app.ui.controller import sentence
from app.ui.messages import Message, Severity
from app.ui.settings import Settings


class Deleting:
    """Asks, lets the window let go of the session, and deletes it."""

    def __init__(
        self,
        window: QWidget,
        store: Settings,
        let_go: Callable[[], object],
        show: Callable[[str, str], object],
        say: Callable[[Message], None],
    ) -> None:
        """``let_go`` closes the session; ``show`` puts words into the place of its picture."""
        self._window = window
        self._settings = store
        self._let_go = let_go
        self._show = show
        self._say = say
        self.question: QMessageBox | None = None

    def ask(self, folder: Path) -> None:
        """Say what would go, and delete it once that is agreed to."""
        try:
            text = what_goes(folder).question()
        except SessionError as error:
            self._say(Message(sentence(error), Severity.ERROR))
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Delete the session")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(text)
        delete = box.addButton("&Delete for good", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.buttonClicked.connect(lambda button: self._delete(folder) if button is delete else None)
        self.question = box
        box.open()

    def _delete(self, folder: Path) -> None:
        self._let_go()
        self._show("Deleted", folder.name)
        try:
            delete_session(folder)
        except SessionError as error:
            self._show("Not deleted", folder.name)
            self._say(Message(sentence(error), Severity.ERROR))
            return
        kept = [path for path in self._settings.get(settings.RECENT_FILES) if Path(path) != folder.absolute()]
        self._settings.set(settings.RECENT_FILES, kept)
        self._say(Message(f"{folder} is deleted.", Severity.GOOD))
