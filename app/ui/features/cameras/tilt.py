"""How the camera stands: remembered for each camera, typed in or measured, and passed on to what shows the angles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from app.core.tilt import CameraTilt
from app.ui.features.cameras.remembered import known_tilts, remember_tilt
from app.ui.shell.controller import Controller
from app.ui.shell.settings import Settings

if TYPE_CHECKING:
    from app.capture.source import SourceInfo
    from app.pipeline import PipelineStatus

CAMERA = "camera"  # the kind of source whose tilt is remembered; a film's holds for this run


class TiltControls(QObject):
    """A tilt belongs to its camera, or to its film: with another source another one holds."""

    changed = pyqtSignal(object)  # CameraTilt, or None for a level camera

    def __init__(
        self, controller: Controller, store: Settings, parent: QObject, asked: CameraTilt | None = None
    ) -> None:
        """``asked``: by the command line, of any source, until another one is chosen."""
        super().__init__(parent)
        self._controller = controller
        self._settings = store
        self._asked = asked
        self._chosen: dict[tuple[str, str], CameraTilt | None] = {}  # in this run, by kind and name of the source
        self._info: SourceInfo | None = None
        self._heard = 0  # of the waits that ended
        self.tilt: CameraTilt | None = None
        store.replaced.connect(self._reset)

    def _reset(self) -> None:
        """What the command line asked for is forgotten, too."""
        self._asked = None
        self._chosen.clear()
        if self._info is not None:
            self._apply(self._tilt_of(self._info))

    def show_status(self, status: PipelineStatus) -> None:
        """Apply what is known of a source that has just been opened, and keep what has just been measured."""
        info, finished = status.source_info, status.finished_wait
        if info is not None and (self._info is None or _key(info) != _key(self._info)):
            self._info = info
            self._apply(self._tilt_of(info))
        if finished is not None and finished.number != self._heard:
            self._heard = finished.number
            if finished.outcome.tilt is not None:
                self._keep(finished.outcome.tilt)

    def use(self, tilt: CameraTilt | None) -> None:
        """From now on the camera stands like this; None: level."""
        self._keep(tilt)
        self._apply(tilt)

    def _tilt_of(self, info: SourceInfo) -> CameraTilt | None:
        if _key(info) in self._chosen:
            return self._chosen[_key(info)]
        if self._asked is not None:
            return self._asked
        return known_tilts(self._settings).get(info.name) if info.kind == CAMERA else None

    def _keep(self, tilt: CameraTilt | None) -> None:
        self.tilt, self._asked = tilt, None
        if self._info is not None:
            self._chosen[_key(self._info)] = tilt
            if self._info.kind == CAMERA:
                remember_tilt(self._settings, self._info.name, tilt)
        self.changed.emit(tilt)

    def _apply(self, tilt: CameraTilt | None) -> None:
        self.tilt = tilt
        pipeline = self._controller.pipeline
        if pipeline is not None:
            try:
                pipeline.signals.set_tilt(tilt)
            except Exception as error:
                self._controller.complain(error)
        self.changed.emit(tilt)


def _key(info: SourceInfo) -> tuple[str, str]:
    return info.kind, info.name
