"""What is known of the camera itself: remembered for each one, told by a person, and passed on to the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from app.capture.source import DEMO
from app.core.tilt import CameraTilt
from app.ui.features.cameras.remembered import TILTS, CameraFacts
from app.ui.shell.controller import Controller
from app.ui.shell.settings import Settings

if TYPE_CHECKING:
    from app.capture.source import SourceInfo
    from app.pipeline import Pipeline, PipelineStatus

T = TypeVar("T")
CAMERA = "camera"  # the kind of source whose facts are remembered; a film's hold for this run


class FactControls(QObject, Generic[T]):
    """A fact belongs to its camera, or to its film: with another source another one holds."""

    changed = pyqtSignal(object)  # the fact, or None where nobody has told it

    def __init__(
        self,
        controller: Controller,
        store: Settings,
        parent: QObject,
        facts: CameraFacts[T],
        pass_on: Callable[[Pipeline, T | None], None],
        asked: T | None = None,
        demo: T | None = None,
    ) -> None:
        """``asked``: by the command line, of any source, until another one is chosen.  ``demo``: of the demo."""
        super().__init__(parent)
        self._controller = controller
        self._settings = store
        self._facts = facts
        self._pass_on = pass_on
        self._asked = asked
        self._demo = demo
        self._chosen: dict[tuple[str, str], T | None] = {}  # in this run, by kind and name of the source
        self.info: SourceInfo | None = None
        self.value: T | None = None
        store.replaced.connect(self._reset)

    def _reset(self) -> None:
        """What the command line asked for is forgotten, too."""
        self._asked = None
        self._chosen.clear()
        if self.info is not None:
            self._apply(self._known_of(self.info))

    def show_status(self, status: PipelineStatus) -> None:
        """Apply what is known of a source that has just been opened."""
        info = status.source_info
        if info is not None and (self.info is None or _key(info) != _key(self.info)):
            self.info = info
            self._apply(self._known_of(info))

    def use(self, value: T | None) -> None:
        """Let it hold of the camera from now on; None: nothing is known."""
        self.keep(value)
        self._apply(value)

    def keep(self, value: T | None) -> None:
        """Remember what the pipeline knows already."""
        self.value, self._asked = value, None
        if self.info is not None:
            self._chosen[_key(self.info)] = value
            if self.info.kind == CAMERA:
                self._facts.remember(self._settings, self.info.name, self._lasting(value))
        self.changed.emit(value)

    def _lasting(self, value: T | None) -> T | None:
        """What of it holds of the camera beyond this run."""
        return value

    def _known_of(self, info: SourceInfo) -> T | None:
        if _key(info) in self._chosen:
            return self._chosen[_key(info)]
        if self._asked is not None:
            return self._asked
        if info.kind == CAMERA:
            return self._facts.known(self._settings).get(info.name)
        return self._demo if info.kind == DEMO else None

    def _apply(self, value: T | None) -> None:
        self.value = value
        pipeline = self._controller.pipeline
        if pipeline is not None:
            try:
                self._pass_on(pipeline, value)
            except Exception as error:
                self._controller.complain(error)
        self.changed.emit(value)


class TiltControls(FactControls[CameraTilt]):
    """``value`` is a ``CameraTilt``, or None for a level camera."""

    def __init__(
        self, controller: Controller, store: Settings, parent: QObject, asked: CameraTilt | None = None
    ) -> None:
        super().__init__(controller, store, parent, TILTS, lambda pipe, tilt: pipe.signals.set_tilt(tilt), asked)
        self._heard = 0  # of the waits that ended

    def show_status(self, status: PipelineStatus) -> None:
        """Keep what has just been measured, too."""
        super().show_status(status)
        finished = status.finished_wait
        if finished is not None and finished.number != self._heard:
            self._heard = finished.number
            if finished.outcome.tilt is not None:
                self.keep(finished.outcome.tilt)

    def _lasting(self, value: CameraTilt | None) -> CameraTilt | None:
        """The bend is the person's who shook, and the next one may be another."""
        return None if value is None else value.without_bend


def _key(info: SourceInfo) -> tuple[str, str]:
    return info.kind, info.name
