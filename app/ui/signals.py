"""Filter and recentring: as chosen, remembered and said."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction

from app.signals.chain import Recentring
from app.signals.presets import DEFAULT_PRESET, PRESETS
from app.ui import settings
from app.ui.background import Background
from app.ui.controller import Controller, sentence
from app.ui.messages import Message, Severity
from app.ui.settings import Settings
from app.ui.wording import pose


class SignalControls(QObject):
    """Keeps the signal chain, its actions and what is remembered of it in step."""

    def __init__(
        self, controller: Controller, commands: Mapping[str, QAction], store: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._commands = commands
        self._settings = store
        self._background = Background(self)  # a marker is written to the disk, which may hang
        controller.source_changed.connect(lambda _: self._apply())  # by then there is a pipeline
        self.restore()

    def restore(self) -> None:
        """The filter as it is remembered; a name that nobody knows is the default."""
        remembered = self._settings.get(settings.FILTER)
        known = {preset.name for preset in PRESETS}
        self._preset = remembered if remembered in known else DEFAULT_PRESET
        self._apply()

    def use_preset(self, name: str) -> None:
        self._preset = name
        self._settings.set(settings.FILTER, name)
        self._apply()

    def recentre(self) -> None:
        """The present pose is straight ahead from now on."""
        pipeline = self._controller.pipeline
        if pipeline is None:
            self._say("Nothing is measured yet.", Severity.INFO)
        else:
            self._background.run("recentre", pipeline.recentre, self._recentred, self._failed)

    def undo_recentre(self) -> None:
        pipeline = self._controller.pipeline
        if pipeline is not None:
            self._background.run("undo recentre", pipeline.undo_recentre, self._undone, self._failed)

    def close(self) -> None:
        """No thread is left."""
        self._background.close(2.0)

    def _recentred(self, reference: Recentring) -> None:
        self._say(f"Recentred, offset {pose(reference.angles)}. Shift+C undoes it.", Severity.GOOD)

    def _undone(self, undone: bool) -> None:
        self._say(
            "The angles are those that the camera sees again." if undone else "Nothing has been recentred.",
            Severity.INFO,
        )

    def _failed(self, error: Exception) -> None:
        self._say(sentence(error), Severity.ERROR)

    def _say(self, text: str, severity: Severity) -> None:
        self._controller.noticed.emit(Message(text, severity))

    def _apply(self) -> None:
        for preset in PRESETS:
            self._commands[f"filter_{preset.name}"].setChecked(preset.name == self._preset)
        if self._controller.pipeline is not None:
            self._controller.pipeline.set_filter(self._preset)
