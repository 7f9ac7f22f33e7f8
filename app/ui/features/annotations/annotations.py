"""Annotations by key, notes, and what the experimenter says of a session: as set, remembered and confirmed."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDialogButtonBox, QLineEdit, QWidget

from app.core.clock import now_s
from app.core.errors import SessionError
from app.session.manifest import SessionFields
from app.session.naming import DEFAULT_NAME, folder_name
from app.ui.features.annotations.strip import AnnotationStrip, Chip
from app.ui.live.live_view import LiveView
from app.ui.shell import settings
from app.ui.shell.commands import ANNOTATION_KEYS, describe
from app.ui.shell.controller import Controller
from app.ui.shell.dialogs import AskingDialog
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background
from app.ui.widgets.building import named, there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import clock, duration
from app.ui.widgets.plain_text import without_mnemonic

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.session.annotations import Annotation, WrittenAnnotation

CHIP_S = 2.5  # how long a point that was set stands in the picture
LATEST_KEPT = 50  # of the latest annotations, for the panel


@dataclass(frozen=True, slots=True)
class AnnotationSlot:
    """What one of the keys 1 to 9 sets."""

    label: str
    interval: bool = False  # begins with the first press and ends with the next


@dataclass(frozen=True, slots=True)
class LatestAnnotation:
    """A line for the panel: ``seconds`` from the recording's first frame."""

    seconds: float
    text: str


def default_slots() -> tuple[AnnotationSlot, ...]:
    """A point for each key."""
    return tuple(AnnotationSlot(f"marker {key}") for key in ANNOTATION_KEYS)


