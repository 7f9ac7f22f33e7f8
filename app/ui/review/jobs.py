"""Long work with a bar and a way to stop it, off the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.core.clock import now_s
from app.core.errors import UserError
from app.ui.background import Background
from app.ui.dialogs import without_icons
from app.ui.wording import duration

LOOK_MS = 100
SURE_S = 3.0  # before that no time left is guessed


class StoppedError(UserError):
    """The work was stopped on request."""


Work = Callable[[Callable[[int, int], None], Callable[[], bool]], Any]
"""Given ``progress(done, total)``, which raises ``StoppedError`` once it is to stop, and ``stopped()``."""


class JobDialog(QDialog):
    """Shows one piece of work; the window behind it can be used meanwhile."""

    def __init__(self, parent: QWidget, title: str, text: str, before: str = " ") -> None:
        """``before``: what is done until the first step."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.NonModal)
        self._background = Background(self)
        self._stop = threading.Event()
        self._progress = (0, 0)
        self._first: tuple[float, int] | None = None  # when the first steps were seen, and how many
        self._running = False
        self._text = QLabel(text)
        self._text.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(True)
        self.bar.setAccessibleName("Progress")
        self._left = QLabel(before)
        self._left.setProperty("dim", True)
        buttons = without_icons(QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel))
        self.cancel_button = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        buttons.rejected.connect(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        for widget in (self._text, self.bar, self._left, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(380)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        return self._running

    def start(self, work: Work, done: Callable[[Any], object], failed: Callable[[Exception], object]) -> None:
        """Do the work; afterwards the dialog closes, and ``done`` or ``failed`` is called."""

        def progress(made: int, total: int) -> None:
            if self._stop.is_set():
                raise StoppedError("Stopped.")
            self._progress = (made, total)

        def end(call: Callable[[Any], object], value: Any) -> None:
            self._running = False
            self._timer.stop()
            self.accept()
            call(value)

        self._running = True
        self._timer.start(LOOK_MS)
        self.show()
        self._background.run(
            self.windowTitle(),
            lambda: work(progress, self._stop.is_set),
            lambda value: end(done, value),
            lambda error: end(failed, error),
        )

    def stop(self) -> None:
        """Ask the work to stop; it does at its next step."""
        if self._running:
            self._stop.set()
            self._left.setText("Stopping…")
            if self.cancel_button is not None:
                self.cancel_button.setEnabled(False)

    def finish(self, timeout_s: float) -> None:
        """For the window's end: stop, and wait until the work has."""
        self._stop.set()
        self._timer.stop()
        self._background.close(timeout_s)
        self._running = False
        self.close()

    def reject(self) -> None:
        self.stop()  # Esc cancels too; the dialog closes when the work has ended

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if self._running and event is not None:
            event.ignore()
            self.stop()

    def _look(self) -> None:
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
