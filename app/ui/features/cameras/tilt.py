"""How the camera stands: typed in, or measured by the signal chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from app.core.tilt import CameraTilt
from app.ui.features.cameras.facts import FactControls
from app.ui.features.cameras.remembered import TILTS
from app.ui.shell.controller import Controller
from app.ui.shell.settings import Settings

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


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
