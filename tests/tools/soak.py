"""Watches the memory of the real window from outside while it records and sends to real receivers.

``xvfb-run -a python -m tests.tools.soak TABLE.csv [--minutes N] [--source SOURCE] [--record FOLDER]``, from the
checkout.  The source is played again and again in real time; one client reads the WebSocket, one the OSC
messages.  Each line of the table is a sample of the program with all its child processes.  At the end it
prints the curve and the slope of a line through the samples of the last two thirds: loading, and the
search for the fastest engine, are over by then.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

EVERY_S = 10.0
SETTLED = 1 / 3  # this share of the time passes before memory is expected to be flat
CURVE_MINUTES = (1, 5, 10, 20, 30, 60)
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Sample:
    seconds: float
    processes: int
    resident_mb: float  # of all together
    window_mb: float  # of the window's process alone
    own_mb: float  # what no other process shares, of all together
    threads: int
    files: int
    websocket_lines: int  # received so far
    osc_packets: int
    cpu_s: float


class Receivers:
    """One client of each output, each on a thread, counting what comes."""

    def __init__(self) -> None:
        self.websocket = self.osc = 0
        self._ended = threading.Event()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.settimeout(1.0)
        self.osc_port = self._udp.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.websocket_port = free.getsockname()[1]
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_osc, self._read_websocket)]
        for thread in self._threads:
            thread.start()

    def _read_osc(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                self._udp.recv(1 << 16)
                self.osc += 1

    def _read_websocket(self) -> None:
        while not self._ended.wait(1.0):  # until the window has opened it
            with (
                contextlib.suppress(OSError, WebSocketException),
                connect(f"ws://127.0.0.1:{self.websocket_port}", proxy=None) as client,
            ):
                for _ in client:
                    self.websocket += 1

    def close(self) -> None:
        """For when the window has closed."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._udp.close()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.soak", description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--source", default="demo")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="into this new folder; else into one that goes")
    parser.add_argument("--option", action="append", default=[], help="a further one of the window, such as --faces=2")
    given = parser.parse_args(words)
    receivers = Receivers()
    with tempfile.TemporaryDirectory(prefix="motionscope-soak-") as folder:
        command = [
            sys.executable, "-m", "app", f"--source={given.source}", f"--duration={60 * given.minutes}",
            f"--record={given.record or Path(folder) / 'session'}", f"--osc=127.0.0.1:{receivers.osc_port}",
            f"--websocket={receivers.websocket_port}", *given.option,
        ]  # fmt: skip
        # The window as it is at first, whatever was chosen on this machine.
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "XDG_CONFIG_HOME": folder}) as window:
            samples = watch(window, given.table, receivers)
        receivers.close()
    print(verdict(samples))
    return window.returncode


def watch(window: subprocess.Popen[bytes], table: Path, receivers: Receivers) -> list[Sample]:
    """Sample until the window has closed; each sample is a line of the table at once."""
    process, samples, begun_s = psutil.Process(window.pid), [], time.monotonic()
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Sample)])
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                window.wait(max(0.0, begun_s + (len(samples) + 1) * EVERY_S - time.monotonic()))
                return samples
            samples.append(take(process, time.monotonic() - begun_s, receivers))
            writer.writerow(astuple(samples[-1]))
            file.flush()


def take(process: psutil.Process, seconds: float, receivers: Receivers) -> Sample:
    count, resident, window, own, threads, handles, cpu_s = 0, 0.0, 0.0, 0.0, 0, 0, 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has just ended
            memory = one.memory_full_info()
            count, resident, own = count + 1, resident + memory.rss / 1e6, own + memory.uss / 1e6
            window = memory.rss / 1e6 if one is process else window
            threads, handles = threads + one.num_threads(), handles + one.num_fds()
            cpu_s += sum(one.cpu_times()[:2])
    return Sample(
        round(seconds, 1), count, round(resident, 1), round(window, 1), round(own, 1), threads, handles,
        receivers.websocket, receivers.osc, round(cpu_s, 1),
    )  # fmt: skip


def verdict(samples: Sequence[Sample]) -> str:
    """The curve by the minute, and how much a minute adds once all has settled."""
    if len(samples) < 6:
        return "Too short to tell."
    last_s = samples[-1].seconds
    points = [min(samples, key=lambda s: abs(s.seconds - 60 * m)) for m in CURVE_MINUTES if 60 * m <= last_s + EVERY_S]
    curve = ", ".join(f"{s.resident_mb:.0f} MB at {s.seconds / 60:.0f} min" for s in points)
    settled = [sample for sample in samples if sample.seconds >= SETTLED * last_s]
    minutes = np.array([sample.seconds for sample in settled]) / 60
    slope, window = (
        np.polyfit(minutes, [getattr(sample, name) for sample in settled], 1)[0]
        for name in ("resident_mb", "window_mb")
    )
    return (
        f"{curve or 'less than a minute'}; peak {max(sample.resident_mb for sample in samples):.0f} MB; "
        f"over the last {minutes[-1] - minutes[0]:.0f} min {slope:+.2f} MB a minute, {window:+.2f} of them the "
        "window's own process; "
        f"{samples[-1].websocket_lines} lines and {samples[-1].osc_packets} OSC packets came"
    )


if __name__ == "__main__":
    sys.exit(main())
