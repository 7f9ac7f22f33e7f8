"""Files measured for the window by a process of its own, which is paused, gone on with and stopped from here."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import threading

import psutil
from PyQt6.QtCore import QObject, pyqtSignal

from app.batch.served import Request, RunMessage
from app.core.clock import now_s
from app.core.records import RecordError
from app.ui.widgets.background import Background
from extractor import child

STOP_S = 10.0  # that what is unfinished may take to be removed
DIED = "The measuring has ended unexpectedly; start it again to go on."


class Extraction(QObject):
    """One run.  A pause holds its processes where they are, so that nothing that was measured is lost."""

    reported = pyqtSignal(object)  # RunMessage
    ended = pyqtSignal(str)  # no process is left; one sentence: what came of it, or why it ended
    paused_changed = pyqtSignal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paused = False
        self.failed = False  # once ended
        self._lock = threading.Lock()  # of the process and what is done to it
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._holding = Background(self, lambda error: None, serial=True)
        self._active_s = 0.0  # without pauses, up to the last one
        self._since_s = 0.0

    @property
    def running(self) -> bool:
        """Also while it is paused."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """How long it has been at work, pauses left out."""
        return self._active_s if self.paused else self._active_s + now_s() - self._since_s

    def start(self, request: Request) -> None:
        """Measure; ``reported`` and at last ``ended`` follow.  What an earlier run has measured is left as it is."""
        self.paused, self.failed, self._stopped = False, False, False
        self._active_s, self._since_s = 0.0, now_s()
        self._thread = threading.Thread(target=self._run, args=(request,), name="measure files", daemon=True)
        self._thread.start()

    def pause(self, on: bool) -> None:
        """Hold, or go on."""
        if on == self.paused or not self.running:
            return
        self._active_s = self.seconds
        self._since_s = now_s()
        self.paused = on
        self.paused_changed.emit(on)
        self._holding.run("pause", lambda: self._hold(on), lambda _: None)

    def stop(self) -> None:
        """End it; ``ended`` follows.  Started again, it goes on with the file that it was at."""
        if not self.running:
            return
        self.pause(False)
        self._stopped = True
        self._holding.run("stop measuring", self._end, lambda _: None)

    def close(self, timeout_s: float = STOP_S + 5.0) -> None:
        """For the window's end: no process and no thread are left."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._holding.close(timeout_s)

    # ------------------------------------------------------------------ on other threads

    def _run(self, request: Request) -> None:
        outcome = error = ""
        try:
            with self._lock:
                process = child.start("app.batch.served", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self._process = process
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(OSError):  # it has died already, which is noticed below
                process.stdin.write(json.dumps(dataclasses.asdict(request)).encode("ascii") + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                with contextlib.suppress(RecordError):
                    message = RunMessage.read(line)
                    outcome, error = message.outcome or outcome, message.error or error
                    self._emit(message)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
        except OSError as reason:
            error = f"The measuring could not be started: {reason.strerror or reason}."
        with self._lock:
            self._process = None
        self.failed = not outcome and not self._stopped
        sentence = outcome or error or ("Stopped; start it again to go on." if self._stopped else DIED)
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self.ended.emit(sentence)

    def _emit(self, message: RunMessage) -> None:
        with contextlib.suppress(RuntimeError):
            self.reported.emit(message)

    def _hold(self, on: bool) -> None:
        with self._lock:
            for process in self._tree():
                with contextlib.suppress(psutil.Error):
                    if on:
                        process.suspend()
                    else:
                        process.resume()

    def _tree(self) -> list[psutil.Process]:
        """The process and those that it has started, itself first: it starts none while it is held."""
        if self._process is None:
            return []
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        return []

    def _end(self) -> None:
        with self._lock:
            process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()  # it removes what is unfinished, and ends
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with self._lock:
                tree = self._tree()
            for one in tree:
                with contextlib.suppress(psutil.Error):
                    one.kill()
