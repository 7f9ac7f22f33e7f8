"""What is sent to other programs: each output switched on and off, and where it goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from app.core.errors import OutputError
from app.outputs.catalogue import OUTPUTS, OutputSpec
from app.outputs.opentrack import NAME as OPENTRACK
from app.outputs.operable import Operable, Operating
from app.outputs.remote_access import NAME as REMOTE
from app.outputs.remote_access import new_token
from app.ui.shell import dialogs, settings
from app.ui.shell.controller import Controller, sentence
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings


class _Entry:
    """An output, as asked for."""

    def __init__(self, spec: OutputSpec) -> None:
        self.spec = spec
        self.on = False
        self.problem = ""  # why it could not be switched on
        self.begun = False  # the pipeline has been told that it is on
        self.serial = 0  # of what was asked for; only the last one's answer matters
        self.turn = threading.Lock()  # a port must be free before it is opened again


class OutputControls(QObject):
    """Off at every start, except outputs of the command line and outputs that are wanted at every start.

    Other settings, by a reset or a profile, switch all of them off.
    """

    failed = pyqtSignal(str)  # why an output that the command line asked for could not be switched on
    changed = pyqtSignal(str)  # the name of an output whose switch, target or problem is another now

    def __init__(
        self,
        controller: Controller,
        commands: Mapping[str, QAction],
        store: Settings,
        window: QWidget,
        operator: Operable,
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._action = commands[OPENTRACK]
        self._settings = store
        self._window = window
        self._operator = operator  # what a remote control operates
        self.token = ""  # of the remote control; empty until it was switched on once
        self._entries = {spec.name: _Entry(spec) for spec in OUTPUTS}
        for entry in self._entries.values():
            target = settings.OUTPUT_TARGETS[entry.spec.name]
            entry.on = store.get(settings.OUTPUTS_AT_START[entry.spec.name]) or store.is_asked(target)
            store.watch(self, (target,), partial(self._target_changed, entry))
        store.replaced.connect(self._switch_off)
        self._action.setChecked(self.is_on(OPENTRACK))
        controller.source_changed.connect(lambda _: self._catch_up())

    def is_on(self, name: str) -> bool:
        return self._entries[name].on

    def problem(self, name: str) -> str:
        """Why it could not be switched on; empty where it could, or was not tried."""
        return self._entries[name].problem

    def target(self, name: str) -> str:
        return self._settings.get(settings.OUTPUT_TARGETS[name])

    def privacy(self, name: str) -> str:
        """A warning before it is switched on; empty where nothing leaves this computer."""
        return self._entries[name].spec.privacy(self.target(name))

    def switch(self, name: str, on: bool) -> None:
        entry = self._entries[name]
        entry.on, entry.problem = on, ""
        entry.serial += 1
        self._announce(entry)
        if self._controller.pipeline is not None:
            self._begin(entry)

    def use_target(self, name: str, text: str) -> None:
        """Send there from now on, if at all; what is no target changes nothing, and the status line says why."""
        try:
            self._settings.set(settings.OUTPUT_TARGETS[name], text)
        except OutputError as error:
            self._controller.complain(error)

    def renew_token(self) -> None:
        """Another token for the remote control: programs that know the one before are let in no more."""

        def made(token: str) -> None:
            self.token = token
            if self.is_on(REMOTE):
                self.switch(REMOTE, True)
            self._announce(self._entries[REMOTE])

        self._controller.background.run("new token", new_token, made)

    def _target_changed(self, entry: _Entry) -> None:
        if entry.on:
            self.switch(entry.spec.name, True)
        else:
            entry.problem = ""
            self._announce(entry)

    def ask_address(self) -> None:
        """opentrack's, without its dock."""
        question = "Host and port that opentrack's input “UDP over network” listens on:"
        use = partial(self.use_target, OPENTRACK)
        dialogs.ask_text(self._window, "opentrack", question, self.target(OPENTRACK), use)

    def _switch_off(self) -> None:
        for name, entry in self._entries.items():
            if entry.on:
                self.switch(name, False)

    def close(self) -> None:
        """What is still being opened is let go again."""
        for entry in self._entries.values():
            entry.serial += 1

    def _catch_up(self) -> None:
        """There is a pipeline now: begin what was switched on before."""
        for entry in self._entries.values():
            if entry.on and not entry.begun and self._controller.pipeline is not None:
                self._begin(entry)

    def _begin(self, entry: _Entry) -> None:
        pipeline, spec, serial, on = self._controller.pipeline, entry.spec, entry.serial, entry.on
        assert pipeline is not None
        target, entry.begun = self.target(spec.name), on

        def do() -> None:
            with entry.turn:
                if serial != entry.serial:
                    return
                pipeline.remove_output(spec.name)
                if not on:
                    return
                output = spec.make(target)
                if isinstance(output, Operating):
                    output.operate(self._operator)
                    self.token = output.token
                if serial == entry.serial:
                    pipeline.add_output(output)
                else:
                    output.close()

        def done(_: None) -> None:
            if serial != entry.serial:
                return
            if not on:
                self._controller.notify(f"{spec.title} is off.")
                return
            privacy = spec.privacy(target)
            to = f": {target}" if target else ""
            self._controller.notify(
                f"{spec.title} is on{to}. {privacy}".strip(), Severity.WARNING if privacy else Severity.GOOD
            )
            self._announce(entry)

        def failed(error: Exception) -> None:
            if serial == entry.serial:
                entry.on, entry.begun, entry.problem = False, False, sentence(error)
                if self._settings.is_asked(settings.OUTPUT_TARGETS[spec.name]):
                    self.failed.emit(entry.problem)
                self._announce(entry)
                self._controller.notify(entry.problem, Severity.ERROR)

        self._controller.background.run(f"switch {spec.name}", do, done, failed)  # a name server may take its time

    def _announce(self, entry: _Entry) -> None:
        if entry.spec.name == OPENTRACK:
            self._action.setChecked(entry.on)
        self.changed.emit(entry.spec.name)
