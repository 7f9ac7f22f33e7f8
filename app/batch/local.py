"""Runs jobs on this machine: in this process, or in several of their own."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from app.batch.jobs import Event, Job, Outcome, Settings, VideoJob
from app.batch.worker import Worker
from app.core.errors import UserError
from app.session.staging import sweep_all
from extractor.backends import Backend, DeviceError, EngineError
from extractor.weights import WeightsError

ATTEMPTS = 2
"""At a job whose process died: it may have been killed for its neighbour's memory."""


def run_here(jobs: Sequence[Job], settings: Settings, backend: Backend) -> Generator[Event, None, None]:
    """One after the other, with a network that is loaded already and stays so."""
    worker = Worker(settings, backend)
    for job in jobs:
        yield from worker.run(job)


def run_in_processes(jobs: Sequence[Job], settings: Settings, count: int) -> Generator[Event, None, None]:
    """In ``count`` processes, each with a network of its own, the largest job first.

    A process that dies takes nothing with it but its job, which is tried once more.  Raises UserError
    when processes can't start.  Closing the generator ends them.
    """
    waiting = deque(sorted(jobs, key=lambda job: job.size_bytes, reverse=True))
    crashes: Counter[int] = Counter()
    workers: dict[Connection, _Process] = {}
    try:
        for _ in range(min(count, len(jobs))):
            _start(workers, settings)
        while workers:
            for connection in wait(list(workers)):
                assert isinstance(connection, Connection)
                worker = workers[connection]
                try:
                    event: Event | _Ready | _Failed = connection.recv()
                except (EOFError, OSError):
                    del workers[connection]
                    job = worker.job
                    why = worker.end()
                    if job is None:
                        raise UserError(f"A process that measures files could not start ({why}).") from None
                    crashes[job.number] += 1
                    if crashes[job.number] < ATTEMPTS:
                        waiting.appendleft(job)
                    else:
                        yield Outcome(job.number, failures=(_crashed(job, why),))
                    if waiting:
                        _start(workers, settings)
                    continue
                if isinstance(event, _Failed):
                    raise UserError(event.sentence)
                if not isinstance(event, _Ready):
                    yield event
                if isinstance(event, (_Ready, Outcome)):
                    worker.job = waiting.popleft() if waiting else None
                    worker.give(worker.job)
                    if worker.job is None:
                        del workers[connection]
                        worker.end()
    finally:
        for worker in workers.values():
            worker.process.terminate()
        for worker in workers.values():
            worker.end()
        for job in jobs:
            if isinstance(job, VideoJob):  # what those left that were ended or died in the middle
                sweep_all(Path(job.folder).parent, Path(job.folder).name, Path(job.out))


def _crashed(job: Job, why: str) -> str:
    if isinstance(job, VideoJob):
        return f"{Path(job.path).name} could not be measured: the process that did it died ({why})."
    return f"{len(job.pictures)} pictures could not be measured: the process that did it died ({why})."


# ---------------------------------------------------------------------- on our side


@dataclass(slots=True)
class _Process:
    process: BaseProcess
    connection: Connection
    job: Job | None = None

    def give(self, job: Job | None) -> None:
        """A job, or None to say that there is no more; a process that is gone is noticed elsewhere."""
        with contextlib.suppress(OSError):
            self.connection.send(job)

    def end(self) -> str:
        """Wait for its end and say how it went."""
        self.process.join()
        self.connection.close()
        code = self.process.exitcode or 0
        with contextlib.suppress(ValueError):  # somebody else has asked for its exit code
            self.process.close()
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


def _start(workers: dict[Connection, _Process], settings: Settings) -> None:
    # Spawned, not forked: threads of torch and OpenMP don't survive a fork.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, settings), daemon=True)
    process.start()
    theirs.close()
    workers[ours] = _Process(process, ours)


# ---------------------------------------------------------------------- in the process


class _Ready:
    """The network is loaded."""


@dataclass(frozen=True, slots=True)
class _Failed:
    sentence: str


def _serve(connection: Connection, settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; our starter ends us
    logging.basicConfig(level=logging.WARNING, format="motionscope: %(levelname)s: %(name)s: %(message)s")
    try:
        worker = Worker(settings)
    except (UserError, WeightsError, DeviceError, EngineError) as error:
        connection.send(_Failed(str(error)))
        return
    try:
        connection.send(_Ready())
        while (job := connection.recv()) is not None:
            for event in worker.run(job):
                connection.send(event)
    except (EOFError, OSError):
        pass  # whoever started us is gone: nobody wants the rest
    finally:
        worker.close()
