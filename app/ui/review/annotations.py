"""The annotations of a session while they are edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoStack

from app.session.annotation_file import AnnotationFile
from app.session.annotations import Annotation
from app.ui.review.saving import Change, Saved

Annotations = tuple[Annotation, ...]


class EditedAnnotations(Saved):
    """The annotations in the order of time.  ``changed`` says which one to look at then, -1 for none."""

    changed = pyqtSignal(int)

    def __init__(
        self,
        annotations: Iterable[Annotation],
        file: AnnotationFile,
        frame_at: Callable[[float], int],
        undo_stack: QUndoStack,
        parent: QObject | None = None,
    ) -> None:
        """``frame_at``: the number of the frame that is on the screen at a time."""
        super().__init__("markers", file.save, parent)
        self._undo_stack = undo_stack
        self.annotations = tuple(sorted(annotations, key=_order))
        self._frame_at = frame_at

    def add(self, onset_s: float, duration_s: float, label: str, note: str = "") -> None:
        annotation = self._annotation(onset_s, duration_s, label, note)
        self._push(f"add {label or 'marker'}", (*self.annotations, annotation), annotation)

    def change(self, number: int, onset_s: float, duration_s: float, label: str, note: str) -> None:
        """Give annotation ``number`` these values; nothing happens where it has them already."""
        old, annotation = self.annotations[number], self._annotation(onset_s, duration_s, label, note)
        if annotation == old:
            return
        moved = (annotation.label, annotation.note) == (old.label, old.note)
        what = "move" if moved else "edit"
        others = self.annotations[:number] + self.annotations[number + 1 :]
        self._push(f"{what} {old.label or 'marker'}", (*others, annotation), annotation)

    def move(self, number: int, onset_s: float, duration_s: float) -> None:
        annotation = self.annotations[number]
        self.change(number, onset_s, duration_s, annotation.label, annotation.note)

    def delete(self, number: int) -> None:
        annotation = self.annotations[number]
        self._push(
            f"delete {annotation.label or 'marker'}", self.annotations[:number] + self.annotations[number + 1 :], None
        )

    def _annotation(self, onset_s: float, duration_s: float, label: str, note: str) -> Annotation:
        onset = round(max(0.0, onset_s), 6)
        return Annotation(onset, round(max(0.0, duration_s), 6), _line(label), _line(note), self._frame_at(onset))

    def _push(self, text: str, annotations: Annotations, chosen: Annotation | None) -> None:
        before, after = self.annotations, tuple(sorted(annotations, key=_order))
        gone = next((annotation for annotation in before if annotation not in after), None)
        self._undo_stack.push(Change(text, lambda: self._put(after, chosen), lambda: self._put(before, gone)))

    def _put(self, annotations: Annotations, chosen: Annotation | None) -> None:
        self.annotations = annotations
        self.changed.emit(annotations.index(chosen) if chosen is not None and chosen in annotations else -1)
        self.keep(annotations)


def _order(annotation: Annotation) -> tuple[float, float, str]:
    return annotation.onset_s, annotation.duration_s, annotation.label


def _line(text: str) -> str:
    return " ".join(text.split())
