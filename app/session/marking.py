"""Markers that are changed after the recording: written whole each time, what was recorded is kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.core.errors import SessionError
from app.session.events import COLUMNS, Event
from app.session.folders import reason
from app.session.table import encode_rows
from extractor import files

KEPT = "events.original"
"""The file's name, before ``.csv``, under which the recorded markers are kept; then ``events.original-2`` and so on."""


class MarkerFile:
    """``events.csv`` of a session in review; not thread-safe.

    Before it is replaced for the first time a copy is kept, and again whenever somebody else has
    changed it meanwhile: what this program didn't write itself is never lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own: bytes | None = None  # what we know to be ours

    def save(self, events: Iterable[Event]) -> None:
        """Replace the file in one step by these markers, in the order of time.  Raises SessionError."""
        data = encode_events(events)
        try:
            present = files.read(self._path) if self._path.exists() else b""
            if present == data:
                return
            if present and present != self._own and not self._is_ours(present):
                self._keep(present)
            files.write_whole(self._path, data)
            # From now on an editing session that is opened later knows that this is no original.
            files.write_whole(self._marks, data)
            self._own = data
        except OSError as error:
            raise SessionError(f"The markers can't be saved in {self._path}: {reason(error)}.") from error

    @property
    def _marks(self) -> Path:
        return self._path.with_name(f".{self._path.name}.reviewed")

    def _is_ours(self, present: bytes) -> bool:
        return self._marks.exists() and files.read(self._marks) == present

    def _keep(self, present: bytes) -> None:
        number = 1
        while True:
            ending = "" if number == 1 else f"-{number}"
            place = self._path.with_name(f"{KEPT}{ending}{self._path.suffix}")
            if not place.exists():
                files.write_whole(place, present)
                return
            if files.read(place) == present:
                return
            number += 1


def encode_events(events: Iterable[Event]) -> bytes:
    """The file's bytes, in the order of time; line breaks in texts become blanks, as one marker is one line."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    for event in sorted(events, key=lambda event: (event.onset_s, event.duration_s)):
        label, note = (" ".join(text.splitlines()).replace("\0", "") for text in (event.label, event.note))
        rows.append((f"{event.onset_s:.6f}", f"{event.duration_s:.6f}", label, note, str(event.frame)))
    return encode_rows(rows)
