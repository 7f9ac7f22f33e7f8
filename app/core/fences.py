"""Fences off the parts that must not take others along: what one raises is logged, said, and goes no further."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Fences:
    """Calls parts by their names; any thread may call.  A part that works again is forgiven."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}  # a sentence for each part whose last call failed

    def call(self, part: str, work: Callable[[], T], otherwise: T) -> T:
        """What ``work`` gives; ``otherwise`` where it raises.  ``part`` begins the sentence that is shown."""
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

    def forgive(self, part: str) -> None:
        """The part is no longer there."""
        self._failing.pop(part, None)

    @property
    def problem(self) -> str:
        """What fails at present, in one sentence; empty while nothing does."""
        return next(iter(list(self._failing.values())), "")
