"""The contract between the pipeline and whatever sends numbers to other programs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from app.core.frames import FrameResult


class OutputState(enum.Enum):
    WAITING = "waiting for a face"
    SENDING = "sending"
    UNHEARD = "nobody listens"  # the receiver's computer says that no program has opened the port
    FAILED = "failed"  # ``OutputStatus.problem`` says why; every further result tries again


@dataclass(frozen=True, slots=True)
class OutputStatus:
    name: str
    target: str  # where it goes, as a person writes it
    state: OutputState
    rate: float  # results sent a second, over the last two seconds
    sent: int
    problem: str = ""  # one sentence while the state is FAILED


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

    def close(self) -> None:
        """Let go of everything; idempotent, from any thread, also during ``send``."""
