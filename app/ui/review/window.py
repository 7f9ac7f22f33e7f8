"""The review window: puts the parts together and does what its actions say.  Everything else is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QUndoStack
from PyQt6.QtWidgets import QMainWindow, QMessageBox

from app.session.annotation_file import AnnotationFile
from app.session.folders import ANNOTATIONS
from app.session.recovery import recover
from app.session.session import CutOffError, Session
from app.ui.live.drawing import OVERLAY, overlay_style
from app.ui.review.annotations import EditedAnnotations
from app.ui.review.comparing import Comparing
from app.ui.review.content import Content
from app.ui.review.deleting import Deleting
from app.ui.review.editing import Editing
from app.ui.review.exports import Exports
from app.ui.review.frame_text import numbers_of, skipped_text
from app.ui.review.identities import EditedIdentities, Identifying
from app.ui.review.loading import Loaded, load, load_face
from app.ui.review.measuring import Measuring
from app.ui.review.panes import Panes
from app.ui.review.player import Player
from app.ui.review.presenter import FramePresenter
from app.ui.review.reanalysis import Reanalysis
from app.ui.review.sound import ReviewSound
from app.ui.review.timeline import ZOOM_STEP
from app.ui.shell import dialogs, settings
from app.ui.shell.commands import ANALYSE, ANNOTATION_KEYS, REVIEW, REVIEW_MOUSE, build_actions, fill_menus, key_lines
from app.ui.shell.controller import sentence
from app.ui.shell.files import TakesFiles, show_in_files
from app.ui.shell.keys_dialog import KeysDialog
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
        self._loaded: Loaded | None = None
        self._content: Content | None = None
        self._folder: Path | None = None
        self._opening = 0  # the latest request to open; earlier answers don't matter
        self._ended = False
        self.player: Player | None = None
        self.presenter: FramePresenter | None = None
        self.annotations: EditedAnnotations | None = None
        self.identities: EditedIdentities | None = None
        self._face_serial = 0  # the latest request to show a face's curves
        self.problem: Exception | None = None
        self._background = Background(self)
        self.commands = build_actions(self, REVIEW, self._slots(), store)
        self.exports = Exports(self, self.notify, self._save)
        self._build()
        self.comparing = Comparing(self.transport, self._background, self.notify, self)
        self.reanalysis = Reanalysis(self, store, self.notify, self.comparing.analysed)
        self.undo_stack = QUndoStack(self)
        self.editing = Editing(
            self, self.timeline, self.panes.annotation_list, self.commands, store, self.undo_stack, self.notify
        )
        self.measuring = Measuring(self.timeline, self.panes.statistics, self._background, self)
        self.identifying = Identifying(self, self.panes.faces, self.commands, self.notify)
        self._leave_out()
        self.sound = ReviewSound(self.notify, self)
        self._apply_sound()
        self.deleting = Deleting(self, store, self._background, self._let_go, self.view.set_message, self.notify)
        self._connect()
        self._enable(False)
        self._draw()
        resize_within_screen(self, QSize(1180, 760))
        self.restoreGeometry(store.get(settings.REVIEW_GEOMETRY))

    # ------------------------------------------------------------------ building

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

    def _connect(self) -> None:
        self.timeline.selected.connect(self.measuring.select)
        self.measuring.changed.connect(self._selection_changed)
        self.comparing.changed.connect(self._compare)
        self.identifying.followed.connect(self._show_face)
        self._settings.watch(self, OVERLAY.values(), self._draw)
        self._settings.watch(self, (settings.LEAVE_OUT_LOW_QUALITY,), self._leave_out)
        self._settings.watch(self, (settings.REVIEW_SOUND,), self._apply_sound)

    def _slots(self) -> dict[str, Callable[..., object]]:
        """What each row of the table of actions does."""

        def played(do: Callable[[Player], object]) -> Callable[[], object]:
            return lambda: do(self.player) if self.player is not None else None

        return {
            "open": self.ask,
            "show_folder": lambda: show_in_files(self._session().folder, self.notify),
            "screenshot": self._screenshot,
            "delete_session": self._delete_session,
            "close": self.close,
            "add": lambda: self.editing.add(),
            "edit": lambda: self.editing.edit(),
            "delete": lambda: self.editing.delete(),
            "earlier": lambda: self.editing.nudge(-1),
            "later": lambda: self.editing.nudge(1),
            **{f"marker_{key}": lambda k=k: self.editing.add_slot(k) for k, key in enumerate(ANNOTATION_KEYS)},
            "undo": lambda: self.editing.undo(),
            "redo": lambda: self.editing.redo(),
            "next_face": lambda: self.panes.faces.choose_next(),
            "name_face": lambda: self.identifying.name(),
            "merge_faces": lambda: self.identifying.merge(),
            "separate_face": lambda: self.identifying.separate(),
            "play": played(lambda player: player.toggle()),
            "back": played(lambda player: player.step(-1)),
            "on": played(lambda player: player.step(1)),
            "second_back": played(lambda player: player.seek(player.time_s - 1)),
            "second_on": played(lambda player: player.seek(player.time_s + 1)),
            "previous_marker": lambda: self.editing.go(-1),
            "next_marker": lambda: self.editing.go(1),
            "start": played(lambda player: player.go_to(0)),
            "end": played(lambda player: player.go_to(len(self._session()) - 1)),
            "slower": played(lambda player: player.change_speed(-1)),
            "faster": played(lambda player: player.change_speed(1)),
            "loop": lambda on: self._selection_changed(),
            "zoom_in": lambda: self.timeline.zoom(ZOOM_STEP**2),
            "zoom_out": lambda: self.timeline.zoom(ZOOM_STEP**-2),
            "whole": lambda: self.timeline.fit(),
            "zoom_selection": lambda: self.measuring.zoom(),
            "select_from": played(lambda player: self.measuring.begin(player.time_s)),
            "select_to": played(lambda player: self.measuring.end(player.time_s)),
            "select_marker": lambda: self.measuring.select(self.editing.chosen_range()),
            "select_none": self._escape,
            "copy": lambda: self.measuring.copy(),
            "side": lambda on: self.panes.side.setVisible(on),
            "reanalyse": self._reanalyse,
            "compare": lambda: self.transport.tables.showPopup(),
            "keys": self._show_keys,
        }

    def _show_keys(self) -> None:
        dialog = KeysDialog(self, (*key_lines(REVIEW), *REVIEW_MOUSE))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    # ------------------------------------------------------------------ opening

    @property
    def folder(self) -> Path | None:
        """The session's that is shown, or was to be."""
        return self._folder

    def ask(self) -> None:
        """Ask for a session's folder and open it."""
        start = self._folder.parent if self._folder is not None else self._settings.get(settings.RECORDINGS)
        dialogs.ask_folder(self, "Open a recorded session", str(start), lambda folder: self.open(Path(folder)))

    def open(self, folder: Path) -> None:
        """Read a session in the background and show it, or why that can't be."""
        self._opening += 1
        number = self._opening
        self._let_go()
        self._folder = folder
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
        """Show a session that has been read."""
        self._let_go()
        session = loaded.session
        self._loaded, self._folder, self.problem = loaded, session.folder, None
        self.setWindowTitle(without_placeholder(f"{session.folder.name} – Review"))
        self.view.set_message("")
        self._draw()
        self.player = Player(session.times_s, self)
        self.player.moved.connect(self._moved)
        self.player.playing_changed.connect(self._playing_changed)
        self.player.speed_changed.connect(self.transport.set_speed)
        self.transport.speed_chosen.connect(self.player.set_speed)
        self.timeline.sought.connect(self.player.seek)
        self.player.set_speed(self.transport.speed.currentData())
        self.sound.use(session.sound, self.player)
        self.annotations = EditedAnnotations(
            session.annotations,
            AnnotationFile(session.folder / ANNOTATIONS),
            session.frame_at,
            self.undo_stack,
            self,
        )
        self.presenter = FramePresenter(self.view, session, self)
        self.presenter.problem.connect(lambda text: self.notify(Message(text, Severity.WARNING)))
        self.comparing.use(loaded)
        self._use_content(loaded.content)
        self.timeline.fit()
        self.measuring.use(loaded)
        self.editing.use(self.annotations, self.player, self.measuring, loaded.content.total_s)
        self.identities = EditedIdentities(session, self.undo_stack, self)
        self.identifying.use(self.identities)
        self.exports.use(session)
        self._enable(True)
        self._moved(0)
        header = session.manifest.header
        about = [f"{len(session)} frames", *filter(None, (header.participant, header.task, header.weights_name))]
        self.panes.about.setText("  ·  ".join(about))
        problems = " ".join(session.problems).replace(f"{session.folder}{os.sep}", "")
        remark = problems or session.video_problem or session.manifest.ended_by
        if remark:
            wished = not header.pictures and not session.manifest.ended_by and not problems
            self.notify(Message(remark, Severity.INFO if wished else Severity.WARNING))
        else:
            skipped = skipped_text(loaded.rows.missing) if session.video is not None else ""
            self.notify(Message(skipped or WHAT_KEYS_DO, Severity.INFO))
        self.timeline.setFocus()
        self.opened.emit()

    def _show_problem(self, error: Exception) -> None:
        self.problem = error
        self.view.set_message("This can't be opened", sentence(error))
        self.notify(Message(sentence(error), Severity.ERROR))
        self.commands["delete_session"].setEnabled(self._folder is not None)  # damaged ones must go, too
        self.recover_button.setVisible(isinstance(error, CutOffError))
        if self.recover_button.isVisibleTo(self):
            self.recover_button.setFocus()
        self.opened.emit()

    def _recover(self) -> None:
        folder = self._folder
        if folder is None:
            return
        self.recover_button.hide()
        self.view.set_message("Recovering…", folder.name)
        self._background.run("recover", lambda: recover(folder), lambda _: self.open(folder), self._show_problem)

    def _let_go(self) -> None:
        """Of the session that was shown; its annotations are saved."""
        self.recover_button.hide()
        problem = self._save()
        if problem:
            self.notify(Message(problem, Severity.ERROR))
        self.undo_stack.clear()
        self.editing.use(None, None, None, 0.0)
        self.measuring.use(None)
        self.identifying.use(None)
        self.exports.use(None)
        self.comparing.use(None)
        self.exports.job.finish()
        self.reanalysis.close()
        self.sound.use(None, None)
        if self.player is not None:
            self.player.pause()
        if self.presenter is not None:
            self.presenter.close()
        if self._loaded is not None:
            self._loaded.session.close()
        for part in (self.player, self.presenter, self.identities, self.annotations):
            if part is not None:
                part.deleteLater()
        self.player = self.presenter = self.annotations = self.identities = self._loaded = self._content = None
        self.view.show_result(None)
        self._enable(False)

    def _enable(self, on: bool) -> None:
        always = {"open", "close", "keys", "side", "screenshot"}
        for name, action in self.commands.items():
            action.setEnabled(on or name in always)
        self.commands["undo"].setEnabled(self.undo_stack.canUndo())
        self.commands["redo"].setEnabled(self.undo_stack.canRedo())
        self.transport.setEnabled(on)
        self.timeline.setEnabled(on)
        if on:
            self.commands["reanalyse"].setEnabled(self._session().video is not None)
            self.commands["compare"].setEnabled(bool(self.comparing.names))
            self.editing.refresh()
            self.measuring.refresh()
            self.measuring.refresh_actions(self.commands)
            self.identifying.refresh()

    def _session(self) -> Session:
        assert self._loaded is not None
        return self._loaded.session

    # ------------------------------------------------------------------ showing

    def _moved(self, frame: int) -> None:
        player, content = self.player, self._content
        if player is None or content is None or self.presenter is None or self._loaded is None:
            return
        self.presenter.request(frame)
        session = self._session()
        self.timeline.show_cursor(player.time_s, follow=player.playing)
        self.transport.show_place(player.time_s, content.total_s, frame, len(session))
        self.transport.numbers.show_numbers(numbers_of(self._loaded, content, frame))

    def _playing_changed(self, playing: bool) -> None:
        self.transport.set_playing(playing)
        self.commands["play"].setText("&Pause" if playing else "&Play")

    def _use_content(self, content: Content) -> None:
        self._content = content
        self.timeline.show_content(content, self._loaded.rows.success if self._loaded is not None else None)
        if self.presenter is not None:
            self.presenter.compare(content)

    def _compare(self, content: Content) -> None:
        """Show the curves together with those of another table, or alone again."""
        self._use_content(content)
        self.measuring.compare(content)
        self.exports.compare(self.comparing.analysis_name)
        self.commands["compare"].setEnabled(bool(self.comparing.names))
        if self.player is not None:
            self._moved(self.player.frame)

    def _show_face(self, face: int | None) -> None:
        """Show the curves of this face, or of each frame's first one, as soon as they are gathered."""
        if self._loaded is None:
            return
        self._face_serial += 1
        number, session = self._face_serial, self._session()
        self._draw()

        def done(loaded: Loaded) -> None:
            if number == self._face_serial and self._loaded is not None and self._session() is session:
                self._loaded = loaded
                self.comparing.use(loaded)
                self.measuring.show_face(loaded)
                if self.presenter is not None:
                    self.presenter.show_face(face)
                self._compare(loaded.content)

        def failed(error: Exception) -> None:
            self.notify(Message(sentence(error), Severity.ERROR))

        self._background.run("face", lambda: load_face(session, face), done, failed)

    def _reanalyse(self) -> None:
        session = self._session()
        self.reanalysis.ask(session.folder, len(session))

    def _selection_changed(self) -> None:
        looped = self.commands["loop"].isChecked()
        if self.player is not None:
            self.player.loop = self.measuring.selection if looped else None
        self.measuring.refresh_actions(self.commands)

    def _escape(self) -> None:
        if not self.timeline.cancel_drag():
            self.measuring.select(None)

    def _apply_sound(self) -> None:
        self.sound.switch(self._settings.get(settings.REVIEW_SOUND))

    def _leave_out(self) -> None:
        self.measuring.leave_out(self._settings.get(settings.LEAVE_OUT_LOW_QUALITY))

    def _draw(self) -> None:
        if self._loaded is None:
            self.view.set_style(overlay_style(self._settings, None))
        else:
            session = self._session()
            names = session.manifest.header.keypoint_names
            self.view.set_style(overlay_style(self._settings, names, session.identities.names))

    def notify(self, message: Message) -> None:
        """One sentence in the line at the bottom."""
        self.status_line.show_message(message)

    def _delete_session(self) -> None:
        if self._folder is not None:
            self.deleting.ask(self._folder)

    def _screenshot(self) -> None:
        folder = self._folder if self._folder is not None and self._folder.is_dir() else Path.cwd()
        self.notify(dialogs.save_screenshot(self, folder))

    def take(self, paths: list[Path]) -> None:
        folder = paths[0] if paths[0].is_dir() else paths[0].parent
        # After the drop has ended: opening may take a moment, and the other program waits for the answer.
        QTimer.singleShot(0, lambda: self.open(folder))

    # ------------------------------------------------------------------ the end

    def _save(self) -> str:
        """Everything that was changed is on the disk afterwards; else why not."""
        parts = (part for part in (self.annotations, self.identities) if part is not None)
        return " ".join(filter(None, [part.close() for part in parts]))

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
