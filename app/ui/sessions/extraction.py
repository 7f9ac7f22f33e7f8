"""Files measured for the window by a process of its own, which is paused, gone on with and stopped from here."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import psutil
from PyQt6.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal

from app.batch.served import Request, RunMessage
from app.core.clock import now_s
from app.core.records import RecordError
from app.ui.widgets.background import Background
from app.ui.widgets.building import delayed
from extractor import child

STOP_MS = 10_000  # that what is unfinished may take to be removed
DIED = "The measuring has ended unexpectedly; start it again to go on."
STOPPED = "Stopped; start it again to go on."


class Extraction(QObject):
    """One run.  A pause holds its processes where they are, so that nothing that was measured is lost."""

    reported = pyqtSignal(object)  # RunMessage
    ended = pyqtSignal(str)  # no process is left; one sentence: what came of it, or why it ended
    paused_changed = pyqtSignal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paused = False
        self.failed = False  # once ended
        self._outcome = self._error = ""
        self._stopped = False
        self._active_s = 0.0  # without pauses, up to the last one
        self._since_s = 0.0
        self._holding = Background(self, lambda error: None, serial=True)
        self._stopping = delayed(self, STOP_MS, self._kill)
        self._process = QProcess(self)
        program, *arguments = child.command("app.batch.served")
        environment = QProcessEnvironment()
        for name, value in child.environment().items():
            environment.insert(name, value)
        self._process.setProgram(program)
        self._process.setArguments(arguments)
        self._process.setWorkingDirectory(str(child.ROOT))
        self._process.setProcessEnvironment(environment)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._end)
        self._process.errorOccurred.connect(self._say_what_failed)

    @property
    def running(self) -> bool:
        """Also while it is paused."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    @property
    def seconds(self) -> float:
        """How long it has been at work, pauses left out."""
        return self._active_s if self.paused else self._active_s + now_s() - self._since_s

    def start(self, request: Request) -> None:
        """Measure; ``reported`` and at last ``ended`` follow.  What an earlier run has measured is left as it is."""
        self.paused, self.failed, self._stopped = False, False, False
        self._outcome = self._error = ""
        self._active_s, self._since_s = 0.0, now_s()
        self._process.start()
        self._process.write(json.dumps(dataclasses.asdict(request)).encode("ascii") + b"\n")

    def pause(self, on: bool) -> None:
        if on == self.paused or not self.running:
            return
        self._active_s = self.seconds
        self._since_s = now_s()
        self.paused = on
        self.paused_changed.emit(on)
        pid = self._process.processId()
        self._holding.run("pause", lambda: _hold(pid, on), lambda _: None)

    def stop(self) -> None:
        """End it; ``ended`` follows.  Started again, it goes on with the file that it was at."""
        if self.running:
            self.pause(False)
            self._stopped = True
            self._process.closeWriteChannel()  # it removes what is unfinished, and ends
            self._stopping.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """For the window's end: no process and no thread are left."""
        self.stop()
        self._holding.close(timeout_s)
        if self.running and not self._process.waitForFinished(STOP_MS):
            self._kill()
            self._process.waitForFinished(STOP_MS)

    def _read(self) -> None:
        while self._process.canReadLine():
            with contextlib.suppress(RecordError):
                message = RunMessage.read(self._process.readLine().data())
                self._outcome, self._error = message.outcome or self._outcome, message.error or self._error
                self.reported.emit(message)

    def _say_what_failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._error = f"The measuring could not be started: {self._process.errorString()}."
            self._end()

    def _end(self) -> None:
        self._stopping.stop()
        self._read()
        self.failed = not self._outcome and not self._stopped
        self.ended.emit(self._outcome or self._error or (STOPPED if self._stopped else DIED))

    def _kill(self) -> None:
        for process in _tree(self._process.processId()):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _hold(pid: int, on: bool) -> None:
    for process in _tree(pid):
        with contextlib.suppress(psutil.Error):
            if on:
                process.suspend()
            else:
                process.resume()


def _tree(pid: int) -> list[psutil.Process]:
    """The process and those that it has started, itself first: it starts none while it is held."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []
