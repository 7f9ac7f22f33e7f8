"""``python -m extractor.backends.prepare``: makes every engine ready for given weights, measures and remembers.

The window starts it as a process of its own, which gets what is left of the processor, while a guess
already serves: what takes seconds and memory here, and what may crash in a driver, does not disturb it.
Each line on stdout says what is being done.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

import psutil

from extractor import child
from extractor.backends import engine_asked_for, installed_engines, make_backend
from extractor.backends.choice import is_a_choice, measure_all, remember, remembered
from extractor.report import WeightsError
from extractor.shipped import find_weights

LOW_PRIORITY = 19


def is_needed(weights: str | None, device: str, threads: int | None, engine: str) -> bool:
    """Whether ``auto`` would be a guess: engines compete and have not been measured for these weights here."""
    try:
        path = find_weights(weights)
    except WeightsError:
        return False
    return (
        engine_asked_for(engine) == "auto" and is_a_choice(path, device) and remembered(path, threads) is None
    )  # fmt: skip


class Preparation:
    """The process, and how far it is."""

    def __init__(self, weights: str | None, device: str, threads: int | None) -> None:
        arguments = [str(find_weights(weights).absolute()), "--device", device]
        if threads is not None:
            arguments += ["--threads", str(threads)]
        self.progress = "looking for the fastest engine"
        self._process = child.start(
            "extractor.backends.prepare", *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), name="prepare", daemon=True)
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self.progress = line.strip()
        self._process.wait()
        self.progress = ""

    @property
    def finished(self) -> bool:
        """Whether the process has ended."""
        return not self._reader.is_alive()

    @property
    def succeeded(self) -> bool:
        """Whether the process has ended and every engine could be measured."""
        return self.finished and self._process.returncode == 0

    def close(self, timeout_s: float = 5.0) -> None:
        """End it, finished or not."""
        with contextlib.suppress(OSError):
            self._process.terminate()
        self._reader.join(timeout_s)
        if self._process.stdout is not None:
            self._process.stdout.close()


def _lower_priority() -> None:
    """Take only what nobody else wants: the window is measuring a person at the same time."""
    with contextlib.suppress(OSError, AttributeError):
        if hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        else:
            psutil.Process().nice(getattr(psutil, "IDLE_PRIORITY_CLASS", LOW_PRIORITY))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m extractor.backends.prepare", description=__doc__.split(": ", 1)[1])
    parser.add_argument("weights", nargs="?", help="a checkpoint; by default the weights that come with the program")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="that the engines may use; each number is measured by itself")
    given = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the program does, read when torch loads
    _lower_priority()
    names = list(installed_engines())

    def report(name: str) -> None:
        print(f"trying engines, {names.index(name) + 1} of {len(names)}: {name}", flush=True)

    try:
        path = find_weights(given.weights)
        if not is_a_choice(path, given.device):
            print("there is no choice of engines here", flush=True)
            return 0
        backend, choice = measure_all(lambda name: make_backend(name, path, given.device, given.threads), report)
    except ValueError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    backend.close()
    remember(path, given.threads, choice)
    print(choice.reason, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
