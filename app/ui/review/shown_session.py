"""The session that the review window shows, and all that plays, measures and edits it; made anew for each."""

from __future__ import annotations

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QUndoStack

from app.session.annotation_file import AnnotationFile
from app.session.folders import ANNOTATIONS
from app.ui.live.drawing import OVERLAY, overlay_style
from app.ui.review.annotations import EditedAnnotations
from app.ui.review.comparing import Comparing
from app.ui.review.content import Content
from app.ui.review.editing import Editing
from app.ui.review.frame_text import numbers_of
from app.ui.review.identities import EditedIdentities, Identifying
from app.ui.review.loading import Loaded, load_face
from app.ui.review.measuring import Measuring
from app.ui.review.panes import Surroundings
from app.ui.review.player import Player
from app.ui.review.presenter import FramePresenter
from app.ui.review.sound import ReviewSound
from app.ui.shell import settings
from app.ui.shell.messages import Message, Severity


class ShownSession(QObject):
    """Keeps picture, timeline, numbers and actions in step with the frame and the tables that are looked at."""

    def __init__(self, loaded: Loaded, around: Surroundings) -> None:
        super().__init__(around.window)
        self.loaded = loaded
        self.session = session = loaded.session
        self._around = around
        self._content = loaded.content
        notify = around.notify
        self._view, self._timeline, self._transport = around.panes.view, around.panes.timeline, around.panes.transport
        self.undo_stack = QUndoStack(self)
        self.player = Player(session.times_s, self)
        self.player.moved.connect(self._moved)
        self.player.playing_changed.connect(self._playing_changed)
        self.player.speed_changed.connect(self._transport.set_speed)
        self._transport.speed_chosen.connect(self.player.set_speed)
        self._timeline.sought.connect(self.player.seek)
        self.player.set_speed(self._transport.speed.currentData())
        self.sound = ReviewSound(session.sound, self.player, notify, self)
        self.presenter = FramePresenter(self._view, session, self)
        self.presenter.problem.connect(lambda text: notify(Message(text, Severity.WARNING)))
        self.comparing = Comparing(loaded, around, self)
        self.comparing.changed.connect(self._compare)
        self._use_content(loaded.content)
        self._timeline.fit()
        self.measuring = Measuring(loaded, around, self)
        self.measuring.changed.connect(self.apply_selection)
        file = AnnotationFile(session.folder / ANNOTATIONS)
        self.annotations = EditedAnnotations(session.annotations, file, session.frame_at, self.undo_stack, self)
        self.editing = Editing(self.annotations, self.player, self.measuring, self.undo_stack, around)
        self.identities = EditedIdentities(session, self.undo_stack, self)
        self.identifying = Identifying(self.identities, around)
        self.identifying.followed.connect(self._show_face)
        store = around.store
        for watched, apply in (
            (OVERLAY.values(), self._draw),
            (
                (settings.LEAVE_OUT_LOW_QUALITY,),
                lambda: self.measuring.leave_out(store.get(settings.LEAVE_OUT_LOW_QUALITY)),
            ),
            ((settings.REVIEW_SOUND,), lambda: self.sound.switch(store.get(settings.REVIEW_SOUND))),
        ):
            store.watch(self, watched, apply)
            apply()
        around.exports.use(session)

    def start(self) -> None:
        """Say what can be done, and show the first frame."""
        commands = self._around.commands
        commands["undo"].setEnabled(False)
        commands["redo"].setEnabled(False)
        commands["reanalyse"].setEnabled(self.session.video is not None)
        commands["compare"].setEnabled(bool(self.comparing.names))
        self.editing.refresh()
        self.identifying.refresh()
        self.apply_selection()
        self._moved(0)

    def save(self) -> str:
        """Everything that was changed is on the disk afterwards; else why not."""
        return " ".join(filter(None, (self.annotations.flush(), self.identities.flush())))

    def close(self) -> None:
        """Let go of the session: nothing of it is shown, and what is still counted or read is forgotten."""
        self._around.background.forget("face")
        self.undo_stack.clear()
        self.editing.close()
        self.measuring.close()
        self.identifying.close()
        self.comparing.close()
        self._around.exports.use(None)
        self.sound.close()
        self.player.pause()
        self.presenter.close()
        self.session.close()
        self.deleteLater()

    def _moved(self, frame: int) -> None:
        self.presenter.request(frame)
        player, frames = self.player, len(self.session)
        self._timeline.show_cursor(player.time_s, follow=player.playing)
        self._transport.show_place(player.time_s, self._content.total_s, frame, frames)
        self._transport.numbers.show_numbers(numbers_of(self.loaded, self._content, frame))

    def _playing_changed(self, playing: bool) -> None:
        self._transport.set_playing(playing)
        self._around.commands["play"].setText("&Pause" if playing else "&Play")

    def _use_content(self, content: Content) -> None:
        self._content = content
        self._timeline.show_content(content, self.loaded.rows.success)
        self.presenter.compare(content)

    def _compare(self, content: Content) -> None:
        """Compare the curves with another table, or show them alone again."""
        self._use_content(content)
        self.measuring.compare(content)
        self._around.exports.compare(self.comparing.analysis_name)
        self._around.commands["compare"].setEnabled(bool(self.comparing.names))
        self._moved(self.player.frame)

    def _show_face(self, face: int | None) -> None:
        """Show the curves of this face, or of each frame's first one, as soon as they are gathered."""
        session = self.session
        self._draw()

        def done(loaded: Loaded) -> None:
            self.loaded = loaded
            self.comparing.use(loaded)
            self.measuring.show_face(loaded)
            self.presenter.show_face(face)
            self._compare(loaded.content)

        self._around.background.run("face", lambda: load_face(session, face), done, latest=True)

    def apply_selection(self) -> None:
        """Play it over and over where that is wished."""
        commands = self._around.commands
        self.player.loop = self.measuring.selection if commands["loop"].isChecked() else None
        commands["zoom_selection"].setEnabled(self.measuring.selection is not None)

    def escape(self) -> None:
        """End a drag, or else the selection."""
        if not self._timeline.cancel_drag():
            self.measuring.select(None)

    def _draw(self) -> None:
        names = self.session.manifest.header.keypoint_names
        self._view.set_style(overlay_style(self._around.store, names, self.session.identities.names))
