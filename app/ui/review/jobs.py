"""Long work with a bar and a way to stop it, off the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QProgressBar, QVBoxLayout, QWidget

from app.core.clock import now_s
from app.core.errors import UserError
from app.ui.widgets.background import Background
from app.ui.widgets.building import fit_height, lay_out, named, paragraph, push_button, there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import duration

POLL_MS = 100
SURE_S = 3.0  # before that no time left is guessed


class StoppedError(UserError):
    """The work was stopped on request."""


Work = Callable[[Callable[[int, int], None], Callable[[], bool]], Any]
"""Given ``progress(done, total)``, which raises ``StoppedError`` once it is to stop, and ``stopped()``."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work; afterwards ``done`` or ``failed`` is called."""

    title: str
    text: str
    work: Work
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]
    before: str = " "  # what is done until its first step


class JobDialog(QDialog):
    """A window's long work, one piece after the other: what runs and what waits is shown while there is any.

    The window behind it can be used meanwhile.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowModality(Qt.WindowModality.NonModal)
        self._background = Background(self)
        self._stop = threading.Event()
        self._progress = (0, 0)
        self._first: tuple[float, int] | None = None  # when the first steps were seen, and how many
        self.running = False
        self._waiting: list[Job] = []
        self._text = paragraph()
        self.bar = named(QProgressBar(), "Progress")
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(True)
        self._left, self._next = dim_label(""), dim_label("Next:")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.cancel_button = there(buttons.button(QDialogButtonBox.StandardButton.Cancel))
        self.cancel_button.setToolTip("Stop what runs; what waits follows (Esc)")
        buttons.rejected.connect(self.stop)
        tip = "These are done one after the other; Delete takes one off the list"
        self.waiting = named(QListWidget(), "Waiting", tip)
        self.waiting.setFixedHeight(5 * self.fontMetrics().lineSpacing() + 8)
        tip = "Don't do the one that is selected (Delete)"
        self.remove_button = push_button("&Take off the list", tip, self._remove)
        tip = "Stop what runs, and do none of what waits"
        self.cancel_all_button = push_button("Cancel &all", tip, self.stop_all)
        for button in (self.remove_button, self.cancel_all_button):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        QShortcut(
            QKeySequence.StandardKey.Delete, self.waiting, self._remove, context=Qt.ShortcutContext.WidgetShortcut
        )
        parts = (self._text, self.bar, self._left, self._next, self.waiting, buttons)
        lay_out(QVBoxLayout(self), *parts, spacing=8, margins=(16, 14, 16, 12))
        self._show_waiting()
        self.setMinimumWidth(380)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_progress)

    @property
    def titles(self) -> list[str]:
        """What runs, then what waits."""
        return [self.windowTitle(), *(job.title for job in self._waiting)] if self.running else []

    def add(self, job: Job) -> bool:
        """Do this now, or after all that runs and waits; whether it has to wait."""
        waits = self.running
        if waits:
            self._waiting.append(job)
            self._show_waiting()
        else:
            self._start(job)
        self.show()
        self.raise_()
        return waits

    def _start(self, job: Job) -> None:
        stop = self._stop = threading.Event()  # one that is stopped must not stop the next

        def progress(made: int, total: int) -> None:
            if stop.is_set():
                raise StoppedError("Stopped.")
            self._progress = (made, total)

        def end(call: Callable[[Any], object], value: Any) -> None:
            self.running = False
            self._timer.stop()
            if self._waiting:
                self._start(self._waiting.pop(0))
                self._show_waiting()
            else:
                self.accept()
            call(value)

        self.running, self._progress, self._first = True, (0, 0), None
        self.setWindowTitle(job.title)
        self._text.setText(job.text)
        self.bar.setRange(0, 0)
        self._left.setText(job.before)
        fit_height(self)
        self.cancel_button.setEnabled(True)
        self._timer.start(POLL_MS)
        self._background.run(
            job.title,
            lambda: job.work(progress, stop.is_set),
            lambda value: end(job.done, value),
            lambda error: end(job.failed, error),
        )

    def _show_waiting(self) -> None:
        for widget in (self._next, self.waiting, self.remove_button, self.cancel_all_button):
            widget.setVisible(bool(self._waiting))
        self.cancel_button.setText("Cancel this one" if self._waiting else "Cancel")
        row = self.waiting.currentRow()
        self.waiting.clear()
        self.waiting.addItems([job.title for job in self._waiting])
        self.waiting.setCurrentRow(min(max(row, 0), len(self._waiting) - 1))
        fit_height(self)

    def _remove(self) -> None:
        row = self.waiting.currentRow()
        if 0 <= row < len(self._waiting):
            del self._waiting[row]
            self._show_waiting()

    def stop(self) -> None:
        """Ask the work that runs to stop; it does at its next step, and what waits follows."""
        if self.running:
            self._stop.set()
            self._left.setText("Stopping…")
            self.cancel_button.setEnabled(False)

    def stop_all(self) -> None:
        """Ask the work that runs to stop, and begin nothing that waits."""
        self._waiting.clear()
        self._show_waiting()
        self.stop()

    def finish(self, timeout_s: float = 30.0) -> None:
        """Stop, wait until the work has, and begin nothing that waits; what is added afterwards runs."""
        self._waiting.clear()
        self._stop.set()
        self._timer.stop()
        self._background.close(timeout_s)
        self._background = Background(self)
        self.running = False
        self.close()

    def reject(self) -> None:
        self.stop()  # Esc cancels too; the dialog closes when the work has ended

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if self.running and event is not None:
            event.ignore()
            self.stop()

    def _show_progress(self) -> None:
        done, total = self._progress
        if not total:
            return
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if self._first is None and done:  # what was made ready before it says nothing about the rest
            self._first = (now_s(), done)
            if not self._stop.is_set():
                self._left.setText(" ")
        if self._first is None or self._stop.is_set():
            return
        passed, made = now_s() - self._first[0], done - self._first[1]
        if passed > SURE_S and made and done < total:
            self._left.setText(f"about {duration(passed / made * (total - done))} left, {made / passed:.0f} a second")
