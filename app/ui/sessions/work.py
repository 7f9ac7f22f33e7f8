"""What is done with one or many sessions: renamed, deleted, recovered, exported, measured again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from PyQt6.QtWidgets import QDialog, QMessageBox, QWidget

from app.core.errors import UserError
from app.session.deletion import DeletionPlan, delete_session, plan_deletion, question_about
from app.session.exporters import ExistingExportError, Exporter, default_place
from app.session.listing import SessionSummary
from app.session.recovery import recover
from app.session.renaming import rename_session
from app.ui.review.controls import ReviewControls
from app.ui.review.deleting import ask_deletion, forget_recent
from app.ui.review.exports import export_work
from app.ui.review.jobs import Job, JobDialog, StoppedError, Work
from app.ui.review.reanalysis import PREPARING, ReanalysisDialog, reanalysis_text, reanalysis_work
from app.ui.sessions.dialogs import ExportDialog, RenameDialog
from app.ui.shell import settings
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of each session, and a sentence for each that failed."""

    made: tuple[tuple[Path, T], ...]
    problems: tuple[str, ...]


@dataclass(eq=False)
class SessionWork:
    """Asks, and does it in the background; one session that fails stops no other."""

    window: QWidget
    store: Settings
    reviews: ReviewControls
    notify: Callable[[Message], None]
    complain: Callable[[Sequence[str]], object]  # shows sentences that stay
    changed: Callable[[Sequence[Path]], object]  # is told which sessions to read again, as is the next one
    renamed: Callable[[Collection[Path]], object]
    question: QMessageBox | None = None
    dialog: QDialog | None = None

    def __post_init__(self) -> None:
        failed = lambda error: self.notify(Message(sentence(error), Severity.ERROR))  # noqa: E731
        self._background = Background(self.window, failed, serial=True)
        self.queue = JobDialog(self.window)

    # ------------------------------------------------------------------ renaming, deleting, recovering

    def ask_new_name(self, sessions: Sequence[SessionSummary]) -> None:
        pattern = self.store.get(settings.RECORDING_NAME)
        self._open(RenameDialog(self.window, sessions, pattern, lambda name: self._rename(sessions, name)))

    def _rename(self, sessions: Sequence[SessionSummary], pattern: str) -> None:
        folders = self._closed_in_review([session.folder for session in sessions])

        def done(outcome: Outcome[Path]) -> None:
            new = dict(outcome.made)
            recent = [str(new.get(Path(path), path)) for path in self.store.get(settings.RECENT_FILES)]
            self.store.set(settings.RECENT_FILES, recent)
            self.renamed(new.values())
            self._finish(outcome, "renamed", [*new.values()])

        self._each("Renaming", folders, lambda folder: rename_session(folder, pattern), done)

    def ask_deletion(self, sessions: Sequence[SessionSummary]) -> None:
        folders = [session.folder for session in sessions]
        self._each("Looking at", folders, plan_deletion, self._ask_whether)

    def _ask_whether(self, outcome: Outcome[DeletionPlan]) -> None:
        self.complain(outcome.problems)
        plans = [plan for _, plan in outcome.made]
        if not plans:
            self.notify(Message("Nothing was deleted.", Severity.WARNING))
            return
        self.notify(Message(""))
        question = question_about(plans)
        self.question = ask_deletion(self.window, question, lambda: self._delete([one.folder for one in plans]))

    def _delete(self, folders: Sequence[Path]) -> None:
        def done(outcome: Outcome[None]) -> None:
            gone = [folder for folder, _ in outcome.made]
            forget_recent(self.store, gone)
            self._finish(outcome, "deleted", gone)

        self._each("Deleting", self._closed_in_review(folders), delete_session, done)

    def recover(self, sessions: Sequence[SessionSummary]) -> None:
        def done(outcome: Outcome[object]) -> None:
            self._finish(outcome, "recovered", [folder for folder, _ in outcome.made])

        self._each("Recovering", self._closed_in_review([session.folder for session in sessions]), recover, done)

    def _closed_in_review(self, folders: Sequence[Path]) -> list[Path]:
        """Those that no review window holds any more."""
        free = [folder for folder in folders if self.reviews.let_go(folder)]
        self.complain(
            [f"{folder.name} is open in review and can't be closed." for folder in folders if folder not in free]
        )
        return free

    def _each(
        self, doing: str, folders: Sequence[Path], do: Callable[[Path], T], done: Callable[[Outcome[T]], object]
    ) -> None:
        if not folders:
            return
        what = folders[0].name if len(folders) == 1 else f"{len(folders)} recordings"
        self.notify(Message(f"{doing} {what}…", Severity.BUSY))

        def work() -> Outcome[T]:
            made, problems = [], []
            for folder in folders:
                try:
                    made.append((folder, do(folder)))
                except UserError as error:
                    problems.append(str(error))
            return Outcome(tuple(made), tuple(problems))

        self._background.run(doing, work, done)

    def _finish(self, outcome: Outcome[Any], verb: str, folders: Sequence[Path]) -> None:
        self.changed(folders)
        self.complain(outcome.problems)
        count = len(outcome.made)
        text = f"{outcome.made[0][0].name} is {verb}." if count == 1 else f"{count} recordings are {verb}."
        failed = f" {len(outcome.problems)} could not be." if outcome.problems else ""
        self.notify(Message(text + failed, Severity.ERROR if failed else Severity.GOOD))

    # ------------------------------------------------------------------ exports and analyses

    def ask_formats(self, sessions: Sequence[SessionSummary]) -> None:
        self._open(ExportDialog(self.window, sessions, lambda formats, force: self._export(sessions, formats, force)))

    def _export(self, sessions: Sequence[SessionSummary], formats: Sequence[Exporter], force: bool) -> None:
        for session in sessions:
            out = default_place(session.folder)
            for exporter in formats:
                work = export_work(session.folder, "", exporter, out, force=force)
                self._queue(session, exporter.label, f"{exporter.label} of {session.name} is made", work)

    def ask_weights(self, sessions: Sequence[SessionSummary]) -> None:
        frames = sum(session.frames for session in sessions)
        start = lambda weights: self._reanalyse(sessions, weights)  # noqa: E731
        self._open(ReanalysisDialog(self.window, frames, self.store, start, videos=len(sessions)))

    def _reanalyse(self, sessions: Sequence[SessionSummary], weights: str | None) -> None:
        device, engine = self.store.get(settings.DEVICE), self.store.get(settings.ENGINE)
        for session in sessions:
            work = reanalysis_work(session.folder, weights, device, engine)
            self._queue(session, "Measured again", reanalysis_text(session.folder), work, PREPARING)

    def _queue(self, session: SessionSummary, what: str, text: str, work: Work, before: str = " ") -> None:
        title = f"{session.name}: {what}"
        if title in self.queue.titles:
            return

        def done(_: object) -> None:
            self.changed([session.folder])
            self.notify(Message(f"{title}: done.", Severity.GOOD))

        def failed(error: Exception) -> None:
            if isinstance(error, StoppedError):
                self.notify(Message(f"{title}: stopped; nothing of it is left.", Severity.INFO))
                return
            there = isinstance(error, ExistingExportError)
            why = "an earlier one is there; it is replaced only where you ask for that." if there else sentence(error)
            self.complain([f"{title}: {why}"])
            self.notify(Message(f"{title}: failed.", Severity.ERROR))

        self.queue.add(Job(title, text, work, done, failed, before))

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.open()

    def close(self, timeout_s: float = 30.0) -> None:
        """Nothing half-made and no thread are left."""
        if self.dialog is not None:
            self.dialog.reject()
        self.queue.finish(timeout_s)
        self._background.close(timeout_s)
