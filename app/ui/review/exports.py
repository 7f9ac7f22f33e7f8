"""The exporters as menu entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMessageBox, QWidget

from app.session.exporters import EXPORTERS, Exporter, default_place, export_session, remark_on
from app.session.session import Session
from app.ui.review.jobs import Job, JobDialog, StoppedError, Work
from app.ui.shell import dialogs
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.building import there
from app.ui.widgets.plain_text import without_mnemonic


class Exports:
    """Into the session's folder ``export``, one after the other; what is there is replaced only when that is wished."""

    def __init__(self, window: QWidget, notify: Callable[[Message], None], ready: Callable[[], str]) -> None:
        """``ready`` is called first, to save what isn't saved; what it returns is why that failed."""
        self._window = window
        self._notify = notify
        self._ready = ready
        self._session: Session | None = None
        self.job = JobDialog(window)
        self.question: QMessageBox | None = None
        self.actions = [self._action(exporter) for exporter in EXPORTERS]
        self.of_compared = QAction(window)  # whether to export the compared table instead of the recorded one
        self.of_compared.setObjectName("export_compared")
        self.of_compared.setCheckable(True)
        self.menu = QMenu("&Export", window)
        self.menu.addActions(self.actions)
        self.menu.addSeparator()
        self.menu.addAction(self.of_compared)
        self._compared = ""
        self.use(None)

    def use(self, session: Session | None) -> None:
        """The session to export; None: there is none."""
        self._session = session
        for action in self.actions:
            action.setEnabled(session is not None)
        self.compare("")

    def compare(self, table_name: str) -> None:
        """The analysis that is compared, whose table may be exported; empty: none."""
        self._compared = table_name
        shown = without_mnemonic(table_name)
        self.of_compared.setText(f"&From the table {shown}" if table_name else "&From the compared table")
        tip = "Export the compared table instead of the recorded one, into a folder beside it"
        self.of_compared.setToolTip(tip)
        self.of_compared.setWhatsThis(tip)
        self.of_compared.setEnabled(bool(table_name))
        self.of_compared.setChecked(False)

    def _action(self, exporter: Exporter) -> QAction:
        action = QAction(exporter.label, self._window)
        action.setObjectName(f"export_{exporter.name}")
        action.setToolTip(f"{exporter.label} into the folder export of the session")
        action.setWhatsThis(action.toolTip())
        action.triggered.connect(lambda: self.export(exporter))
        return action

    def export(self, exporter: Exporter) -> None:
        """Ask where something would be replaced, then do it."""
        session = there(self._session)  # without one the entries are off
        problem = self._ready()
        if problem:
            self._notify(Message(problem, Severity.ERROR))
            return
        table = self._compared if self.of_compared.isChecked() else ""
        out = default_place(session.folder, table)
        if _title(exporter, table) in self.job.titles:
            self._notify(Message(f"{_title(exporter, table)} is being made, or waits for its turn, already."))
            return
        found = [name for name in exporter.outputs(session) if (out / name).exists()]
        if not found:
            self._run(exporter, out, table, force=False)
            return
        what = " and ".join(found)
        are, them = ("is", "it") if len(found) == 1 else ("are", "them")
        self.question = dialogs.ask_whether(
            self._window,
            exporter.label,
            f"{what} {are} in {out} already. Replace {them}?",
            "&Replace",
            lambda: self._run(exporter, out, table, force=True),
        )

    def _run(self, exporter: Exporter, out: Path, table: str, *, force: bool) -> None:
        title, text = _title(exporter, table), f"{exporter.label} is made in {out}"

        def done(made: Made) -> None:
            saved = f"Saved {', '.join(str(path) for path in made.paths)}"
            self._notify(Message(f"{made.remark} {saved}" if made.remark else saved, Severity.GOOD))

        def failed(error: Exception) -> None:
            if isinstance(error, StoppedError):
                self._notify(Message(f"{exporter.label}: stopped; nothing of it is left.", Severity.INFO))
            else:
                self._notify(Message(sentence(error), Severity.ERROR))

        work = export_work(there(self._session).folder, table, exporter, out, force=force)
        if self.job.add(Job(title, text, work, done, failed)):
            self._notify(Message(f"{title} is made after what runs already."))


@dataclass(frozen=True, slots=True)
class Made:
    """What an export has made, and what should be known of it, in a sentence; mostly nothing."""

    paths: tuple[Path, ...]
    remark: str


def export_work(folder: Path, table: str, exporter: Exporter, out: Path, *, force: bool) -> Work:
    """The export of a session's table as work of a queue; it returns ``Made``."""

    def work(progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> Made:
        session = Session.open(folder, table)
        try:
            progress(0, 0)
            paths = export_session(session, exporter, out, force=force, progress=progress)
            return Made(paths, remark_on(session, exporter))
        finally:
            session.close()

    return work


def _title(exporter: Exporter, table: str) -> str:
    return f"{exporter.label}, from the table {table}" if table else exporter.label
