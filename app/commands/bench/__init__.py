"""``motionscope bench``: what the real pipeline reaches on this machine, in numbers that can be compared."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from app.commands.arguments import add_camera_format, add_faces, add_network, positive_seconds
from app.commands.bench.options import PEERS, BenchOptions


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """0; raises as ``bench``."""
    parser.description = "Measure what this machine reaches, with the pipeline that the window runs."
    parser.add_argument("--source", default="demo", metavar="demo|INDEX|NAME|PATH", help="what is played, in real time")
    parser.add_argument("--seconds", type=positive_seconds, default=10.0, help="how long is measured (default: 10)")
    add_camera_format(parser, "1280x720@30:MJPG at first")
    add_network(parser, estimators=True)
    add_faces(parser, 1)
    parser.add_argument("--window", action="store_true", help="in the real window, capture to paint included")
    parser.add_argument(
        "--record", action="store_true", help="while recording into a folder that is deleted afterwards"
    )
    parser.add_argument(
        "--engines", choices=("all",), help="time every engine that is installed, not only the one used"
    )
    parser.add_argument("--peer", choices=PEERS, help="compare with another program on the same frames")
    parser.add_argument(
        "--first-minute",
        action="store_true",
        help="in the window with an empty cache, as at the very first start, counted by the second",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    args = parser.parse_args(arguments)
    if args.first_minute and args.seconds == parser.get_default("seconds"):
        args.seconds = 60.0
    return bench(BenchOptions(**vars(args)))


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
