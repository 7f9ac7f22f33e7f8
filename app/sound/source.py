"""The protocol of a source of sound, so that a test can be a microphone, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.core.sound import Samples

OnBlock = Callable[[Samples, float], None]
"""Called with the samples, one channel, and when the first of them was taken, on the monotonic clock.  That time may
tremble by some milliseconds.  On a thread of the source, which must not wait."""


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """The opened device."""

    device: str  # for people
    rate: int  # samples a second


class SoundSource(Protocol):
    """``device`` has the one for real microphones."""

    def open(self, on_block: OnBlock) -> SoundInfo:
        """Begin; may take a moment.  Raises SourceError."""

    @property
    def active(self) -> bool:
        """False once it has ended by itself, as when it was unplugged."""

    def close(self) -> None:
        """End, idempotent; no block comes afterwards."""
