"""Measuring a recorded video again, with other weights if wished: the dialog, the work and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtWidgets import QFormLayout, QWidget

from app.core.errors import UserError, is_readable
from app.faces.estimators import estimator_names
from app.ui.review.jobs import Job, JobDialog, StoppedError, Work
from app.ui.shell import dialogs, settings
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.building import paragraph
from app.ui.widgets.formatting import estimator_label, own_weights
from app.ui.widgets.pickers import ChoiceBox, path_label
from extractor.shipped import alternatives, is_own

if TYPE_CHECKING:  # it imports torch
    from app.session.analyses import Analysis

_BROWSE = "…"


class WeightsBox(ChoiceBox):
    """Our own weights, other estimators, weights that were used lately, and any other file."""

    def __init__(self, store: Settings) -> None:
        super().__init__("Weights")
        self.addItem("Motionscope's own weights", "")
        for name in alternatives():
            self.addItem(own_weights(name), name)
        for name in estimator_names():
            self.addItem(estimator_label(name), name)
        for path in store.get(settings.RECENT_WEIGHTS):
            if not is_own(path):
                self.addItem(path_label(path), path)
        self.addItem("Choose a file…", _BROWSE)
        self.activated.connect(self._activated)

    @property
    def chosen(self) -> str:
        """A path, a name such as "lite" or "facemesh", or nothing for the default ones."""
        chosen = str(self.currentData())
        return "" if chosen == _BROWSE else chosen

    def choose(self, value: object) -> None:
        """Choose a file, which joins the list above its last line."""
        if self.findData(value) < 0:
            self.insertItem(self.count() - 1, path_label(str(value)), value)
        super().choose(value)

    def _activated(self, place: int) -> None:
        if self.itemData(place) == _BROWSE:
            self.setCurrentIndex(0)
            dialogs.ask_file(self, "Weights", dialogs.WEIGHTS_FILTER, self.choose)


class ReanalysisDialog(dialogs.AskingDialog):
    """Asks with what; ``start`` gets the weights: a path, a name ("lite", "facemesh"), or None for the default ones."""

    def __init__(
        self, parent: QWidget, frames: int, store: Settings, start: Callable[[str | None], object], videos: int = 1
    ) -> None:
        """``frames``: of all ``videos`` together."""
        super().__init__(parent, "Measure again", "&Measure")
        self.accepted.connect(lambda: start(self.weights.chosen or None))
        of_what = "the video" if videos == 1 else f"{videos} videos"
        result = "The result is a table of its own" if videos == 1 else "The results are tables of their own"
        text = paragraph(
            f"All {frames} frames of {of_what} are measured again, those too that were skipped while recording. "
            f"{result} beside the recorded one, which stays as it is."
        )
        self.weights = WeightsBox(store)
        form = QFormLayout()
        form.addRow("&Weights", self.weights)
        self.hold(text, form, spacing=12)
        self.setMinimumWidth(420)


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
        self.job = JobDialog(window)

    def ask(self, folder: Path, frames: int) -> None:
        if self.job.running:
            self._notify(Message("The video is being measured already.", Severity.WARNING))
            return
        self.dialog = ReanalysisDialog(
            self._window, frames, self._settings, lambda weights: self.start(folder, weights)
        )
        self.dialog.open()

    def start(self, folder: Path, weights: str | None) -> None:
        """Measure in the background; the window can be used meanwhile."""

        def failed(error: Exception) -> None:
            if isinstance(error, StoppedError):
                self._notify(Message("Stopped; the new table is discarded.", Severity.INFO))
            else:
                self._notify(Message(sentence(error), Severity.ERROR))

        device, engine = self._settings.get(settings.DEVICE), self._settings.get(settings.ENGINE)
        work = reanalysis_work(folder, weights, device, engine)
        self.job.add(Job("Measure again", reanalysis_text(folder), work, self._made, failed, PREPARING))

    def close(self, timeout_s: float = 30.0) -> None:
        """Stop what runs: no half-made table and no thread are left."""
        if self.dialog is not None:
            self.dialog.reject()
        self.job.finish(timeout_s)


PREPARING = "Getting the network ready; with weights that are new here it takes a while."


def reanalysis_text(folder: Path) -> str:
    """The sentence that stands over the progress bar."""
    return f"Every frame of {folder.name} is measured again"


def reanalysis_work(folder: Path, weights: str | None, device: str, engine: str) -> Work:
    """The measuring of a session's video as work of a queue; it returns the ``Analysis``."""

    def work(progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> Any:
        from app.batch.reanalyse import CancelledError, reanalyse

        try:
            return reanalyse(folder, weights, device, engine, progress=progress, cancelled=stopped)
        except CancelledError as error:
            raise StoppedError(str(error)) from error
        except ValueError as error:
            raise (UserError(str(error)) if is_readable(error) else error) from error

    return work
