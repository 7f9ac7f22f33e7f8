"""Slow calls off the window's thread, their results back on it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pkgutil import resolve_name
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

T = TypeVar("T")


def lazily(function: str, *arguments: object, **named: object) -> Callable[[], Any]:
    """A call of this ``module:function``, imported where it is called: with it come OpenCV, PyAV or torch."""
    return lambda: resolve_name(function)(*arguments, **named)


log = logging.getLogger(__name__)


class Background(QObject):
    """Runs each piece of work on a thread of its own: listing cameras may hang in a driver."""

    _returned = pyqtSignal(object, str, object)

    def __init__(
        self, parent: QObject | None = None, failed: Callable[[Exception], object] | None = None, serial: bool = False
    ) -> None:
        """``failed`` gets what work raises that brings none of its own.

        ``serial``: one piece after the other, in the order of the calls.
        """
        super().__init__(parent)
        self._failed = failed
        self._serial = serial
        self._begun: Counter[str] = Counter()  # how often work of a name was begun as the latest, or forgotten
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._returned.connect(self._deliver)

    def run(
        self,
        name: str,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[Exception], object] | None = None,
        latest: bool = False,
    ) -> None:
        """Call ``work`` elsewhere, then ``done`` with what it returned or ``failed`` with what it raised, here.

        ``latest``: neither is called once work of this name is begun so again, or forgotten.
        """
        if latest:
            self.forget(name)
        number = self._begun[name] if latest else None
        failed = failed or self._failed
        assert failed is not None
        before = self._threads[-1] if self._serial and self._threads else None

        def call() -> None:
            if before is not None:
                before.join()
            answer: Callable[[], object]
            try:
                answer = partial(done, work())
            except Exception as error:
                answer = partial(failed, error)
            with contextlib.suppress(RuntimeError):  # the window is gone already
                self._returned.emit(answer, name, number)

        thread = threading.Thread(target=call, name=name, daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()

    def forget(self, name: str) -> None:
        """Nobody wants the answer of the latest work of this name any more."""
        self._begun[name] += 1

    def close(self, timeout_s: float) -> None:
        """Deliver nothing any more; wait a little for what still runs, and leave alone what hangs."""
        self._closed = True
        for thread in self._threads:
            thread.join(timeout_s)
            if thread.is_alive():
                log.warning("%s still runs while the window closes", thread.name)

    def _deliver(self, answer: Callable[[], object], name: str, number: int | None) -> None:
        if not self._closed and number in (None, self._begun[name]):
            answer()
