"""A progress bar in the terminal that learns how long it is with its first step."""

from __future__ import annotations

import sys

from tqdm import tqdm


class Bar:
    """Called with (done, total), it shows that on stderr until its ``with`` ends."""

    def __init__(self, title: str, shown: bool) -> None:
        shown = shown and sys.stderr.isatty()  # in a log it would be a line of remains
        self._bar = tqdm(desc=title, unit="frame", disable=not shown, file=sys.stderr, leave=False)

    def __call__(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
