"""A run in a process of its own, for the window: its painting never waits for the measuring.

The request comes as a line of JSON by stdin; progress goes out by stdout, a line of JSON for each ``RunMessage``.
The run ends when stdin does, so also when the window is killed; started again it goes on where it was.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.batch.jobs import ExtractOptions
from app.batch.report import RunProgress
from app.core.ending import EndedError, interrupted_by_signals
from app.core.errors import UserError
from app.core.records import Count, RecordError, build, parse_json
from extractor import files


@dataclass(frozen=True, slots=True)
class Request:
    """The files to measure, the options, and the folder for the results."""

    paths: tuple[str, ...]  # absolute
    out: str  # absolute
    options: ExtractOptions
    share: bool = False  # whether other users may read the results


@dataclass(frozen=True, slots=True)
class RunMessage:
    """How it goes: the counts so far, what is new since the last one, and at the end what came of it."""

    files_done: Count = 0
    files: Count = 0
    frames: Count = 0
    share: float = 0.0
    failures: tuple[str, ...] = ()  # a sentence for each file that could not be measured
    remarks: tuple[str, ...] = ()
    outcome: str = ""  # one sentence, once all is done
    error: str = ""  # one sentence: why nothing more is measured
    shown: bool = True  # whether the counts are meant

    @classmethod
    def read(cls, line: bytes) -> RunMessage:
        """Raises RecordError."""
        return build(cls, parse_json(line))


def main(_: Sequence[str]) -> int:
    """Serve the window that has started this."""
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not get in between
    logging.basicConfig(level=logging.WARNING, format="motionscope: %(levelname)s: %(name)s: %(message)s")
    writer = _MessageWriter(outgoing)
    try:
        request = build(Request, parse_json(incoming.readline()))
    except RecordError as error:
        writer.write(RunMessage(error=f"The request can't be read: {error}.", shown=False))
        return 1
    over = threading.Event()
    try:
        with interrupted_by_signals():
            threading.Thread(target=_end_with, args=(incoming, over), name="watch the window", daemon=True).start()
            try:
                return _run(request, writer)
            finally:
                over.set()
    except EndedError as error:
        return error.exit_code
    except OSError:
        return 1  # the window is gone


def _run(request: Request, writer: _MessageWriter) -> int:
    from app.batch.extract import extract
    from extractor.report import UnusableError

    files.share(request.share)
    try:
        extracted = extract(request.paths, Path(request.out), request.options, writer)
    except (UserError, UnusableError) as error:
        writer.write(RunMessage(error=str(error), shown=False))
        return 1
    writer.finish(extracted.sentence, extracted.failures)
    return 0


def _end_with(incoming: BinaryIO, over: threading.Event) -> None:
    """Once the window has closed its end: end this process as a signal does, so that what is unfinished goes."""
    while os.read(incoming.fileno(), 4096):  # the buffered reader's lock would be in the way when Python ends
        pass
    if not over.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


class _MessageWriter:
    """The watcher whose reports go to the window."""

    def __init__(self, outgoing: BinaryIO) -> None:
        self._out = outgoing
        self._failures_sent = 0

    def remark(self, text: str) -> None:
        self.write(RunMessage(remarks=(text,), shown=False))

    def show(self, progress: RunProgress) -> None:
        new = progress.failures[self._failures_sent :]
        self._failures_sent = len(progress.failures)
        self.write(RunMessage(progress.files_done, progress.files, progress.frames, progress.share, new))

    def finish(self, sentence: str, failures: tuple[str, ...]) -> None:
        """``failures``: all of them; an earlier run's come first and were not sent yet."""
        self.write(RunMessage(failures=failures[: len(failures) - self._failures_sent], outcome=sentence, shown=False))

    def write(self, message: RunMessage) -> None:
        self._out.write(json.dumps(dataclasses.asdict(message)).encode("ascii") + b"\n")
        self._out.flush()
