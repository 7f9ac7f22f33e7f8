"""Who is who among a session's faces while that is edited, and whose curves are shown."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoStack
from PyQt6.QtWidgets import QInputDialog

from app.core.errors import SessionError
from app.session.identities import Identities, write_identities
from app.session.session import Session
from app.ui.review.faces_panel import FaceLine
from app.ui.review.panes import Surroundings
from app.ui.review.saving import Change, Saved
from app.ui.shell import dialogs
from app.ui.shell.messages import Message, Severity

LONGEST_NAME = 100


class EditedIdentities(Saved):
    """The session's identities, in the session and beside its table."""

    changed = pyqtSignal()

    def __init__(self, session: Session, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__("names of faces", self._write_file, parent)
        self.session = session
        self._undo_stack = undo_stack
        self._written = session.identities

    def change(self, text: str, identities: Identities) -> None:
        """Use these from now on; ``text`` says what can be undone."""
        before = self.session.identities
        if identities != before:
            self._undo_stack.push(Change(text, lambda: self._put(identities), lambda: self._put(before)))

    def _put(self, identities: Identities) -> None:
        self.session.identify(identities)
        self.changed.emit()
        self.keep(identities)

    def _write_file(self, identities: Identities) -> None:
        write_identities(self.session.folder, identities, self._written)
        self._written = identities


class Identifying(QObject):
    """Does what the panel of faces and its actions say."""

    followed = pyqtSignal(object)  # whose curves to show: the number of a face, or None for each frame's first one

    def __init__(self, edited: EditedIdentities, around: Surroundings) -> None:
        super().__init__(edited)
        self._edited = edited
        self._window = around.window
        self._panel = panel = around.panes.faces
        self._commands = around.commands
        self._notify = around.notify
        self.dialog: QInputDialog | None = None
        panel.selected.connect(self._selected)
        panel.opened.connect(self.name)
        edited.changed.connect(self._changed)
        edited.failed.connect(lambda text: self._notify(Message(text, Severity.ERROR)))
        self._show()

    def close(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        self._panel.show_faces(())

    def name(self) -> None:
        edited, numbers = self._edited, self._panel.numbers
        if len(numbers) != 1:
            return
        (number,) = numbers
        identities = edited.session.identities

        def done(text: str) -> None:
            name = text[:LONGEST_NAME]
            edited.change(f"name face {number}", edited.session.identities.named(number, name))

        question = f"What is face {number} called? Nothing: it has no name."
        self.dialog = dialogs.ask_text(self._window, "Name a face", question, identities.of(number).name, done)
        self.dialog.finished.connect(self._dialog_closed)

    def merge(self) -> None:
        edited, numbers = self._edited, self._panel.numbers
        identities = edited.session.identities
        try:
            edited.session.refuse_together(numbers)
        except SessionError as error:
            self._notify(Message(str(error), Severity.ERROR))
            return
        edited.change(f"merge faces {', '.join(map(str, numbers))}", identities.merged(numbers))
        self._notify(Message(f"One person now: {edited.session.identities.label(numbers[0])}; Ctrl+Z separates them."))

    def separate(self) -> None:
        (number,) = self._panel.numbers
        self._edited.change(f"separate face {number}", self._edited.session.identities.separated(number))

    def _show(self) -> None:
        session = self._edited.session
        people = ((session.identities.of(number), frames) for number, frames in session.frames_of_people().items())
        self._panel.show_faces([FaceLine(one.number, one.face_ids, one.name, frames) for one, frames in people])
        self.refresh()

    def refresh(self) -> None:
        numbers = self._panel.numbers
        one = self._edited.session.identities.of(numbers[0]) if len(numbers) == 1 else None
        self._commands["name_face"].setEnabled(one is not None)
        self._commands["merge_faces"].setEnabled(len(numbers) > 1)
        self._commands["separate_face"].setEnabled(one is not None and len(one.face_ids) > 1)
        self._commands["next_face"].setEnabled(self._panel.has_several)

    def _changed(self) -> None:
        self._show()
        self.followed.emit(self._panel.followed)

    def _selected(self) -> None:
        self.refresh()
        if len(self._panel.numbers) < 2:
            self.followed.emit(self._panel.followed)

    def _dialog_closed(self) -> None:
        self.dialog = None
