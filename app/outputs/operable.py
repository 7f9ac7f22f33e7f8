"""The protocol of what a remote control operates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from app.core.clock import Moment

ABOUT = ("participant", "task", "consent", "comment")
"""The fields that a recording may be started with."""


@dataclass(frozen=True, slots=True)
class Done:
    """The time at which a command took effect, and further facts as JSON values."""

    moment: Moment
    details: dict[str, object] = field(default_factory=dict)


class Operable(Protocol):
    """Each call may wait, is made on one thread of the remote control, and raises UserError."""

    def start(self, about: Mapping[str, str]) -> Done:
        """Begin a recording, which ``about`` describes by the words of ``ABOUT``; the moment is its first frame's."""

    def stop(self) -> Done:
        """End the recording that runs; its files are finished in the background."""

    def annotate(self, label: str, at_s: float) -> Done:
        """Set a marker at a time on the monotonic clock."""

    def recentre(self) -> Done:
        """The present pose is straight ahead from now on."""

    def state(self) -> Done:
        """How things stand."""


@runtime_checkable
class Operating(Protocol):
    """An output through which other programs operate the window."""

    @property
    def token(self) -> str:
        """The word that lets them in."""

    def operate(self, operable: Operable) -> None:
        """Carry commands out there; until then they are refused."""
