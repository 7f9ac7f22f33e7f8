"""The same jobs on a Ray cluster.

The machines must have this program, in this version, and see the files, the weights and the folder
of the results under the same paths, on a network drive say.  Nothing is sent but jobs and progress.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import app
from app.batch.jobs import Event, Job, Outcome, Progress, ProgressBoard, Settings
from app.batch.worker import Worker, sweep_jobs
from app.core.errors import UserError
from extractor import child, files
from extractor.installing import extra_command, install_hint
from extractor.report import UnusableError
from extractor.values import first_line

CONNECT_S = 5.0
ANSWER_S = 40.0
RETRIES = 2  # of a job whose process or machine died
AHEAD = 2  # jobs given out for each core, so that none waits for the next one
POLL_S = 0.5


class Cluster:
    """A connection to the cluster at HOST:PORT, ray://HOST:PORT, or "auto" for this machine's own."""

    def __init__(self, address: str) -> None:
        """Raises UserError when it can't be reached or used."""
        self._address = address
        self._ray = _connect(address)
        self._cores = int(self._ray.cluster_resources().get("CPU", 0))
        if self._cores < 1:
            self.close()
            raise UserError(f"The Ray cluster at {address} offers no cores.")

    def close(self) -> None:
        self._ray.shutdown()

    def run(self, jobs: Sequence[Job], settings: Settings, out: Path) -> Generator[Event, None, None]:
        """Give the jobs out; those whose process or machine dies again.

        Raises UserError when a machine can't take part or the cluster is lost; what was measured until
        then is kept.
        """
        probe = files.temporary_name(out / "shared")
        try:
            files.create(probe).close()
            yield from self._run(jobs, dataclasses.replace(settings, probe=str(probe)))
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            why = first_line(error)
            raise UserError(f"The Ray cluster at {self._address} was lost ({why}); run it again to go on.") from None
        finally:
            files.remove(probe)
            sweep_jobs(jobs)

    def _run(self, jobs: Sequence[Job], settings: Settings) -> Generator[Event, None, None]:
        ray = self._ray
        gpus = 1 if settings.options.device.startswith("cuda") else 0
        measure = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES)(measure_job)
        board = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(ProgressBoard).remote()
        waiting = deque(sorted(jobs, key=lambda job: job.size_bytes, reverse=True))
        running: dict[Any, Job] = {}
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD * self._cores:
                    job = waiting.popleft()
                    running[measure.remote(job, settings, board)] = job
                done, _ = ray.wait(list(running), num_returns=1, timeout=POLL_S)
                for reference in done:
                    yield _outcome(ray, reference, running.pop(reference))
                numbers = {job.number for job in running.values()}
                yield from (told for told in _progress(ray, board) if told.number in numbers)
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _outcome(ray: Any, reference: Any, job: Job) -> Outcome:
    errors = ray.exceptions
    try:
        outcome: Outcome = ray.get(reference)
        return outcome
    except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as error:
        why = f"the process that did it died {RETRIES + 1} times ({type(error).__name__})"
    except errors.RayTaskError as error:
        if isinstance(error.cause, UserError):  # a machine that can't take part at all
            raise error.cause from None
        why = f"of an unexpected error: {first_line(error.cause or error)}"
    return Outcome(job.number, failures=(f"{job.what} could not be measured because {why}.",))


def _progress(ray: Any, board: Any) -> list[Progress]:
    """The progress posted since the last call; none for a while where the machine of ``board`` has died."""
    errors = ray.exceptions
    try:
        told: list[Progress] = ray.get(board.drain.remote(), timeout=POLL_S)
    except (errors.GetTimeoutError, errors.ActorUnavailableError, errors.ActorDiedError):
        return []
    return told


def _connect(address: str) -> Any:
    """The module ``ray``, connected.  Raises UserError."""
    if importlib.util.find_spec("ray") is None:
        raise UserError(f"Ray isn't installed. {install_hint(extra_command('cluster'))}")
    if address != "auto":
        _reach(address)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it loads; nothing is reported to anybody
    import ray

    failed: list[BaseException] = []

    def start() -> None:
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except BaseException as error:
            failed.append(error)

    # On a thread, because Ray itself waits for minutes for something that is there but isn't Ray.
    thread = threading.Thread(target=start, name="connect to Ray", daemon=True)
    here = Path.cwd()
    os.chdir(child.ROOT)  # Ray has its workers import from the folder that its client is in
    try:
        thread.start()
        thread.join(ANSWER_S)
    finally:
        os.chdir(here)
    if failed:
        raise UserError(f"The Ray cluster at {address} can't be used: {first_line(failed[0])}.")
    if thread.is_alive():
        raise UserError(f"What is at {address} doesn't answer as a Ray cluster does.")
    return ray


def _reach(address: str) -> None:
    """A quick look whether anybody is there, for Ray's own takes a minute."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise UserError(f"{address!r} is not the address of a Ray cluster: it is HOST:PORT, ray://HOST:PORT or auto.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error) or "no answer"
        raise UserError(f"No Ray cluster can be reached at {address}: {why[:1].lower()}{why[1:]}.") from None


# ---------------------------------------------------------------------- on the cluster


def measure_job(job: Job, settings: Settings, board: Any) -> Outcome:
    """Measure a job in one of Ray's processes, with a network that stays for the next one."""
    host = socket.gethostname()
    for event in _own_worker(settings, host).run(job):
        if isinstance(event, Outcome):
            failures = tuple(f"{failure.rstrip('.')} (on {host})." for failure in event.failures)
            return dataclasses.replace(event, failures=failures)
        board.post.remote(event)
    raise AssertionError("every job has an outcome")


@functools.lru_cache(maxsize=1)
def _own_worker(settings: Settings, host: str) -> Worker:
    """This process's, which Ray gives one job of a run after the other.  Raises UserError when it can't take part."""
    if app.__version__ != settings.version:
        raise UserError(f"{host} has version {app.__version__} of motionscope, not {settings.version} as here.")
    if settings.probe and not Path(settings.probe).exists():
        folder = Path(settings.probe).parent
        raise UserError(f"{host} doesn't see what is in {folder}: all machines must share that folder.")
    try:
        return Worker(settings)
    except UnusableError as error:
        raise UserError(f"{str(error).rstrip('.')} (on {host}).") from None
