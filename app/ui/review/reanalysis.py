"""Measuring a recorded video again, with other weights if wished: the dialog, the work and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from app.core.errors import UserError
from app.faces.estimators import estimator_names
from app.ui import dialogs, settings
from app.ui.controller import sentence
from app.ui.formatting import estimator_label, own_weights
from app.ui.messages import Message, Severity
from app.ui.pickers import ChoiceBox, path_label
from app.ui.review.jobs import JobDialog, StoppedError
from app.ui.settings import Settings
from extractor.shipped import alternatives, is_own

if TYPE_CHECKING:  # it imports torch
    from app.session.analyses import Analysis

_BROWSE = "…"


class ReanalysisDialog(QDialog):
    """Asks with what; ``start`` gets the weights: a path, a name ("lite", "facemesh"), or None for the default ones."""

    def __init__(self, parent: QWidget, frames: int, recent: list[str], start: Callable[[str | None], object]) -> None:
        super().__init__(parent)
        self._start = start
        self.setWindowTitle("Measure again")
        text = QLabel(
            f"All {frames} frames of the video are measured again, those too that were skipped while recording. "
            "The result is a table of its own beside the recorded one, which stays as it is."
        )
        text.setWordWrap(True)
        self.weights = ChoiceBox()
        self.weights.setAccessibleName("Weights")
        self.weights.addItem("Motionscope's own weights", "")
        for name in alternatives():
            self.weights.addItem(own_weights(name), name)
        for name in estimator_names():
            self.weights.addItem(estimator_label(name), name)
        for path in recent:
            if not is_own(path):
                self._add(path)
        self.weights.addItem("Choose a file…", _BROWSE)
        self.weights.activated.connect(self._activated)
        form = QFormLayout()
        form.addRow("&Weights", self.weights)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.addButton("&Measure", QDialogButtonBox.ButtonRole.AcceptRole)
        dialogs.without_icons(buttons)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(text)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.setMinimumWidth(420)

    def choose(self, path: str) -> None:
        """Choose a file, which joins the list."""
        place = self.weights.findData(path)
        if place < 0:
            place = self.weights.count() - 1
            self._add(path, place)
        self.weights.setCurrentIndex(place)

    def _add(self, path: str, place: int = -1) -> None:
        self.weights.insertItem(self.weights.count() if place < 0 else place, path_label(path), path)

    def _activated(self, place: int) -> None:
        if self.weights.itemData(place) == _BROWSE:
            self.weights.setCurrentIndex(0)
            dialogs.ask_file(self, "Weights", "", dialogs.WEIGHTS_FILTER, self.choose)

    def _accept(self) -> None:
        chosen = str(self.weights.currentData())
        self.accept()
        self._start(None if chosen in ("", _BROWSE) else chosen)


class Reanalysis:
    """One at a time; ``made`` gets each new analysis."""

    def __init__(
        self, window: QWidget, store: Settings, notify: Callable[[Message], None], made: Callable[[Analysis], object]
    ) -> None:
        self._window = window
        self._settings = store
        self._notify = notify
        self._made = made
        self.dialog: ReanalysisDialog | None = None
        self.job: JobDialog | None = None

    def ask(self, folder: Path, frames: int) -> None:
        if self.job is not None and self.job.running:
            self._notify(Message("The video is being measured already.", Severity.WARNING))
            return
        recent = [str(path) for path in self._settings.get(settings.RECENT_WEIGHTS)]
        self.dialog = ReanalysisDialog(self._window, frames, recent, lambda weights: self.start(folder, weights))
        self.dialog.open()

    def start(self, folder: Path, weights: str | None) -> None:
        """Measure in the background; the window can be used meanwhile."""
        self.job = JobDialog(
            self._window,
            "Measure again",
            f"Every frame of {folder.name} is measured again",
            "Getting the network ready; with weights that are new here it takes a while.",
        )

        def work(progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> Any:
            from app.reanalyse import CancelledError, reanalyse

            device = self._settings.get(settings.DEVICE)
            try:
                return reanalyse(folder, weights, device, progress=progress, cancelled=stopped)
            except CancelledError as error:
                raise StoppedError(str(error)) from error
            except ValueError as error:
                raise _readable(error) from error

        def done(analysis: Analysis) -> None:
            self._made(analysis)

        def failed(error: Exception) -> None:
            if isinstance(error, StoppedError):
                self._notify(Message("Stopped; the new table is discarded.", Severity.INFO))
            else:
                self._notify(Message(sentence(error), Severity.ERROR))

        self.job.start(work, done, failed)

    def close(self, timeout_s: float = 30.0) -> None:
        """Stop what runs: no half-made table and no thread are left."""
        if self.dialog is not None:
            self.dialog.reject()
        if self.job is not None:
            self.job.finish(timeout_s)


def _readable(error: ValueError) -> Exception:
    """Weights, devices and engines have sentences of their own; other ValueErrors are mistakes of ours."""
    from extractor.backends import DeviceError, EngineError
    from extractor.estimator import EstimatorError
    from extractor.report import WeightsError

    readable = (WeightsError, DeviceError, EngineError, EstimatorError)
    return UserError(str(error)) if isinstance(error, readable) else error
