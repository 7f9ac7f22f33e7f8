"""A whole run: what is to be done, who does it, what came of it."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import filelock
import psutil

from app.batch.images import ImageTable, Measured, pictures_of
from app.batch.jobs import Event, ExtractOptions, Job, Outcome, PicturesJob, Settings, VideoJob
from app.batch.local import run_here, run_in_processes
from app.batch.plan import DoneCriteria, Work, find_places, find_work
from app.batch.report import Tally, Watcher
from app.capture.images import left_out
from app.core.errors import UserError, os_errors_as
from app.core.position import ASSUMED
from app.core.system import usable_cores
from app.core.threads import network_threads
from app.faces.estimators import create, describe
from extractor import files
from extractor.backends.devices import available_devices
from extractor.backends.engines import engine_named
from extractor.report import LoadReport
from extractor.user_cache import cache_folder

MEMORY_BYTES = 1_200_000_000
"""That a process needs, at most; measured at 1280x720."""

WORTH_BYTES = 24_000_000
"""The bytes of files for which one more process is started: it takes about five seconds to begin."""

PICTURES_A_JOB = 64


@dataclass(frozen=True, slots=True)
class Extracted:
    """The outcome of a run."""

    out: Path
    files: int
    measured: int  # of them, now or by an earlier run
    earlier: int
    failures: tuple[str, ...]  # a sentence for each file that could not be measured, each path that could not be read

    @property
    def sentence(self) -> str:
        """One sentence for a person."""
        note = f", {self.earlier} of them earlier" if self.earlier else ""
        return f"{self.measured} of {self.files} files measured{note}, results in {self.out}"


def extract(patterns: Sequence[str], out: Path, options: ExtractOptions, watcher: Watcher) -> Extracted:
    """Measure everything the patterns name into ``out``.

    A video gets a session folder without a copy of the video, the images share ``images.csv``.
    What an earlier run has measured with the same weights is left as it is, so that a run that was cut off goes on.
    Raises UserError when there is nothing to do, and what ``create`` raises.
    """
    work = find_work(patterns)
    out = out.absolute()
    report = describe(options.weights)
    if not report.pose_trained:
        watcher.remark("pose heads untrained: these weights hold no head pose, so no angles come out.")
    with ExitStack() as stack:
        _lock(stack, out)
        run = _Run(work, out, report, options)
        if run.jobs:
            run.do(stack, watcher)
        run.finish()
        if work.left_out:
            watcher.remark(left_out(work.left_out))
        if run.faceless:
            watcher.remark(no_face(run.faceless))
        return run.result()


def no_face(names: Sequence[str]) -> str:
    """A sentence on files that were measured and show no face."""
    if len(names) == 1:
        return f"No face was found in {names[0]}."
    return f"No face was found in {len(names)} files, such as {names[0]}."


def _lock(stack: ExitStack, out: Path) -> None:
    """Two runs would take each other's unfinished results for left over."""
    name = hashlib.sha256(str(out).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    try:
        folder = cache_folder() / "locks"
        files.make_folder(folder)
        stack.enter_context(filelock.FileLock(folder / f"{name}.lock", timeout=0))
    except filelock.Timeout:
        raise UserError(f"Another motionscope extract is at work in {out}.") from None
    except (OSError, NotImplementedError):
        pass  # no folder that can be written, or a system without locks


class _Run:
    def __init__(self, work: Work, out: Path, report: LoadReport, options: ExtractOptions) -> None:
        self._work = work
        self._out = out
        self._weights = report
        self._options = options
        self._places = find_places(work.videos, out, DoneCriteria(report.sha256, options), force=options.force)
        self._pictures = pictures_of(work.images)
        self._table: ImageTable | None = None
        measured = Measured(
            report.path.name,
            report.sha256,
            options.engine,
            options.device,
            report.spec.num_kp,
            options.faces,
            options.field_of_view or ASSUMED,
            options.face_size,
        )
        if self._pictures:
            self._table = ImageTable(out, measured, force=options.force)
        self._missing = self._table.missing(self._pictures) if self._table else []
        self._failures: tuple[str, ...] = ()
        self.faceless: tuple[str, ...] = ()  # names of the files measured now that show no face
        self.jobs = self._split()

    def _split(self) -> list[Job]:
        """The work that is left, videos first."""
        todo = [(item, place) for item, place in zip(self._work.videos, self._places, strict=True) if not place.done]
        jobs: list[Job] = []
        for item, place in todo:
            path = item.path.absolute()
            jobs.append(VideoJob(len(jobs), str(path), str(self._out), str(place.folder), _size(path)))
        workers = self._options.jobs or usable_cores()
        chunk = max(1, min(PICTURES_A_JOB, math.ceil(len(self._missing) / workers)))
        for first in range(0, len(self._missing), chunk):
            jobs.append(PicturesJob(len(jobs), tuple(self._missing[first : first + chunk])))
        return jobs

    def do(self, stack: ExitStack, watcher: Watcher) -> None:
        """Measure what is left."""
        events = stack.enter_context(closing(self._events(stack)))
        with os_errors_as(UserError, f"{self._out} can't be written"):
            files.make_folder(self._out)
        tally = Tally(self.jobs)
        watcher.show(tally.progress)
        if self._table is not None:
            stack.callback(self._table.close)
        for event in events:
            tally.take(event)
            watcher.show(tally.progress)
            if isinstance(event, Outcome):
                self.faceless += event.faceless
                if event.rows and self._table is not None:
                    self._table.add(event.rows)
        self._failures = tally.progress.failures

    def _events(self, stack: ExitStack) -> Generator[Event, None, None]:
        """Start the workers; errors that concern all of them are raised here."""
        options = dataclasses.replace(self._options, weights=_for_workers(self._options.weights))
        cluster = None
        if options.ray is not None:
            from app.batch.cluster import Cluster

            cluster = stack.enter_context(closing(Cluster(options.ray)))
        count = 0 if cluster else _processes(self.jobs, options)
        threads = network_threads() if count == 1 else 1
        settings = Settings(options, self._weights.sha256, threads, share=files.is_shared())
        if count == 1 or options.engine == "auto":  # what is the fastest is found out once, for all
            backend = create(options.weights, options.device, threads, options.engine)
            info = backend.info
            found = dataclasses.replace(options, engine=engine_named(info.engine, info.dtype), device=info.device)
            settings = dataclasses.replace(settings, options=found)
            if self._table is not None:
                self._table.measured_with(info)
            if count == 1:
                stack.callback(backend.close)
                return run_here(self.jobs, settings, backend)
            backend.close()
        if cluster is not None:
            return cluster.run(self.jobs, settings, self._out)
        return run_in_processes(self.jobs, settings, count)

    def finish(self) -> None:
        """Write the table of the pictures."""
        if self._table is not None and (self._missing or not self._table.is_of(self._pictures)):
            self._table.finish(self._pictures)

    def result(self) -> Extracted:
        failures = [place.problem for place in self._places if place.done and place.problem] + list(self._failures)
        total = len(self._work.videos) + len(self._work.images)
        earlier = sum(place.done for place in self._places) + len(self._pictures) - len(self._missing)
        return Extracted(self._out, total, total - len(failures), earlier, (*self._work.failures, *failures))


def _for_workers(weights: str | None) -> str | None:
    """The weights' path, absolute; a name such as "lite" as it is."""
    if weights is None or not Path(weights).expanduser().exists():
        return weights
    return str(Path(weights).expanduser().absolute())


def _size(path: Path) -> int:
    try:
        return max(1, path.stat().st_size)
    except OSError:
        return 1


def _processes(jobs: Sequence[Job], options: ExtractOptions) -> int:
    """How many to start; one is this one."""
    if options.jobs is not None:
        return min(options.jobs, len(jobs))
    if options.device != "cpu" and (options.device != "auto" or available_devices()[0].id != "cpu"):
        return 1  # they would share the one accelerator
    worth = sum(job.size_bytes for job in jobs) // WORTH_BYTES + 1
    room = int(psutil.virtual_memory().available // MEMORY_BYTES)
    return max(1, min(usable_cores(), len(jobs), worth, room))
