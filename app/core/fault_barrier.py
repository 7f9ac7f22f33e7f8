"""Keeps a part's failure from stopping the others: the exception is logged and shown, and goes no further."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class FaultBarrier:
    """Calls parts by their names; any thread may call.  A part that works again has no problem any more."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}  # a sentence for each part whose last call failed

    def call(self, part: str, work: Callable[[], T], otherwise: T) -> T:
        """Call ``work`` and return its result, or ``otherwise`` where it raises; ``part`` begins the sentence shown."""
        try:
            value = work()
        except Exception as error:
            if part not in self._failing:  # once, not with every frame
                log.exception("%s failed", part)
            self._failing[part] = (
                f"{part} fails because of an unexpected error ({type(error).__name__}), everything else goes on; "
                "the details are on stderr."
            )
            return otherwise
        self._failing.pop(part, None)
        return value

    def forget(self, part: str) -> None:
        """Drop the problem of a part that is no longer there."""
        self._failing.pop(part, None)

    @property
    def problem(self) -> str:
        """One sentence about a part that fails at present; empty while none does."""
        return next(iter(list(self._failing.values())), "")