def read_slots(text: str) -> tuple[AnnotationSlot, ...]:
    """As ``write_slots`` wrote them; the defaults for what can't be read."""
    slots = default_slots()
    try:
        known = [AnnotationSlot(str(label), bool(interval)) for label, interval in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return slots
    return (*known, *slots[len(known) :])[: len(slots)]


def write_slots(slots: tuple[AnnotationSlot, ...]) -> str:
    """The slots as JSON, for the settings."""
    return json.dumps([[slot.label, slot.interval] for slot in slots], ensure_ascii=False)


class NoteBox(AskingDialog):
    """One line; Enter keeps it, Escape doesn't.  The window goes on meanwhile."""

    def __init__(self, parent: QWidget, seconds: float, write: Callable[[str], object]) -> None:
        """``write`` gets what was typed, if anything was."""
        super().__init__(there(parent.window()), f"Note at {clock(seconds, 1)}", QDialogButtonBox.StandardButton.Save)
        self.text = named(QLineEdit(), "Note")
        self.text.setMinimumWidth(self.fontMetrics().averageCharWidth() * 60)
        self.hold(dim_label("It gets the time at which this box was opened."), self.text, spacing=8)
        self.text.setFocus()
        self.accepted.connect(lambda: write(self.text.text().strip()) if self.text.text().strip() else None)


class AnnotationControls(QObject):
    """Keeps the markers' keys, the session's fields, the pipeline and the settings in step.

    Of the fields only the task is remembered for the next start: a participant or a consent that
    is carried over by accident is worse than one that is missing.
    """

    changed = pyqtSignal()  # something below did

    def __init__(
        self,
        controller: Controller,
        commands: Mapping[str, QAction],
        store: Settings,
        view: LiveView,
        window: QObject,
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._commands = commands
        self._settings = store
        self._view = view
        # A key that ends an interval must not overtake the one that began it.
        self._background = Background(self, controller.complain, serial=True)
        self._strip = AnnotationStrip(view)
        self._note: NoteBox | None = None
        self._chips: deque[tuple[float, Chip]] = deque()  # until when a point is shown
        self.fields = SessionFields()
        self.slots = default_slots()
        self.recording = False
        self.running: tuple[Chip, ...] = ()  # intervals that have begun
        self.latest: deque[LatestAnnotation] = deque(maxlen=LATEST_KEPT)
        self._seconds = 0.0  # into the recording, as last looked at
        for name in (*(f"marker_{key}" for key in ANNOTATION_KEYS), "note"):
            commands[name].setAutoRepeat(False)  # a key held down is one annotation
        controller.source_changed.connect(lambda _: self._apply())  # by then there is a pipeline
        remembered = (settings.ANNOTATIONS, settings.TASK, settings.CODEC)
        store.watch(self, remembered, self._restore)
        self._restore()

    def _restore(self) -> None:
        self.slots = read_slots(self._settings.get(settings.ANNOTATIONS))
        self.fields = replace(self.fields, task=self._settings.get(settings.TASK))
        self._apply()

    # ------------------------------------------------------------------ what is set

    def folder_name(self) -> str:
        """What a recording that begins now is called; by date and time where the pattern leaves nothing."""
        try:
            pattern = self._settings.get(settings.RECORDING_NAME)
            return folder_name(pattern, self.fields.participant, self.fields.task)
        except SessionError:
            return folder_name(DEFAULT_NAME)

    def use_slot(self, key: str, slot: AnnotationSlot) -> None:
        """What this key sets from now on; an interval that has begun keeps the label it began with."""
        i = ANNOTATION_KEYS.index(key)
        slot = replace(slot, label=slot.label.strip() or f"marker {key}")
        slots = (*self.slots[:i], slot, *self.slots[i + 1 :])
        self._settings.set(settings.ANNOTATIONS, write_slots(slots))

    def use_fields(self, fields: SessionFields) -> None:
        """For the recording that runs, if one does, and the next ones."""
        if fields != self.fields:
            self.fields = fields
            self._settings.set(settings.TASK, fields.task)

    def new_participant(self) -> None:
        """Only the task stays: nobody's consent or comment is taken for another's."""
        self.use_fields(SessionFields(task=self.fields.task))

    def describe(self, about: Mapping[str, str]) -> None:
        """Say this, by the fields' names; of another participant only the task is known, and what is said here."""
        fields = self.fields
        if about.get("participant", fields.participant) != fields.participant:
            fields = SessionFields(task=fields.task)
        self.use_fields(replace(fields, **about))

    def _apply(self) -> None:
        for key, slot in zip(ANNOTATION_KEYS, self.slots, strict=True):
            action = self._commands[f"marker_{key}"]
            action.setText(f"&{key}  {without_mnemonic(slot.label)}")
            what = "Begin or end" if slot.interval else "Mark"
            describe(action, f"{what} “{slot.label}”")
        pipeline = self._controller.pipeline
        if pipeline is not None:
            pipeline.recorder.set_codec(self._settings.get(settings.CODEC))
            pipeline.recorder.set_fields(self.fields)
        self.changed.emit()

    # ------------------------------------------------------------------ annotations

    def press(self, key: str) -> None:
        """Set the key's annotation now, or begin or end its interval."""
        at_s, slot, pipeline = now_s(), self.slots[ANNOTATION_KEYS.index(key)], self._controller.pipeline
        if pipeline is None:
            self._controller.notify("Nothing is recorded yet.")
            return
        self._background.run(
            f"marker {key}",
            lambda: pipeline.annotate(key, slot.label, slot.interval, at_s),
            lambda written: self.show_written(key, slot.label, written),
        )

    def show_written(self, key: str, label: str, written: WrittenAnnotation | None) -> None:
        """What became of an annotation; ``key`` is empty where it was no key of the window."""
        if written is None:
            self._controller.notify(f"Sent “{label}”; nothing is recorded.")
            return
        annotation = written.annotation
        at = clock(annotation.onset_s, 1)
        match written.kind.value:
            case "begun":
                text, shown = f"“{annotation.label}” began at {at}; {key} ends it.", f"{annotation.label} began"
            case "ended":
                lasted = clock(annotation.duration_s, 1)
                text = f"“{annotation.label}” ended after {lasted}, from {at}."
                shown = f"{annotation.label}, {lasted} long"
            case _:
                text, shown = f"“{annotation.label}” marked at {at}.", annotation.label
                self._chips.append((now_s() + CHIP_S, Chip(key, annotation.label, at, running=False)))
        self._controller.notify(text, Severity.GOOD)
        self._add_latest(annotation.onset_s, shown)

    def _add_latest(self, seconds: float, text: str) -> None:
        self.latest.appendleft(LatestAnnotation(seconds, text))
        self._show_strip()
        self.changed.emit()

    # ------------------------------------------------------------------ notes

    def ask_note(self) -> None:
        """Open the box; its text belongs to this moment, however long it takes to write."""
        if self._note is not None:
            self._note.raise_()
            self._note.activateWindow()
            return
        if not self.recording:
            self._controller.notify("Nothing is recorded, so there is no place for a note; R starts a recording.")
            return
        at_s = now_s()
        self._note = NoteBox(self._view, self._seconds, lambda text: self._write_note(text, at_s))
        self._note.finished.connect(self._forget_note)
        self._note.show()

    def _forget_note(self) -> None:
        if self._note is not None:
            self._note.deleteLater()
            self._note = None

    def _write_note(self, text: str, at_s: float) -> None:
        pipeline = self._controller.pipeline
        if pipeline is not None:
            self._background.run("note", lambda: pipeline.note(text, at_s), self._noted)

    def _noted(self, annotation: Annotation) -> None:
        self._controller.notify(f"Note written at {clock(annotation.onset_s, 1)}.", Severity.GOOD)
        self._add_latest(annotation.onset_s, f"note: {annotation.note}")

    # ------------------------------------------------------------------ the regular look

    def show_status(self, status: PipelineStatus) -> None:
        stats = status.recording
        recording = status.recording_active and stats is not None
        if recording and not self.recording:
            self.latest.clear()
        self._seconds = stats.seconds if stats is not None else 0.0
        running: tuple[Chip, ...] = ()
        if recording and stats is not None:
            running = tuple(
                Chip(item.key, item.annotation.label, duration(stats.seconds - item.annotation.onset_s), running=True)
                for item in stats.intervals
            )
        differs = (recording, running) != (self.recording, self.running)
        self.recording, self.running = recording, running
        self._show_strip()
        if differs:
            self.changed.emit()

    def _show_strip(self) -> None:
        while self._chips and self._chips[0][0] < now_s():
            self._chips.popleft()
        self._strip.show_chips((*self.running, *(chip for _, chip in self._chips)))

    # ------------------------------------------------------------------ the end

    def finish(self) -> None:
        """The window is about to close: a note that is being written is kept."""
        if self._note is not None:
            self._note.accept()

    def close(self) -> None:
        self._background.close(2.0)
