"""The microphone: as chosen, remembered and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QLabel

from app.core.errors import SourceError
from app.sound.device import Microphone, microphones
from app.ui.shell import settings, theme
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.sound.capture import SoundStatus

ON = "The microphone is on: its sound is recorded with every recording, as audio.mka. Shift+R switches it off."


class SoundControls(QObject):
    """Off until somebody switches it on; then, as a lab needs it, on at the next start, too, and always to be seen."""

    changed = pyqtSignal()  # something below did
    failed = pyqtSignal(str)  # why the microphone that the command line asked for can't be used

    def __init__(self, controller: Controller, store: Settings, window: QObject) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = store
        self._background = Background(self, controller.complain)  # a driver may take its time
        self._told = False  # that what the command line asked for failed
        self._used: tuple[bool, str] = (False, "")  # as the pipeline was told last
        self.status: SoundStatus | None = None  # as last looked at
        self.devices: tuple[str, ...] = ()  # that there are; known once it is on
        self.label = SoundLabel()
        controller.source_changed.connect(lambda _: self._catch_up())  # by then there is a pipeline
        store.watch(self, (settings.SOUND, settings.MICROPHONE), self._changed)

    @property
    def on(self) -> bool:
        return self._settings.get(settings.SOUND)

    @property
    def device(self) -> str:
        """Its name, or a part of it; empty: the system's usual one."""
        return self._settings.get(settings.MICROPHONE)

    def switch(self, on: bool) -> None:
        self._settings.set(settings.SOUND, on)

    def use_device(self, name: str) -> None:
        """This microphone from now on, if any."""
        self._settings.set(settings.MICROPHONE, name)

    def show_status(self, status: PipelineStatus) -> None:
        """Show how it stands; called a few times a second."""
        differs, self.status = status.sound != self.status, status.sound
        problem = status.sound.problem if status.sound is not None else ""
        if problem and self._settings.is_asked(settings.SOUND) and not self._told:
            self._told = True
            self.failed.emit(problem)
        self.label.show_sound(status.sound, status.recording_active)
        if differs:
            self.changed.emit()

    def close(self) -> None:
        """No thread is left."""
        self._background.close(2.0)

    def _changed(self) -> None:
        before = self._used
        self._catch_up()
        if self.on != before[0]:
            text, severity = (ON, Severity.WARNING) if self.on else ("The microphone is off.", Severity.INFO)
            self._controller.notify(text, severity)
        self.changed.emit()

    def _catch_up(self) -> None:
        pipeline, wanted = self._controller.pipeline, (self.on, self.device)
        if pipeline is None or wanted == self._used:
            return
        was_on, self._used = self._used[0], wanted
        if self.on:
            pipeline.sound.switch(Microphone(self.device))
            self._background.run("list microphones", microphones, self._listed, self._not_listed)
        elif was_on:
            pipeline.sound.switch(None)

    def _listed(self, names: tuple[str, ...]) -> None:
        self.devices = names
        self.changed.emit()

    def _not_listed(self, error: Exception) -> None:
        if not isinstance(error, SourceError):  # which the microphone itself has told
            self._controller.complain(error)


class SoundLabel(QLabel):
    """Whether a microphone is on, at the right end of the status bar; hidden while none is."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(8, 0, 10, 0)
        self.setAccessibleName("Sound")
        self.hide()

    def show_sound(self, status: SoundStatus | None, recording: bool) -> None:
        if status is None:
            self.hide()
            return
        if status.problem:
            text, tip = "no sound", status.problem
        else:
            text = "● sound is recorded" if recording else "● microphone on"
            tip = f"{status.device or 'The microphone'} is on; Shift+R switches it off."
        if text != self.text() or tip != self.toolTip():
            self.setText(text)
            self.setToolTip(tip)
            self.setAccessibleDescription(f"{text}. {tip}")
            theme.set_tone(self, "error" if recording or status.problem else "warning")
        self.show()
