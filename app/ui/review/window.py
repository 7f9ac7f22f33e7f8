"""The review window: puts the parts together and does what its actions say.  Everything else is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSize, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QMainWindow, QMessageBox

from app.session.analyses import Analysis
from app.session.recovery import recover
from app.session.session import CutOffError
from app.ui.review.deleting import Deleting
from app.ui.review.editing import Editing
from app.ui.review.exports import Exports
from app.ui.review.frame_text import skipped_text
from app.ui.review.loading import Loaded, load
from app.ui.review.panes import Panes, Surroundings
from app.ui.review.player import Player
from app.ui.review.reanalysis import Reanalysis
from app.ui.review.shown_session import ShownSession
from app.ui.review.timeline import ZOOM_STEP
from app.ui.shell import dialogs, settings
from app.ui.shell.commands import ANALYSE, ANNOTATION_KEYS, REVIEW, REVIEW_MOUSE, build_actions, fill_menus, key_lines
from app.ui.shell.controller import sentence
from app.ui.shell.files import TakesFiles, show_in_files
from app.ui.shell.keys_dialog import show_keys
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background
from app.ui.widgets.building import resize_within_screen, there
from app.ui.widgets.plain_text import without_placeholder

WHAT_KEYS_DO = "Space plays, the arrow keys step, M adds a marker, Shift and the mouse select."


class ReviewWindow(TakesFiles, QMainWindow):
    """``open`` a session; ``ended`` when the window is closed and no thread is left."""

    opened = pyqtSignal()  # a session is shown, or why it can't be
    ended = pyqtSignal()

    def __init__(self, store: Settings) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setWindowTitle("Review")
        self._settings = store
        self.shown: ShownSession | None = None
        self.folder: Path | None = None  # the session's that is shown, or was to be
        self._opening = 0  # the latest request to open; earlier answers don't matter
        self._ended = False
        self.problem: Exception | None = None
        self._background = Background(self, lambda error: self.notify(Message(sentence(error), Severity.ERROR)))
        self.commands = build_actions(self, REVIEW, self._slots(), store)
        self.exports = Exports(self, self.notify, self._save)
        self._build()
        self._around = Surroundings(self, self.panes, self.commands, store, self._background, self.exports, self.notify)
        self.reanalysis = Reanalysis(self, store, self.notify, self._analysed)
        self.deleting = Deleting(self, store, self._background, self._let_go, self.view.set_message, self.notify)
        self._enable(False)
        resize_within_screen(self, QSize(1180, 760))
        self.restoreGeometry(store.get(settings.REVIEW_GEOMETRY))

    def _build(self) -> None:
        bar = there(self.menuBar())
        menus = fill_menus(bar, REVIEW, self.commands)
        bar.insertMenu(menus[ANALYSE].menuAction(), self.exports.menu)
        self.panes = Panes(self.commands)
        self.view, self.timeline, self.transport = self.panes.view, self.panes.timeline, self.panes.transport
        self.recover_button, self.status_line = self.panes.recover_button, self.panes.status_line
        self.recover_button.clicked.connect(self._recover)
        self.setCentralWidget(self.panes)
        self.setStatusBar(self.panes.status_bar)
        self.commands["side"].setChecked(True)

    def _slots(self) -> dict[str, Callable[..., object]]:
        def of(do: Callable[[ShownSession], object]) -> Callable[..., object]:
            return lambda *_: do(self.shown) if self.shown is not None else None

        def played(do: Callable[[Player], object]) -> Callable[..., object]:
            return of(lambda shown: do(shown.player))

        def edited(do: Callable[[Editing], object]) -> Callable[..., object]:
            return of(lambda shown: do(shown.editing))

        return {
            "open": self.ask,
            "show_folder": of(lambda shown: show_in_files(shown.session.folder, self.notify)),
            "screenshot": self._screenshot,
            "delete_session": lambda: self.deleting.ask(self.folder) if self.folder is not None else None,
            "close": self.close,
            "add": edited(Editing.add),
            "edit": edited(Editing.edit),
            "delete": edited(Editing.delete),
            "earlier": edited(lambda editing: editing.nudge(-1)),
            "later": edited(lambda editing: editing.nudge(1)),
            **{f"marker_{key}": edited(partial(Editing.add_slot, number=k)) for k, key in enumerate(ANNOTATION_KEYS)},
            "undo": edited(Editing.undo),
            "redo": edited(Editing.redo),
            "next_face": lambda: self.panes.faces.choose_next(),
            "name_face": of(lambda shown: shown.identifying.name()),
            "merge_faces": of(lambda shown: shown.identifying.merge()),
            "separate_face": of(lambda shown: shown.identifying.separate()),
            "play": played(Player.toggle),
            "back": played(lambda player: player.step(-1)),
            "on": played(lambda player: player.step(1)),
            "second_back": played(lambda player: player.seek(player.time_s - 1)),
            "second_on": played(lambda player: player.seek(player.time_s + 1)),
            "previous_marker": edited(lambda editing: editing.go(-1)),
            "next_marker": edited(lambda editing: editing.go(1)),
            "start": played(lambda player: player.go_to(0)),
            "end": of(lambda shown: shown.player.go_to(len(shown.session) - 1)),
            "slower": played(lambda player: player.change_speed(-1)),
            "faster": played(lambda player: player.change_speed(1)),
            "loop": of(ShownSession.apply_selection),
            "zoom_in": lambda: self.timeline.zoom(ZOOM_STEP**2),
            "zoom_out": lambda: self.timeline.zoom(ZOOM_STEP**-2),
            "whole": lambda: self.timeline.fit(),
            "zoom_selection": of(lambda shown: shown.measuring.zoom()),
            "select_from": of(lambda shown: shown.measuring.begin(shown.player.time_s)),
            "select_to": of(lambda shown: shown.measuring.end(shown.player.time_s)),
            "select_marker": of(lambda shown: shown.measuring.select(shown.editing.chosen_range())),
            "select_none": of(ShownSession.escape),
            "copy": of(lambda shown: shown.measuring.copy()),
            "side": lambda on: self.panes.side.setVisible(on),
            "reanalyse": of(lambda shown: self.reanalysis.ask(shown.session.folder, len(shown.session))),
            "compare": lambda: self.transport.tables.showPopup(),
            "keys": lambda: show_keys(self, (*key_lines(REVIEW), *REVIEW_MOUSE)),
        }

    def ask(self) -> None:
        start = self.folder.parent if self.folder is not None else self._settings.get(settings.RECORDINGS)
        dialogs.ask_folder(self, "Open a recorded session", str(start), lambda folder: self.open(Path(folder)))

    def open(self, folder: Path) -> None:
        """Read a session in the background and show it, or why that can't be."""
        self._opening += 1
        number = self._opening
        self._let_go()
        self.folder = folder
        self.setWindowTitle(without_placeholder(f"{folder.name} – Review"))
        self.view.set_message("Opening…", folder.name)
        self.notify(Message(f"Opening {folder}", Severity.BUSY))

        def done(loaded: Loaded) -> None:
            if number == self._opening:
                self.show_loaded(loaded)
            else:
                loaded.session.close()

        def failed(error: Exception) -> None:
            if number == self._opening:
                self._show_problem(error)

        self._background.run("open session", lambda: load(folder), done, failed)

    def show_loaded(self, loaded: Loaded) -> None:
        self._let_go()
        session = loaded.session
        self.folder, self.problem = session.folder, None
        self.setWindowTitle(without_placeholder(f"{session.folder.name} – Review"))
        self.view.set_message("")
        self.shown = ShownSession(loaded, self._around)
        self._enable(True)
        self.shown.start()
        header = session.manifest.header
        about = [f"{len(session)} frames", *filter(None, (header.participant, header.task, header.weights_name))]
        self.panes.about.setText("  ·  ".join(about))
        problems = " ".join(session.problems).replace(f"{session.folder}{os.sep}", "")
        remark = problems or session.video_problem or session.manifest.ended_by
        if remark:
            intended = not header.pictures and not session.manifest.ended_by and not problems
            self.notify(Message(remark, Severity.INFO if intended else Severity.WARNING))
        else:
            skipped = skipped_text(loaded.rows.missing) if session.video is not None else ""
            self.notify(Message(skipped or WHAT_KEYS_DO, Severity.INFO))
        self.timeline.setFocus()
        self.opened.emit()

    def _show_problem(self, error: Exception) -> None:
        self.problem = error
        self.view.set_message("This can't be opened", sentence(error))
        self.notify(Message(sentence(error), Severity.ERROR))
        self.commands["delete_session"].setEnabled(self.folder is not None)  # damaged ones must go, too
        self.recover_button.setVisible(isinstance(error, CutOffError))
        if self.recover_button.isVisibleTo(self):
            self.recover_button.setFocus()
        self.opened.emit()

    def _recover(self) -> None:
        folder = self.folder
        if folder is None:
            return
        self.recover_button.hide()
        self.view.set_message("Recovering…", folder.name)
        self._background.run("recover", lambda: recover(folder), lambda _: self.open(folder), self._show_problem)

    def _let_go(self) -> None:
        """Save the annotations of the session that is shown, and close it."""
        self.recover_button.hide()
        problem = self._save()
        if problem:
            self.notify(Message(problem, Severity.ERROR))
        self.exports.job.finish()
        self.reanalysis.close()
        if self.shown is not None:
            self.shown.close()
        self.shown = None
        self.view.show_result(None)
        self._enable(False)

    def _enable(self, on: bool) -> None:
        always = {"open", "close", "keys", "side", "screenshot"}
        for name, action in self.commands.items():
            action.setEnabled(on or name in always)
        self.transport.setEnabled(on)
        self.timeline.setEnabled(on)

    def _analysed(self, analysis: Analysis) -> None:
        self.notify(Message(f"Measured again: {analysis.folder}", Severity.GOOD))
        if self.shown is not None:
            self.shown.comparing.analysed(analysis)

    def notify(self, message: Message) -> None:
        self.status_line.show_message(message)

    def _screenshot(self) -> None:
        folder = self.folder if self.folder is not None and self.folder.is_dir() else Path.cwd()
        self.notify(dialogs.save_screenshot(self, folder))

    def take(self, paths: list[Path]) -> None:
        folder = paths[0] if paths[0].is_dir() else paths[0].parent
        # After the drop has ended: opening may take a moment, and the other program waits for the answer.
        QTimer.singleShot(0, lambda: self.open(folder))

    def _save(self) -> str:
        return self.shown.save() if self.shown is not None else ""

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if not self._ended:
            self._opening += 1
            problem = self._save()
            if problem and event is not None and not self._discard(problem):
                event.ignore()
                return
            self._ended = True
            self._settings.set(settings.REVIEW_GEOMETRY, self.saveGeometry())
            self._let_go()
            self._background.close(5.0)
            self.ended.emit()
        super().closeEvent(event)

    def _discard(self, problem: str) -> bool:
        answer = QMessageBox.warning(
            self,
            "Markers",
            f"{problem}\n\nClose anyway, and lose what was changed since it was last saved?",
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Discard
