"""How many faces are measured, and which of them comes first."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction

from app.core.limits import MOST_FACES
from app.ui.live.live_view import LiveView
from app.ui.live.overlay import are_several
from app.ui.shell import settings
from app.ui.shell.controller import Controller
from app.ui.shell.settings import Settings

NO_OTHER = "There is no other face to go to."


class FaceControls(QObject):
    """Keeps the limit, its actions and the pipeline in step, and passes the choice of a face on."""

    def __init__(
        self,
        controller: Controller,
        commands: Mapping[str, QAction],
        store: Settings,
        view: LiveView,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._commands = commands
        self._settings = store
        self._view = view
        self._told = self.limit
        view.clicked.connect(self.pick)
        controller.source_changed.connect(lambda _: self._apply())  # by then there is a pipeline
        store.watch(self, (settings.FACES,), self._changed)
        self._apply()

    @property
    def limit(self) -> int:
        return self._settings.get(settings.FACES)

    def change_limit(self, by: int) -> None:
        self._settings.set(settings.FACES, self.limit + by)

    def _changed(self) -> None:
        count = self.limit
        if count != self._told:
            self._told = count
            self._controller.notify("One face is measured." if count == 1 else f"Up to {count} faces are measured.")
            self._apply()

    def pick(self, x: float, y: float) -> None:
        """Make the face at this place, in frame pixels, the primary one."""
        if self._controller.pipeline is not None and self._several:
            self._controller.pipeline.faces.pick(x, y)

    def pick_next(self) -> None:
        if self._controller.pipeline is not None and self._several:
            self._controller.pipeline.faces.pick_next()
        else:
            self._controller.notify(NO_OTHER)

    @property
    def _several(self) -> bool:
        result = self._view.result
        return result is not None and are_several(result)

    def _apply(self) -> None:
        self._commands["more_faces"].setEnabled(self.limit < MOST_FACES)
        self._commands["fewer_faces"].setEnabled(self.limit > 1)
        if self._controller.pipeline is not None:
            self._controller.pipeline.faces.set_max_faces(self.limit)
