"""Waiting for what other threads do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
"""What is waited for comes at once on a quiet machine, and within this on one that is busy with other work."""


def wait_until(
    condition: Callable[[], T], meanwhile: Callable[[], object] = lambda: None, timeout_s: float = PATIENCE_S
) -> T:
    """Look again and again, with ``meanwhile`` in between, until the condition holds; what it gave."""
    end_s = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < end_s, "it did not happen"
        meanwhile()
        time.sleep(0.005)
    return found


def threads_named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def join_threads(name: str, timeout_s: float = PATIENCE_S) -> None:
    """Wait for the end of the threads of this name."""
    for thread in threads_named(name):
        thread.join(timeout_s)
        assert not thread.is_alive()
