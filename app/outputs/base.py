"""The contract between the pipeline and whatever sends numbers to other programs."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Protocol

from app.core.clock import now_s
from app.core.frames import FrameResult
from app.signals.rates import RateMeter

FRESH_S = 1.0  # how long what was sent or refused last describes how things stand


class OutputState(enum.Enum):
    """How an output stands."""

    WAITING = "waiting"  # for a face, or for the first picture
    SENDING = "sending"
    UNHEARD = "nobody listens"  # as far as the protocol lets the sender know
    LISTENING = "listens"  # it sends answers only
    FAILED = "failed"  # ``OutputStatus.problem`` says why; every further result tries again


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """How an output stands, in numbers."""

    name: str
    target: str  # where it goes, as a person writes it
    state: OutputState
    rate: float  # results sent a second, over the last two seconds
    sent: int
    problem: str = ""  # one sentence while the state is FAILED
    dropped: int = 0  # results that were not sent because a newer one came, or the receiver was too slow
    receivers: int | None = None  # how many programs read; None: the protocol can't tell


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment that somebody, or the program, has marked."""

    label: str
    note: str
    at_s: float  # monotonic clock


class Output(Protocol):
    """Made switched on; its constructor may wait for the network and raises OutputError."""

    @property
    def name(self) -> str:
        """One output of a name runs at a time."""

    @property
    def status(self) -> OutputStatus:
        """For any thread."""

    def send(self, result: FrameResult) -> None:
        """Send what is shown of a result.  On the inference thread: never waits, raises nothing."""

    def send_marker(self, marker: Marker) -> bool:
        """Send a marker; False where the protocol has none.  From any thread: never waits, raises nothing."""

    def close(self) -> None:
        """Let go of everything within a second or two; idempotent, from any thread, also during ``send``."""


class Tally:
    """Counts what was sent and keeps the state; one thread counts, any thread reads."""

    def __init__(self) -> None:
        self.sent = 0
        self.problem = ""
        self._rate = RateMeter()
        self._sent_s = -math.inf

    def count(self) -> None:
        """One more result is on its way."""
        self._sent_s = now_s()
        self._rate.tick(self._sent_s)
        self.sent += 1

    def status(
        self, name: str, target: str, heard: bool = True, dropped: int = 0, receivers: int | None = None
    ) -> OutputStatus:
        """How the output stands that counts here; ``heard``: whether somebody listens."""
        if self.problem:
            state = OutputState.FAILED
        elif not heard:
            state = OutputState.UNHEARD
        else:
            state = OutputState.SENDING if now_s() - self._sent_s < FRESH_S else OutputState.WAITING
        return OutputStatus(name, target, state, self._rate.rate(), self.sent, self.problem, dropped, receivers)
