"""What is changed in review: every change can be undone, and is on the disk at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand

from app.ui.shell.controller import sentence
from app.ui.widgets.background import Background

FLUSH_S = 5.0  # how long the end waits for what is being written


class Change(QUndoCommand):
    """One state for another: the states are small, and one can't be undone wrongly."""

    def __init__(self, text: str, redo: Callable[[], object], undo: Callable[[], object]) -> None:
        super().__init__(text)
        self._redo, self._undo = redo, undo

    def redo(self) -> None:
        self._redo()

    def undo(self) -> None:
        self._undo()


class Saved(QObject):
    """A value that is written whole, in the background, after each change."""

    failed = pyqtSignal(str)  # one sentence; the next change tries again

    def __init__(self, name: str, write: Callable[[Any], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._write = write
        self._value: Any = None
        self._background = Background(self)  # the disk may take its time
        self._saving = self._unsaved = False

    @property
    def unsaved(self) -> bool:
        """Whether something isn't on the disk yet."""
        return self._saving or self._unsaved

    def keep(self, value: Any) -> None:
        """Write this; what comes while something is written is written after it."""
        self._value, self._unsaved = value, True
        self._save()

    def flush(self) -> str:
        """Save what is left to save; what went wrong, one sentence, or nothing.

        Changes may follow: an export saves first, too.
        """
        self._background.close(FLUSH_S)
        self._background = Background(self)
        if not self.unsaved:
            return ""
        try:
            self._write(self._value)
        except Exception as error:
            return sentence(error)
        self._saving = self._unsaved = False
        return ""

    def _save(self) -> None:
        if self._saving or not self._unsaved:
            return
        self._saving, self._unsaved = True, False
        value = self._value

        def done(_: object) -> None:
            self._saving = False
            self._save()

        def failed(error: Exception) -> None:
            self._saving, self._unsaved = False, True
            self.failed.emit(sentence(error))

        self._background.run(f"save {self._name}", lambda: self._write(value), done, failed)
