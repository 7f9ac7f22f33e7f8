"""The common part of outputs whose sending takes time: a thread that gets the latest result."""

from __future__ import annotations

import abc
import logging
import threading

from app.core.errors import OutputError, unexpected
from app.core.frames import FrameResult
from app.core.mailbox import Mailbox
from app.outputs.base import Marker, OutputStatus, Tally

log = logging.getLogger(__name__)

CLOSE_S = 2.0
UNEXPECTED = unexpected("Nothing can be sent at present")


class ThreadedOutput(abc.ABC):
    """Takes the latest result on a thread of its own; what a newer one replaces is counted as dropped.

    Subclasses call ``_start`` when they are ready, and give ``_deliver`` and ``_release``, which
    both run on that thread.
    """

    def __init__(self, name: str, target: str) -> None:
        self.name = name
        self._target = target
        self._slot: Mailbox[FrameResult] = Mailbox()
        self._tally = Tally()
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)

    def _start(self) -> None:
        self._thread.start()

    @abc.abstractmethod
    def _deliver(self, result: FrameResult) -> bool:
        """Send it; True when something went out.  Raises OutputError: it is shown, and the next result tries again."""

    @abc.abstractmethod
    def _release(self) -> None:
        """Let go of everything."""

    def send(self, result: FrameResult) -> None:
        if not self._slot.closed:
            self._slot.put(result)

    def send_marker(self, marker: Marker) -> bool:
        """Nothing: most protocols have no markers."""
        return False

    @property
    def status(self) -> OutputStatus:
        return self._tally.status(self.name, self._target, self._heard, self._slot.replaced)

    @property
    def _heard(self) -> bool:
        """False where the protocol tells that nobody listens."""
        return True

    def close(self) -> None:
        self._slot.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while (result := self._slot.take(None)) is not None and not self._slot.closed:
                self._try(result)
        finally:
            self._release()

    def _try(self, result: FrameResult) -> None:
        try:
            if self._deliver(result):
                self._tally.count()
            self._tally.problem = ""
        except OutputError as error:
            self._tally.problem = str(error)
        except Exception:  # one bad result must not end an output that somebody relies on
            if self._tally.problem != UNEXPECTED:
                log.exception("%s failed", self.name)
            self._tally.problem = UNEXPECTED
