"""A session deleted from the review window, after a question."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtWidgets import QMessageBox, QWidget

from app.session.deletion import DeletionPlan, delete_session, plan_deletion, question_about
from app.ui.shell import dialogs, settings
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background


@dataclass(eq=False)
class Deleting:
    """Asks, lets the window let go of the session, and deletes it."""

    window: QWidget
    store: Settings
    background: Background
    let_go: Callable[[], object]  # closes the session
    show: Callable[[str, str], object]  # puts words into the place of its picture
    notify: Callable[[Message], None]
    question: QMessageBox | None = None

    def ask(self, folder: Path) -> None:
        """Say what would go, and delete it once that is agreed to."""
        self.background.run("look at the session", lambda: plan_deletion(folder), self._ask)

    def _ask(self, plan: DeletionPlan) -> None:
        self.question = ask_deletion(self.window, question_about([plan]), lambda: self._delete(plan.folder))

    def _delete(self, folder: Path) -> None:
        self.let_go()
        self.show("Deleting…", folder.name)

        def done(_: None) -> None:
            forget_recent(self.store, [folder])
            self.show("Deleted", folder.name)
            self.notify(Message(f"{folder} is deleted.", Severity.GOOD))

        def failed(error: Exception) -> None:
            self.show("Not deleted", folder.name)
            self.notify(Message(sentence(error), Severity.ERROR))

        self.background.run("delete the session", lambda: delete_session(folder), done, failed)


def ask_deletion(window: QWidget, question: str, agreed: Callable[[], object]) -> QMessageBox:
    """Ask before anything goes for good; ``agreed`` is called where a person says so."""
    return dialogs.ask_whether(window, "Delete the session", question, "&Delete for good", agreed)


def forget_recent(store: Settings, folders: Collection[Path]) -> None:
    """Take what is gone off the list of what was opened lately."""
    store.set(settings.RECENT_FILES, [path for path in store.get(settings.RECENT_FILES) if Path(path) not in folders])
