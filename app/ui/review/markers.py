"""The markers of a session while they are edited: every change can be undone, and is on the disk at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoStack

from app.session.events import Event
from app.session.marking import MarkerFile
from app.ui.background import Background
from app.ui.controller import sentence

Events = tuple[Event, ...]


class Markers(QObject):
    """The markers in the order of time.  ``changed`` says which one to look at then, -1 for none."""

    changed = pyqtSignal(int)
    saved = pyqtSignal()
    failed = pyqtSignal(str)  # one sentence; the next change tries again

    def __init__(
        self, events: Iterable[Event], file: MarkerFile, frame_at: Callable[[float], int], parent: QObject | None = None
    ) -> None:
        """``frame_at``: the number of the frame that is on the screen at a time."""
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._events: Events = tuple(sorted(events, key=_order))
        self._file = file
        self._frame_at = frame_at
        self._background = Background(self)  # the disk may take its time
        self._saving = self._unsaved = False

    @property
    def events(self) -> Events:
        return self._events

    @property
    def unsaved(self) -> bool:
        """Whether something isn't on the disk yet."""
        return self._saving or self._unsaved

    def add(self, onset_s: float, duration_s: float, label: str, note: str = "") -> None:
        event = self._event(onset_s, duration_s, label, note)
        self._push(f"add {label or 'marker'}", (*self._events, event), event)

    def change(self, number: int, onset_s: float, duration_s: float, label: str, note: str) -> None:
        """Give marker ``number`` these values; nothing happens where it has them already."""
        old, event = self._events[number], self._event(onset_s, duration_s, label, note)
        if event == old:
            return
        moved = (event.label, event.note) == (old.label, old.note)
        what = "move" if moved else "edit"
        others = self._events[:number] + self._events[number + 1 :]
        self._push(f"{what} {old.label or 'marker'}", (*others, event), event)

    def move(self, number: int, onset_s: float, duration_s: float) -> None:
        event = self._events[number]
        self.change(number, onset_s, duration_s, event.label, event.note)

    def delete(self, number: int) -> None:
        event = self._events[number]
        self._push(f"delete {event.label or 'marker'}", self._events[:number] + self._events[number + 1 :], None)

    def close(self, timeout_s: float = 5.0) -> str:
        """Save what is left to save; what went wrong, one sentence, or nothing."""
        self._background.close(timeout_s)
        if not self.unsaved:
            return ""
        try:
            self._file.save(self._events)
        except Exception as error:
            return sentence(error)
        self._saving = self._unsaved = False
        return ""

    def _event(self, onset_s: float, duration_s: float, label: str, note: str) -> Event:
        onset = round(max(0.0, onset_s), 6)
        return Event(onset, round(max(0.0, duration_s), 6), _line(label), _line(note), self._frame_at(onset))

    def _push(self, text: str, events: Events, chosen: Event | None) -> None:
        self.undo_stack.push(_Change(text, self, self._events, tuple(sorted(events, key=_order)), chosen))

    def put(self, events: Events, chosen: Event | None) -> None:
        """For the undo stack: these are the markers now."""
        self._events = events
        self.changed.emit(events.index(chosen) if chosen is not None and chosen in events else -1)
        self._unsaved = True
        self.save()

    def save(self) -> None:
        """Write them in the background; changes meanwhile are written after it."""
        if self._saving or not self._unsaved:
            return
        self._saving, self._unsaved = True, False
        events = self._events

        def done(_: None) -> None:
            self._saving = False
            self.save()
            if not self.unsaved:
                self.saved.emit()

        def failed(error: Exception) -> None:
            self._saving, self._unsaved = False, True
            self.failed.emit(sentence(error))

        self._background.run("save markers", lambda: self._file.save(events), done, failed)


class _Change(QUndoCommand):
    """One set of markers for another; they are small, and a set can't be undone wrongly."""

    def __init__(self, text: str, markers: Markers, before: Events, after: Events, chosen: Event | None) -> None:
        super().__init__(text)
        self._markers, self._before, self._after, self._chosen = markers, before, after, chosen

    def redo(self) -> None:
        self._markers.put(self._after, self._chosen)

    def undo(self) -> None:
        changed = [event for event in self._before if event not in self._after]
        self._markers.put(self._before, changed[0] if changed else None)


def _order(event: Event) -> tuple[float, float, str]:
    return event.onset_s, event.duration_s, event.label


def _line(text: str) -> str:
    return " ".join(text.split())
