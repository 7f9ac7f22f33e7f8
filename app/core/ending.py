"""Handles signals that end the program: Ctrl+C, ``kill``, a terminal that is closed, a logout."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the third not on Windows, the last one only there
SIGNALS = tuple(signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__)


class EndedError(KeyboardInterrupt):
    """Raised in the main thread wherever it is, like Ctrl+C's, so that what is unfinished is taken away."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def close_on_signals(close: Callable[[], object]) -> None:
    """Let the first of them call ``close``; the next one is the system's again.

    What is ignored, as ``nohup`` does with a terminal's end, stays so.  For the main thread.
    """

    def first(number: int, frame: FrameType | None) -> None:
        for one in caught:
            signal.signal(one, signal.SIG_DFL)
        close()

    caught = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in caught:
        signal.signal(number, first)


@contextlib.contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Inside, each of them raises ``EndedError`` in the main thread, SIGINT KeyboardInterrupt as ever."""

    def end(number: int, frame: FrameType | None) -> None:
        raise EndedError(number)

    before = {number: signal.getsignal(number) for number in SIGNALS if number is not signal.SIGINT}
    before = {number: handler for number, handler in before.items() if handler is signal.SIG_DFL}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
