"""``motionscope bench``: what the real pipeline reaches on this machine, in numbers that can be compared."""

from __future__ import annotations

import json
import sys

from app.commands.bench.options import PEERS, BenchOptions
from app.commands.bench.report import BenchReport

__all__ = ["PEERS", "BenchOptions", "BenchReport", "bench", "measure"]


def bench(options: BenchOptions) -> int:
    """Measure and print, as a table or as one JSON object; 0.  Raises UserError, WeightsError, DeviceError."""
    if options.first_minute:
        from app.commands.bench.first_minute import first_minute

        print(first_minute(options).as_table())
        return 0
    report = measure(options)
    if options.json:
        print(json.dumps(report.to_json(), indent=1, allow_nan=False))
    else:
        from app.commands.bench.table import as_table

        print(as_table(report))
    return 0


def measure(options: BenchOptions) -> BenchReport:
    """Run the pipeline live, then the network by itself, then the peer, one after the other."""
    from app.commands.bench.compose import compose  # it imports the pipeline, with it OpenCV and torch

    return compose(options, report=_report)


def _report(text: str) -> None:
    """Progress goes to stderr: stdout holds the result only."""
    print(f"motionscope: {text}", file=sys.stderr, flush=True)
