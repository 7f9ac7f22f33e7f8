"""What the person sees of a run: how far all of it is, and at the end what failed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from tqdm import tqdm

from app.batch.jobs import Event, Job, Outcome, PicturesJob

_STEPS = 1000
_LOG_EVERY_S = 30.0  # where stderr is a file


class Report:
    """Counts what workers tell, and shows one bar over all jobs.

    How far they are goes by the bytes of the files: to know their frames each would have to be opened.
    """

    def __init__(self, jobs: Iterable[Job], shown: bool) -> None:
        self.failures: list[str] = []
        self.frames = 0
        self._jobs = {job.number: job for job in jobs}
        self._bytes = sum(job.size_bytes for job in self._jobs.values()) or 1
        self._share: dict[int, float] = {}
        self._done_frames: dict[int, int] = {}
        self._files_done = 0
        self._files = sum(_files(job) for job in self._jobs.values())
        self._begun_s = time.monotonic()
        self._bar = tqdm(
            total=_STEPS,
            disable=not shown,
            file=sys.stderr,
            mininterval=0.2 if sys.stderr.isatty() else _LOG_EVERY_S,
            bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} gone, {remaining} left{postfix}",
            desc=self._counted(),
        )

    def take(self, event: Event) -> None:
        """The next thing a worker told."""
        job = self._jobs[event.number]
        before = self._done_frames.get(event.number, 0)
        if isinstance(event, Outcome):
            self._share[event.number] = 1.0
            self._files_done += _files(job)
            self.failures += event.failures
        else:
            self._share[event.number] = event.share
        self._done_frames[event.number] = max(before, event.frames)
        self.frames += max(0, event.frames - before)
        self._show()

    def _show(self) -> None:
        done = sum(share * self._jobs[number].size_bytes for number, share in self._share.items())
        seconds = time.monotonic() - self._begun_s
        self._bar.set_description_str(self._counted(), refresh=False)
        if self.frames and seconds > 0:
            self._bar.set_postfix_str(f"{self.frames / seconds:.1f} frames/s", refresh=False)
        self._bar.update(max(0, round(_STEPS * done / self._bytes) - self._bar.n))

    def _counted(self) -> str:
        return f"{self._files_done}/{self._files} files"

    def close(self) -> None:
        self._bar.close()


def _files(job: Job) -> int:
    return len(job.pictures) if isinstance(job, PicturesJob) else 1
