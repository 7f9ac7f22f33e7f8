"""``motionscope bench``: what the real pipeline reaches on this machine, in numbers that can be compared."""

from __future__ import annotations

import json

from app.commands.bench.options import PEERS, BenchOptions

__all__ = ["PEERS", "BenchOptions", "bench"]


def bench(options: BenchOptions) -> int:
    """Measure and print, as a table or as one JSON object; 0.  Raises UserError, WeightsError, DeviceError."""
    if options.first_minute:
        from app.commands.bench.first_minute import first_minute

        print(first_minute(options).as_table())
        return 0
    from app.commands.bench.compose import measure  # it imports the pipeline, with it OpenCV and torch
    from app.commands.bench.report import as_table

    report = measure(options)
    if options.json:
        print(json.dumps(report.to_json(), indent=1, allow_nan=False))
    else:
        print(as_table(report))
    return 0
