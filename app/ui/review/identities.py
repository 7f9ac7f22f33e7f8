"""Who is who among a session's faces while that is edited, and whose curves are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QUndoStack
from PyQt6.QtWidgets import QInputDialog, QWidget

from app.core.errors import SessionError
from app.session.identities import Identities, write_identities
from app.session.session import Session
from app.ui.review.faces_panel import FaceLine, FacesPanel
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

    def __init__(
        self, window: QWidget, panel: FacesPanel, commands: Mapping[str, QAction], notify: Callable[[Message], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._panel = panel
        self._commands = commands
        self._notify = notify
        self._edited: EditedIdentities | None = None
        self.dialog: QInputDialog | None = None
        panel.selected.connect(self._selected)
        panel.opened.connect(self.name)

    def use(self, edited: EditedIdentities | None) -> None:
        """The session's; None: there is none."""
        if self.dialog is not None:
            self.dialog.reject()
        self._edited = edited
        if edited is not None:
            edited.changed.connect(self._changed)
            edited.failed.connect(lambda text: self._notify(Message(text, Severity.ERROR)))
        self._show()

    def name(self) -> None:
        """Ask what the chosen face is called."""
        edited, numbers = self._edited, self._panel.numbers
        if edited is None or len(numbers) != 1:
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
        """The chosen faces are one person."""
        edited, numbers = self._edited, self._panel.numbers
        if edited is None or len(numbers) < 2:
            return
        identities = edited.session.identities
        try:
            edited.session.refuse_together(numbers)
        except SessionError as error:
            self._notify(Message(str(error), Severity.ERROR))
            return
        edited.change(f"merge faces {', '.join(map(str, numbers))}", identities.merged(numbers))
        self._notify(Message(f"One person now: {edited.session.identities.label(numbers[0])}; Ctrl+Z separates them."))

    def separate(self) -> None:
        """What was merged is apart again."""
        edited, numbers = self._edited, self._panel.numbers
        if edited is not None and len(numbers) == 1:
            edited.change(f"separate face {numbers[0]}", edited.session.identities.separated(numbers[0]))

    def _show(self) -> None:
        lines = []
        if self._edited is not None:
            session = self._edited.session
            for number, frames in session.frames_of_people().items():
                person = session.identities.of(number)
                lines.append(FaceLine(person.number, person.face_ids, person.name, frames))
        self._panel.show_faces(lines)
        self.refresh()

    def refresh(self) -> None:
        """What can be done now."""
        numbers = self._panel.numbers
        one = self._edited.session.identities.of(numbers[0]) if self._edited is not None and len(numbers) == 1 else None
        self._commands["name_face"].setEnabled(one is not None)
        self._commands["merge_faces"].setEnabled(len(numbers) > 1)
        self._commands["separate_face"].setEnabled(one is not None and len(one.face_ids) > 1)
        self._commands["next_face"].setEnabled(not self._panel.isHidden())

    def _changed(self) -> None:
        self._show()
        self.followed.emit(self._panel.followed)

    def _selected(self) -> None:
        self.refresh()
        if len(self._panel.numbers) < 2:
            self.followed.emit(self._panel.followed)

    def _dialog_closed(self) -> None:
        self.dialog = None
