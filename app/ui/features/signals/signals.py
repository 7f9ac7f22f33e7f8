"""Filter, recentring, neutral expression and attention cone: as chosen, remembered and said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction

from app.signals.calibration import CalibrationState, Recentring, Waiting
from app.signals.presets import CUSTOM, PRESETS, FilterPreset, custom_from, custom_text, preset_named
from app.ui.shell import settings
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.building import delayed
from app.ui.widgets.formatting import pose, tilt

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.pipeline.signal_controller import Finished, SignalController

T = TypeVar("T")
LOOK_AHEAD = "Look straight ahead and hold still"
_KEYS: Mapping[Waiting | None, str] = {Waiting.RECENTRE: "A", Waiting.NEUTRAL: "X", Waiting.TILT: "L"}
SETTLED_MS = 700  # after the last move of a slider it is remembered and marked in the recording


class SignalControls(QObject):
    """Keeps the signal chain, its actions and what is remembered of it in step."""

    filter_changed = pyqtSignal(object)  # FilterPreset

    def __init__(
        self, controller: Controller, commands: Mapping[str, QAction], store: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._commands = commands
        self._settings = store
        self._heard = 0  # of the waits that ended
        self._settling = delayed(self, SETTLED_MS, self._settled)
        controller.source_changed.connect(lambda _: self._apply())  # by then there is a pipeline
        store.watch(self, (settings.FILTER, settings.FILTER_CUSTOM), self._restore)
        store.watch(self, (settings.ATTENTION_CONE,), self._apply_cone)
        self._restore()

    def _restore(self) -> None:
        self._settling.stop()
        self._custom = custom_from(self._settings.get(settings.FILTER_CUSTOM))
        name = self._settings.get(settings.FILTER)
        self.filter = self._custom if name == CUSTOM else preset_named(name)
        self._apply()

    # ------------------------------------------------------------------ filter

    def use_preset(self, name: str) -> None:
        """One of the presets, or the custom one as it was last."""
        self._settings.update({settings.FILTER: name, settings.FILTER_CUSTOM: custom_text(self._custom)})

    def use_custom(self, preset: FilterPreset) -> None:
        """A slider was moved: it works at once, and is remembered once it rests."""
        self._custom = self.filter = custom_from(custom_text(preset))
        self._settling.start()
        self._apply(settled=False)

    def _settled(self) -> None:
        self.use_preset(CUSTOM)

    # ------------------------------------------------------------------ calibration

    def recentre(self) -> None:
        """The present pose is straight ahead from now on."""
        self._run("recentre", lambda signals: signals.recentre(), self.show_recentred)

    def undo_recentre(self) -> None:
        self._run("undo recentre", lambda signals: signals.undo_recentre(), self._undone)

    def forget_neutral(self) -> None:
        self._run("forget neutral", lambda signals: signals.forget_neutral(), self._forgotten)

    def _run(self, name: str, do: Callable[[SignalController], T], done: Callable[[T], object]) -> None:
        pipeline = self._controller.pipeline
        if pipeline is None:
            self._controller.notify("Nothing is measured yet.")
        else:
            self._controller.background.run(name, lambda: do(pipeline.signals), done)  # the disk may hang

    def show_status(self, status: PipelineStatus) -> None:
        """Say how a wait goes and what came of it."""
        finished = status.finished_wait
        if finished is not None and finished.number != self._heard:
            self._heard = finished.number
            self._controller.notify(*outcome_text(finished))
        elif status.calibration.waiting is not None:
            self._controller.notify(waiting_text(status.calibration), Severity.BUSY)

    def close(self) -> None:
        """A slider that has just been moved is remembered."""
        if self._settling.isActive():
            self._settled()

    def wait_for(self, waiting: Waiting) -> None:
        """Until the head holds still, or shakes and nods; asked for again meanwhile, no longer."""
        pipeline = self._controller.pipeline
        if pipeline is None:
            self._controller.notify("Nothing is measured yet.")
            return
        if pipeline.signals.chain.cancel_wait() is waiting:
            self._controller.notify("Nothing was changed.")
            return
        try:
            pipeline.signals.chain.wait_for(waiting)
        except Exception as error:
            self._controller.complain(error)
            return
        self._controller.notify(waiting_text(pipeline.signals.chain.calibration), Severity.BUSY)

    def show_recentred(self, reference: Recentring) -> None:
        """Say what is taken off the angles now."""
        self._controller.notify(f"Recentred, offset {pose(reference.angles)}. Shift+C undoes it.", Severity.GOOD)

    def _undone(self, undone: bool) -> None:
        self._controller.notify(
            "The angles are those that the camera sees again." if undone else "Nothing has been recentred."
        )

    def _forgotten(self, forgotten: bool) -> None:
        self._controller.notify(
            "The expression is as measured again." if forgotten else "No neutral expression is known of this face."
        )

    def _apply(self, settled: bool = True) -> None:
        for name in (*(preset.name for preset in PRESETS), CUSTOM):
            self._commands[f"filter_{name}"].setChecked(name == self.filter.name)
        pipeline = self._controller.pipeline
        if pipeline is not None:
            chosen = self.filter
            pipeline.signals.chain.set_filter(chosen)
            if settled:
                mark = pipeline.signals.annotate_filter
                self._controller.background.run("filter marker", mark, lambda _: None)
        self._apply_cone()
        self.filter_changed.emit(self.filter)

    def _apply_cone(self) -> None:
        if self._controller.pipeline is not None:
            self._controller.pipeline.signals.chain.set_cone(self._settings.get(settings.ATTENTION_CONE))


def waiting_text(state: CalibrationState) -> str:
    """What to do while it waits, and how far it is."""
    if not state.face:
        return f"Waiting for a face; {_KEYS.get(state.waiting, '')} ends it."
    if state.waiting is Waiting.TILT:
        what = "Shake your head" if state.progress < 0.5 else "Now nod"
    else:
        what = "Relax your face and hold still" if state.waiting is Waiting.NEUTRAL else LOOK_AHEAD
    return f"{what}… {100 * state.progress:.0f} %"


def outcome_text(finished: Finished) -> tuple[str, Severity]:
    """What came of a wait."""
    outcome = finished.outcome
    if outcome.failure:
        return outcome.failure, Severity.WARNING
    if outcome.tilt is not None:
        std = f" (± {outcome.tilt.std_deg:.1f}°)" if outcome.tilt.std_deg is not None else ""
        text = f"The camera's tilt is {tilt(outcome.tilt)}{std}. Now look straight ahead and press C."
    elif outcome.reference is not None:
        text = f"Recentred, offset {pose(outcome.reference.angles)}. Shift+C undoes it."
    else:
        text = f"This face at rest is now zero (mean of {outcome.samples} frames). Shift+X forgets it."
    if finished.problem:
        return f"{text} {finished.problem}", Severity.WARNING
    return text, Severity.GOOD
