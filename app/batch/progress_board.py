"""Where the workers of a cluster note how far they are; a module of its own, for it needs no network."""

from __future__ import annotations

from app.batch.jobs import Progress


class ProgressBoard:
    """Where workers note how far they are."""

    def __init__(self) -> None:
        self._told: dict[int, Progress] = {}

    def post(self, progress: Progress) -> None:
        self._told[progress.number] = progress

    def drain(self) -> list[Progress]:
        told, self._told = self._told, {}
        return list(told.values())
