"""The progress of a run, for the terminal or the window."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tqdm import tqdm

from app.batch.jobs import Event, Job, Outcome, PicturesJob

_STEPS = 1000
_LOG_EVERY_S = 30.0  # where stderr is a file


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    ``share`` (0 to 1) goes by the bytes of the files: to know their frames each would have to be opened.
    """

    files_done: int = 0
    files: int = 0  # that are to be measured; those that an earlier run has measured are not among them
    frames: int = 0
    share: float = 0.0
    failures: tuple[str, ...] = ()  # a sentence for each file that could not be measured so far


class Watcher(Protocol):
    """Shows the progress of a run; called on the thread that runs it."""

    def remark(self, text: str) -> None:
        """Something that one should know at once, in a sentence."""

    def show(self, progress: RunProgress) -> None:
        """How far it is, first when it begins."""


class Tally:
    """Adds up what workers tell."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = {job.number: job for job in jobs}
        self._bytes = sum(job.size_bytes for job in self._jobs.values()) or 1
        self._share: dict[int, float] = {}
        self._frames: dict[int, int] = {}
        self._files_done = 0
        self._files = sum(_files(job) for job in self._jobs.values())
        self._failures: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        """The next thing a worker told."""
        if isinstance(event, Outcome):
            self._share[event.number] = 1.0
            self._files_done += _files(self._jobs[event.number])
            self._failures += event.failures
        else:
            self._share[event.number] = event.share
        self._frames[event.number] = max(self._frames.get(event.number, 0), event.frames)

    @property
    def progress(self) -> RunProgress:
        """How far the run is now."""
        done = sum(share * self._jobs[number].size_bytes for number, share in self._share.items())
        return RunProgress(
            self._files_done, self._files, sum(self._frames.values()), min(1.0, done / self._bytes), self._failures
        )


class TerminalReport:
    """Shows one bar over all files on stderr, and remarks above it."""

    def __init__(self, shown: bool) -> None:
        """``shown`` off: remarks alone."""
        self._shown = shown
        self._bar: tqdm | None = None
        self._begun_s = 0.0

    def remark(self, text: str) -> None:
        print(f"motionscope: {text}", file=sys.stderr)

    def show(self, progress: RunProgress) -> None:
        counted = f"{progress.files_done}/{progress.files} files"
        if self._bar is None:
            self._begun_s = time.monotonic()
            self._bar = tqdm(
                total=_STEPS,
                disable=not self._shown,
                file=sys.stderr,
                mininterval=0.2 if sys.stderr.isatty() else _LOG_EVERY_S,
                bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} gone, {remaining} left{postfix}",
                desc=counted,
            )
        seconds = time.monotonic() - self._begun_s
        self._bar.set_description_str(counted, refresh=False)
        if progress.frames and seconds > 0:
            self._bar.set_postfix_str(f"{progress.frames / seconds:.1f} frames/s", refresh=False)
        self._bar.update(max(0, round(_STEPS * progress.share) - self._bar.n))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _files(job: Job) -> int:
    return len(job.pictures) if isinstance(job, PicturesJob) else 1
