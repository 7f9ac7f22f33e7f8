"""Annotations that are changed after the recording: written whole each time, what was recorded is kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.core.errors import SessionError, os_errors_as
from app.session.annotations import Annotation, encode_annotations, keep_original
from extractor import files


class AnnotationFile:
    """``events.csv`` of a session in review; not thread-safe.

    Before it is replaced for the first time a copy is kept, and again whenever somebody else has
    changed it meanwhile: what this program didn't write itself is never lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own: bytes | None = None  # what we know to be ours

    def save(self, annotations: Iterable[Annotation]) -> None:
        """Replace the file in one step by these annotations, in the order of time.  Raises SessionError."""
        data = encode_annotations(
            sorted(annotations, key=lambda annotation: (annotation.onset_s, annotation.duration_s))
        )
        with os_errors_as(SessionError, f"The markers can't be saved in {self._path}"):
            present = files.read(self._path) if self._path.exists() else b""
            if present == data:
                return
            if present and present != self._own and not self._is_ours(present):
                keep_original(self._path)
            files.write_whole(self._path, data)
            # From now on an editing session that is opened later knows that this is no original.
            files.write_whole(self._marks, data)
            self._own = data

    @property
    def _marks(self) -> Path:
        return self._path.with_name(f".{self._path.name}.reviewed")

    def _is_ours(self, present: bytes) -> bool:
        return self._marks.exists() and files.read(self._marks) == present
