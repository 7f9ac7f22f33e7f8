"""Kills real recordings at random moments on a starved machine, recovers each, and says how short each is.

``python -m tests.session.many_kills [--kills N] [--nice N] [--source SOURCE]``, from the checkout; the tests do three
kills of a made-up recording.  Each recorder is the whole pipeline without a window; it becomes as nice as that, all
its threads with it, before it begins to record.  Short is what lies between the last frame that was recovered and the
last one that was captured.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from app.capture.resolve import resolve_source
from app.core.clock import now_s
from app.core.frames import Frame
from app.pipeline import Pipeline
from app.session.recovery import recover
from app.session.session import Session

EARLIEST_S, LATEST_S = 0.2, 8.0
WORST_S = 2.0
FORKS = multiprocessing.get_context("forkserver")


def main() -> int:
    """1 where a recording was more than ``WORST_S`` short."""
    parser = argparse.ArgumentParser(prog="python -m tests.session.many_kills", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--nice", type=int, default=15)
    parser.add_argument("--source", default="demo")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    short = []
    # Forked from a process that has imported everything, but started nothing: on a busy machine that takes a minute.
    FORKS.set_forkserver_preload(["app.pipeline", "app.session.recovery", "app.faces.detector", "torch"])
    for i in range(given.kills):
        after_s = draw.uniform(EARLIEST_S, LATEST_S)
        with tempfile.TemporaryDirectory() as parent:
            captured, frames, lost_s = kill_and_recover(Path(parent) / "killed", given.source, given.nice, after_s)
        short.append(lost_s)
        kept = f"{frames} of {captured} captured frames kept"
        print(f"kill {i + 1} after {after_s:.2f} s: {kept}, {lost_s:.2f} s short", flush=True)
    print(f"{given.kills} recovered; at most {max(short):.2f} s short, {sum(short) / len(short):.2f} s on average")
    return 1 if max(short) > WORST_S else 0


def kill_and_recover(folder: Path, source: str, nice: int, after_s: float) -> tuple[int, int, float]:
    """One recording killed so long after it began; frames captured and kept, and how many seconds are missing."""
    ours, theirs = FORKS.Pipe(duplex=False)
    captured = FORKS.Array("d", 3, lock=False)  # how many frames, when the first and the last one
    process = FORKS.Process(target=record_forever, args=(folder, source, nice, theirs, captured))
    process.start()
    begun_s = ours.recv()
    time.sleep(max(0.0, begun_s + after_s - now_s()))
    process.kill()
    process.join()
    recover(folder)
    table = Session.open(folder).table
    count, first_s, last_s = captured
    kept_s = float(table.timestamp_s[-1]) if len(table) else 0.0
    return int(count), len(table), last_s - first_s - kept_s


def record_forever(
    folder: Path, spec: str, nice: int, told: Connection, captured: ctypes.Array[ctypes.c_double]
) -> None:
    """Sends the moment at which the recording began, and goes on counting what was captured since."""
    pipeline = Pipeline("lite", "cpu", "torch")
    measured = threading.Event()
    pipeline.subscribe(lambda _: measured.set())
    pipeline.start()
    pipeline.set_source(resolve_source(spec).source)
    measured.wait()
    for thread in Path("/proc/self/task").iterdir():  # those that exist; later ones inherit it
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, int(thread.name), nice)
    recording = pipeline.recorder
    add_frame = recording.add_frame

    def counted(frame: Frame) -> None:
        if recording.active:
            captured[:] = [captured[0] + 1, captured[1] or frame.captured_s, frame.captured_s]
        add_frame(frame)

    recording.add_frame = counted  # type: ignore[method-assign]
    folder.mkdir()
    begun_s = now_s()
    pipeline.start_recording(lambda: folder)
    told.send(begun_s)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
