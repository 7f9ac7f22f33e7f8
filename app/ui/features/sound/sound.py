"""The microphone: as chosen, remembered and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from app.core.errors import SourceError
from app.sound.device import Microphone, microphones
from app.ui.shell import settings, theme
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Severity
from app.ui.shell.setting_editor import SettingEditor
from app.ui.shell.settings import Settings
from app.ui.shell.status_line import StatusLabel
from app.ui.widgets.building import gapped_grid
from app.ui.widgets.fields import Bar, Note
from app.ui.widgets.pickers import ChoiceBox

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.sound.capture import SoundStatus

USUAL = "The system's usual microphone"
LOWEST_DB = 60.0  # below full scale, where the meter begins
ON = "The microphone is on: its sound is recorded with every recording, as audio.mka. Shift+R switches it off."


class SoundControls(QObject):
    """Off until somebody switches it on; then, as a lab needs it, on at the next start, too, and always to be seen."""

    changed = pyqtSignal()  # something below did
    failed = pyqtSignal(str)  # why the microphone that the command line asked for can't be used

    def __init__(self, controller: Controller, store: Settings, window: QObject) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = store
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

    def show_status(self, status: PipelineStatus) -> None:
        before, self.status = self.status, status.sound
        problem = status.sound.problem if status.sound is not None else ""
        if problem and self._settings.is_asked(settings.SOUND) and not self._told:
            self._told = True
            self.failed.emit(problem)
        elif problem and (before is None or problem != before.problem):  # else the line still says that it is on
            self._controller.notify(problem, Severity.ERROR)
        self.label.show_sound(status.sound, status.recording_active)
        if before != status.sound:
            self.changed.emit()

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
            self._controller.background.run("list microphones", microphones, self._listed, self._not_listed)
        elif was_on:
            pipeline.sound.switch(None)

    def _listed(self, names: tuple[str, ...]) -> None:
        self.devices = names
        self.changed.emit()

    def _not_listed(self, error: Exception) -> None:
        if not isinstance(error, SourceError):  # which the microphone itself has told
            self._controller.complain(error)


class SoundLabel(StatusLabel):
    """Whether a microphone is on, at the right end of the status bar; hidden while none is."""

    def __init__(self) -> None:
        super().__init__("Sound")

    def show_sound(self, status: SoundStatus | None, recording: bool) -> None:
        if status is None:
            self.hide()
            return
        if status.problem:
            text, tip = "no sound", status.problem
        else:
            text = "● sound is recorded" if recording else "● microphone on"
            tip = f"{status.device or 'The microphone'} is on; Shift+R switches it off."
        theme.set_tone(self, "error" if recording or status.problem else "warning")
        self.show_text(text, tip, f"{text}. {tip}")


class SoundFields(QWidget):
    """The switch with its level meter, and which microphone, as ``controls`` know them."""

    def __init__(self, controls: SoundControls, store: Settings) -> None:
        super().__init__()
        self._controls = controls
        tip = f"{settings.SOUND.tip} (Shift+R)."
        self.switch = SettingEditor(settings.SOUND, store, tip=tip, text="Record").widget
        self.level = Bar("Level of the microphone", "good")
        self.level.setToolTip("The loudest of the last moments; the right end is as loud as can be recorded.")
        self.device = ChoiceBox("Microphone", "Which microphone; the others are listed once one is on.", 12)
        self.device.activated.connect(lambda i: store.set(settings.MICROPHONE, self.device.itemData(i)))
        self.problem = Note("Trouble with the microphone")
        grid = gapped_grid(8, 4, self)
        grid.addWidget(self.switch, 0, 0)
        grid.addWidget(self.level, 0, 1)
        grid.addWidget(self.device, 1, 0, 1, 2)
        grid.addWidget(self.problem, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.setFocusProxy(self.switch)
        controls.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        controls = self._controls
        known = dict.fromkeys([*controls.devices, *filter(None, [controls.device])])
        if ["", *known] != [self.device.itemData(i) for i in range(self.device.count())]:
            self.device.clear()
            for text, name in ((USUAL, ""), *((name, name) for name in known)):
                self.device.addItem(text, name)
        self.device.setCurrentIndex(self.device.findData(controls.device))
        status = controls.status
        self.level.show_share(1 + status.peak_db / LOWEST_DB if status is not None else 0.0)
        self.problem.show_text(status.problem if status is not None else "", "error")
