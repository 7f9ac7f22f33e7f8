"""Runs jobs on this machine: in this process, or in several of their own."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from app.batch.jobs import Event, Job, Outcome, Settings
from app.batch.worker import Worker, sweep_jobs
from app.core.errors import UserError
from extractor import child
from extractor.backends import Backend
from extractor.report import UnusableError

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
    workers: set[_Process] = set()
    messages: queue.SimpleQueue[tuple[_Process, _Message | None]] = queue.SimpleQueue()
    try:
        for _ in range(min(count, len(jobs))):
            workers.add(_Process(settings, messages))
        while workers:
            worker, event = messages.get()
            if worker not in workers:  # it was told that there is no more, and has gone
                continue
            if event is None:
                workers.remove(worker)
                job = worker.job
                why = worker.end()
                if job is None:
                    raise UserError(f"A process that measures files could not start ({why}).")
                crashes[job.number] += 1
                if crashes[job.number] < ATTEMPTS:
                    waiting.appendleft(job)
                else:
                    failure = f"{job.what} could not be measured: the process that did it died ({why})."
                    yield Outcome(job.number, failures=(failure,))
                if waiting:
                    workers.add(_Process(settings, messages))
                continue
            if isinstance(event, _Failed):
                raise UserError(event.sentence)
            if not isinstance(event, _Ready):
                yield event
            if isinstance(event, (_Ready, Outcome)):
                worker.job = waiting.popleft() if waiting else None
                worker.give(worker.job)
                if worker.job is None:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.end()
        sweep_jobs(jobs)


# ---------------------------------------------------------------------- on our side


class _Process:
    """One of the workers, and the job it has; what it tells goes into a queue, None when it is gone."""

    def __init__(self, settings: Settings, messages: queue.SimpleQueue[tuple[_Process, _Message | None]]) -> None:
        self.job: Job | None = None
        self._process = child.start("app.batch.local", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._listener = threading.Thread(target=self._listen, args=(messages,), name="listen to a worker", daemon=True)
        self._listener.start()
        self.give(settings)

    def give(self, what: Settings | Job | None) -> None:
        """The settings, then jobs, None to say that there are no more; a process that is gone is noticed elsewhere."""
        with contextlib.suppress(OSError):
            pickle.dump(what, self._in)
            self._in.flush()

    def terminate(self) -> None:
        self._process.terminate()

    def end(self) -> str:
        """Wait for its end and say how it went."""
        code = self._process.wait()
        self._listener.join()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def _listen(self, messages: queue.SimpleQueue[tuple[_Process, _Message | None]]) -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):  # it died, perhaps in the middle of a word
            while True:
                messages.put((self, pickle.load(self._out)))
        messages.put((self, None))


# ---------------------------------------------------------------------- in the process


class _Ready:
    """The network is loaded."""


@dataclass(frozen=True, slots=True)
class _Failed:
    sentence: str


_Message = Event | _Ready | _Failed


def main(_: Sequence[str]) -> int:
    """The worker's side: settings and jobs come in by stdin, events go out by stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; our starter ends us
    # What libraries print must not get in between.
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=logging.WARNING, format="motionscope: %(levelname)s: %(name)s: %(message)s")

    def send(event: _Message) -> None:
        pickle.dump(event, outgoing)
        outgoing.flush()

    try:
        worker = Worker(pickle.load(incoming))
    except (UserError, UnusableError) as error:
        send(_Failed(str(error)))
        return 1
    try:
        send(_Ready())
        while (job := pickle.load(incoming)) is not None:
            for event in worker.run(job):
                send(event)
    except (EOFError, OSError):
        pass  # the parent process is gone: nobody wants the rest
    finally:
        worker.close()
    return 0
