"""A stage of work on a thread of its own, a bounded number of items ahead of the next stage."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.1


def read_ahead(items: Generator[T, None, None], room: int) -> Generator[T, None, None]:
    """The same items, made by a thread that is at most ``room`` of them ahead.

    What ``items`` raises is raised here.  Closing this, or letting go of it, ends the thread and
    closes ``items`` on it.
    """
    ready: queue.Queue[T | _End] = queue.Queue(maxsize=max(1, room))
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=_POLL_S)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        end = _End()
        try:
            with closing(items):
                for item in items:
                    if not put(item):
                        return
        except BaseException as error:  # it belongs to whoever takes the items
            end.error = error
        put(end)

    thread = threading.Thread(target=run, name="read ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()


class _End:
    error: BaseException | None = None
