"""A microphone that is fed by hand."""

from __future__ import annotations

from app.core.errors import SourceError
from app.core.sound import Samples
from app.sound.source import OnBlock, SoundInfo


class FakeMicrophone:
    def __init__(self, rate: int = 48_000, problem: str = "") -> None:
        self._rate = rate
        self._problem = problem
        self._on_block: OnBlock | None = None
        self.active = False

    def open(self, on_block: OnBlock) -> SoundInfo:
        if self._problem:
            raise SourceError(self._problem)
        self._on_block = on_block
        self.active = True
        return SoundInfo("a made microphone", self._rate)

    def feed(self, samples: Samples, taken_s: float) -> None:
        """As the driver does it, ``taken_s`` on the monotonic clock."""
        if self._on_block is not None:
            self._on_block(samples, taken_s)

    def close(self) -> None:
        self.active, self._on_block = False, None
