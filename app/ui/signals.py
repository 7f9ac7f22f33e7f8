"""The filter: as chosen, remembered and shown."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction

from app.signals.presets import DEFAULT_PRESET, PRESETS
from app.ui import settings
from app.ui.controller import Controller
from app.ui.settings import Settings


class SignalControls(QObject):
    """Keeps the signal chain, its actions and what is remembered of it in step."""

    def __init__(
        self, controller: Controller, commands: Mapping[str, QAction], store: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._commands = commands
        self._settings = store
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

    def _apply(self) -> None:
        for preset in PRESETS:
            self._commands[f"filter_{preset.name}"].setChecked(preset.name == self._preset)
        if self._controller.pipeline is not None:
            self._controller.pipeline.set_filter(self._preset)
