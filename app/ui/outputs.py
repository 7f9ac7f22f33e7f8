"""What is sent to other programs: switched on and off, and where to."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from app.core.errors import OutputError
from app.outputs.address import OPENTRACK_ADDRESS, OPENTRACK_PORT, Address, parse_address
from app.outputs.opentrack import NAME, OpentrackOutput
from app.ui import dialogs, settings
from app.ui.background import Background
from app.ui.controller import Controller, sentence
from app.ui.messages import Message, Severity
from app.ui.settings import Settings


class OutputControls:
    """Off at every start unless the command line says otherwise: what leaves the program is switched on by hand."""

    def __init__(
        self,
        controller: Controller,
        commands: Mapping[str, QAction],
        store: Settings,
        window: QWidget,
        opentrack: str | None,
    ) -> None:
        self._controller = controller
        self._action = commands[NAME]
        self._settings = store
        self._window = window
        self._asked = opentrack  # by the command line, for this run; an address chosen by hand replaces it
        self._background = Background(window)  # a name server may take its time
        self._serial = 0  # of what was asked for; only the last one's answer matters
        self._lock = threading.Lock()  # of the above and the pipeline's outputs together
        self._due = opentrack is not None  # switched on before there was a pipeline
        self._action.setChecked(self._due)
        controller.source_changed.connect(lambda _: self._catch_up())

    @property
    def address(self) -> Address:
        """Where opentrack listens; the default where what is remembered makes no sense."""
        try:
            return parse_address(self._asked or self._settings.get(settings.OPENTRACK), OPENTRACK_PORT)
        except OutputError:
            return parse_address(OPENTRACK_ADDRESS, OPENTRACK_PORT)

    def switch(self, on: bool) -> None:
        pipeline, address = self._controller.pipeline, self.address
        self._action.setChecked(on)
        self._due = on and pipeline is None
        with self._lock:
            self._serial += 1
            serial = self._serial
            if pipeline is not None and not on:
                pipeline.remove_output(NAME)
        if pipeline is None:
            return
        if not on:
            self._say("Nothing is sent to opentrack any more.", Severity.INFO)
            return

        def open_it() -> None:
            output = OpentrackOutput(address)
            with self._lock:
                if serial == self._serial:
                    pipeline.add_output(output)
                    return
            output.close()

        def opened(_: None) -> None:
            if serial == self._serial:
                where = "on this computer" if address.is_this_computer else "which may be another computer"
                self._say(f"The head pose goes to opentrack at {address}, {where}.", Severity.GOOD)

        def failed(error: Exception) -> None:
            if serial == self._serial:
                self._action.setChecked(False)
                pipeline.remove_output(NAME)  # the one at the address before
                self._say(sentence(error), Severity.ERROR)

        self._background.run("open opentrack", open_it, opened, failed)

    def ask_address(self) -> None:
        dialogs.ask_text(
            self._window,
            "opentrack",
            "Host and port that opentrack's input “UDP over network” listens on:",
            str(self.address),
            self.use_address,
        )

    def use_address(self, text: str) -> None:
        """Send there from now on, if at all; what is no address is said and changes nothing."""
        try:
            address = parse_address(text, OPENTRACK_PORT)
        except OutputError as error:
            self._say(str(error), Severity.ERROR)
            return
        self._asked = None
        self._settings.set(settings.OPENTRACK, str(address))
        if self._action.isChecked():
            self.switch(True)

    def close(self) -> None:
        """No thread is left."""
        with self._lock:
            self._serial += 1
        self._background.close(2.0)

    def _catch_up(self) -> None:
        if self._due and self._controller.pipeline is not None:
            self.switch(True)

    def _say(self, text: str, severity: Severity) -> None:
        self._controller.noticed.emit(Message(text, severity))
