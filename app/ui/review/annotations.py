"""The annotations of a session while they are edited: every change can be undone, and is on the disk at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoStack

from app.session.annotation_file import AnnotationFile
from app.session.annotations import Annotation
from app.ui.shell.controller import sentence
from app.ui.widgets.background import Background

Annotations = tuple[Annotation, ...]


class EditedAnnotations(QObject):
    """The annotations in the order of time.  ``changed`` says which one to look at then, -1 for none."""

    changed = pyqtSignal(int)
    saved = pyqtSignal()
    failed = pyqtSignal(str)  # one sentence; the next change tries again

    def __init__(
        self,
        annotations: Iterable[Annotation],
        file: AnnotationFile,
        frame_at: Callable[[float], int],
        parent: QObject | None = None,
    ) -> None:
        """``frame_at``: the number of the frame that is on the screen at a time."""
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._annotations: Annotations = tuple(sorted(annotations, key=_order))
        self._file = file
        self._frame_at = frame_at
        self._background = Background(self)  # the disk may take its time
        self._saving = self._unsaved = False

    @property
    def annotations(self) -> Annotations:
        return self._annotations

    @property
    def unsaved(self) -> bool:
        """Whether something isn't on the disk yet."""
        return self._saving or self._unsaved

    def add(self, onset_s: float, duration_s: float, label: str, note: str = "") -> None:
        annotation = self._annotation(onset_s, duration_s, label, note)
        self._push(f"add {label or 'marker'}", (*self._annotations, annotation), annotation)

    def change(self, number: int, onset_s: float, duration_s: float, label: str, note: str) -> None:
        """Give annotation ``number`` these values; nothing happens where it has them already."""
        old, annotation = self._annotations[number], self._annotation(onset_s, duration_s, label, note)
        if annotation == old:
            return
        moved = (annotation.label, annotation.note) == (old.label, old.note)
        what = "move" if moved else "edit"
        others = self._annotations[:number] + self._annotations[number + 1 :]
        self._push(f"{what} {old.label or 'marker'}", (*others, annotation), annotation)

    def move(self, number: int, onset_s: float, duration_s: float) -> None:
        annotation = self._annotations[number]
        self.change(number, onset_s, duration_s, annotation.label, annotation.note)

    def delete(self, number: int) -> None:
        annotation = self._annotations[number]
        self._push(
            f"delete {annotation.label or 'marker'}", self._annotations[:number] + self._annotations[number + 1 :], None
        )

    def close(self, timeout_s: float = 5.0) -> str:
        """Save what is left to save; what went wrong, one sentence, or nothing."""
        self._background.close(timeout_s)
        if not self.unsaved:
            return ""
        try:
            self._file.save(self._annotations)
        except Exception as error:
            return sentence(error)
        self._saving = self._unsaved = False
        return ""

    def _annotation(self, onset_s: float, duration_s: float, label: str, note: str) -> Annotation:
        onset = round(max(0.0, onset_s), 6)
        return Annotation(onset, round(max(0.0, duration_s), 6), _line(label), _line(note), self._frame_at(onset))

    def _push(self, text: str, annotations: Annotations, chosen: Annotation | None) -> None:
        self.undo_stack.push(_Change(text, self, self._annotations, tuple(sorted(annotations, key=_order)), chosen))

    def put(self, annotations: Annotations, chosen: Annotation | None) -> None:
        """For the undo stack: these are the annotations now."""
        self._annotations = annotations
        self.changed.emit(annotations.index(chosen) if chosen is not None and chosen in annotations else -1)
        self._unsaved = True
        self.save()

    def save(self) -> None:
        """Write them in the background; changes meanwhile are written after it."""
        if self._saving or not self._unsaved:
            return
        self._saving, self._unsaved = True, False
        annotations = self._annotations

        def done(_: None) -> None:
            self._saving = False
            self.save()
            if not self.unsaved:
                self.saved.emit()

        def failed(error: Exception) -> None:
            self._saving, self._unsaved = False, True
            self.failed.emit(sentence(error))

        self._background.run("save markers", lambda: self._file.save(annotations), done, failed)


class _Change(QUndoCommand):
    """One set of annotations for another; they are small, and a set can't be undone wrongly."""

    def __init__(
        self,
        text: str,
        annotations: EditedAnnotations,
        before: Annotations,
        after: Annotations,
        chosen: Annotation | None,
    ) -> None:
        super().__init__(text)
        self._annotations, self._before, self._after, self._chosen = annotations, before, after, chosen

    def redo(self) -> None:
        self._annotations.put(self._after, self._chosen)

    def undo(self) -> None:
        changed = [annotation for annotation in self._before if annotation not in self._after]
        self._annotations.put(self._before, changed[0] if changed else None)


def _order(annotation: Annotation) -> tuple[float, float, str]:
    return annotation.onset_s, annotation.duration_s, annotation.label


def _line(text: str) -> str:
    return " ".join(text.split())
