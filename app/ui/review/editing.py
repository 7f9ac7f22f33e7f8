"""What the user does to annotations, by mouse, by key or in the panel, carried out."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QUndoStack

from app.session.annotations import Annotation
from app.ui.features.annotations.annotations import AnnotationSlot, read_slots
from app.ui.review.annotation_list import AnnotationDialog
from app.ui.review.annotations import EditedAnnotations
from app.ui.review.measuring import Measuring
from app.ui.review.panes import Surroundings
from app.ui.review.player import Player
from app.ui.shell import settings
from app.ui.shell.commands import ANNOTATION_KEYS
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.plain_text import without_mnemonic


class Editing(QObject):
    """Keeps timeline, panel and actions in step with the annotations, and knows which one is chosen."""

    def __init__(
        self,
        edited: EditedAnnotations,
        player: Player,
        measuring: Measuring,
        undo_stack: QUndoStack,
        around: Surroundings,
    ) -> None:
        super().__init__(edited)
        self._edited = edited
        self._player = player
        self._measuring = measuring
        self._undo_stack = undo_stack
        self._around = around
        self._timeline = timeline = around.panes.timeline
        self._panel = panel = around.panes.annotation_list
        self._commands = around.commands
        self._notify = around.notify
        self._begun: dict[str, float] = {}  # intervals whose key was pressed once, and where
        self.chosen = -1
        self.dialog: AnnotationDialog | None = None
        timeline.annotation_chosen.connect(self.choose)
        timeline.annotation_dragged.connect(edited.move)
        timeline.annotation_opened.connect(self._opened)
        timeline.annotation_wanted.connect(self.add)
        for name, word, can, text in (
            ("undo", "&Undo", undo_stack.canUndoChanged, undo_stack.undoTextChanged),
            ("redo", "&Redo", undo_stack.canRedoChanged, undo_stack.redoTextChanged),
        ):
            action = self._commands[name]
            can.connect(action.setEnabled)
            text.connect(lambda what, a=action, w=word: a.setText(f"{w} {without_mnemonic(what)}".rstrip()))
        panel.chosen.connect(self._chosen_in_panel)
        panel.opened.connect(self._opened)
        edited.changed.connect(self._changed)
        edited.failed.connect(lambda text: self._notify(Message(text, Severity.ERROR)))
        self._changed(-1)

    def close(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        self._timeline.show_annotations(())
        self._panel.show_annotations((), -1, {})

    def choose(self, number: int) -> None:
        """This annotation is the one that is edited, moved, deleted; -1: none."""
        self.chosen = number
        self._panel.choose(number)
        self._timeline.show_annotations(self._edited.annotations, number)
        self.refresh()

    def chosen_range(self) -> tuple[float, float] | None:
        """What the chosen interval covers; None for a point, or where none is chosen."""
        one = self._one
        return (one.onset_s, one.onset_s + one.duration_s) if one is not None and one.duration_s > 0 else None

    def add(self, at_s: float | None = None) -> None:
        """Ask for a new annotation: at a time, over the selection, or at the cursor."""
        onset, duration = self._player.time_s if at_s is None else at_s, 0.0
        selection = self._measuring.selection
        if selection is not None and at_s is None:
            onset, duration = selection[0], selection[1] - selection[0]
        last = self._one.label if self._one is not None else ""
        annotation = Annotation(onset, duration, last or next(iter(self._labels()), "marker"), "", 0)
        self._ask("Add marker", annotation, self._edited.add)

    def add_slot(self, number: int) -> None:
        """The annotation of a key, as while recording: a point, or an interval from one press to the next.

        Over the selection it is an interval in any case.
        """
        slot = self._slots()[number]
        here = self._player.time_s
        selection = self._measuring.selection
        if selection is not None:
            self._edited.add(selection[0], selection[1] - selection[0], slot.label)
        elif not slot.interval:
            self._edited.add(here, 0.0, slot.label)
        elif slot.label in self._begun:
            began = self._begun.pop(slot.label)
            self._edited.add(min(began, here), abs(here - began), slot.label)
            self._notify(Message(f"{slot.label}, {abs(here - began):.2f} s long."))
        else:
            self._begun[slot.label] = here
            self._notify(Message(f"{slot.label} begins here; the same key again where it ends."))

    def _slots(self) -> tuple[AnnotationSlot, ...]:
        return read_slots(self._around.store.get(settings.ANNOTATIONS))

    def _labels(self) -> list[str]:
        """To choose from: the keys', then what else is in use, the program's own ("filter") among it."""
        used = (annotation.label for annotation in self._edited.annotations if annotation.label)
        return list(dict.fromkeys([*(slot.label for slot in self._slots()), *used]))

    def edit(self) -> None:
        edited, number, one = self._edited, self.chosen, self._one
        if one is None:
            return

        def change(onset_s: float, duration_s: float, label: str, note: str) -> None:
            annotation = edited.annotations[number]
            # Fields show milliseconds; what wasn't touched keeps its exact value.
            onset = annotation.onset_s if abs(onset_s - annotation.onset_s) < 0.0006 else onset_s
            duration = annotation.duration_s if abs(duration_s - annotation.duration_s) < 0.0006 else duration_s
            edited.change(number, onset, duration, label, note)

        self._ask("Edit marker", one, change)

    def delete(self) -> None:
        one = self._one
        if one is not None:
            self._edited.delete(self.chosen)
            self._notify(Message(f"Deleted {one.label or 'marker'}; Ctrl+Z brings it back."))

    def undo(self) -> None:
        what = self._undo_stack.undoText()
        self._undo_stack.undo()
        self._notify(Message(f"Undone: {what}."))

    def redo(self) -> None:
        what = self._undo_stack.redoText()
        self._undo_stack.redo()
        self._notify(Message(f"Done again: {what}."))

    def nudge(self, frames: int) -> None:
        one = self._one
        if one is not None:
            self._edited.move(self.chosen, self._player.stepped(one.onset_s, frames), one.duration_s)

    def go(self, direction: int) -> None:
        """Go to the next (1) or the previous (-1) annotation."""
        ahead = [(one.frame - self._player.frame) * direction for one in self._edited.annotations]
        beyond = [number for number, frames in enumerate(ahead) if frames > 0]
        if beyond:
            self._chosen_in_panel(min(beyond, key=lambda number: ahead[number]))
        else:
            self._notify(Message(f"There is no {'later' if direction > 0 else 'earlier'} marker."))

    def refresh(self) -> None:
        for name in ("edit", "delete", "earlier", "later"):
            self._commands[name].setEnabled(self._one is not None)
        self._commands["select_marker"].setEnabled(self.chosen_range() is not None)
        for key, slot in zip(ANNOTATION_KEYS, self._slots(), strict=True):
            self._commands[f"marker_{key}"].setText(f"&{key}  {without_mnemonic(slot.label)}".rstrip())
        for name in ("previous_marker", "next_marker"):
            self._commands[name].setEnabled(bool(self._edited.annotations))

    @property
    def _one(self) -> Annotation | None:
        return self._edited.annotations[self.chosen] if 0 <= self.chosen < len(self._edited.annotations) else None

    def _changed(self, chosen: int) -> None:
        self.chosen = chosen
        self._timeline.show_annotations(self._edited.annotations, chosen)
        self._panel.show_annotations(self._edited.annotations, chosen, self._timeline.colours)
        self.refresh()

    def _opened(self, number: int) -> None:
        self.choose(number)
        self.edit()

    def _chosen_in_panel(self, number: int) -> None:
        self.choose(number)
        annotation = self._edited.annotations[number]
        self._player.go_to(annotation.frame)
        self._timeline.set_scale(self._timeline.scale_shown.including(annotation.onset_s))

    def _ask(self, title: str, annotation: Annotation, done: Callable[[float, float, str, str], object]) -> None:
        total_s = self._measuring.total_s
        self.dialog = AnnotationDialog(self._around.window, title, annotation, total_s, self._labels(), done)
        self.dialog.finished.connect(self._dialog_closed)
        self.dialog.open()

    def _dialog_closed(self) -> None:
        self.dialog = None
