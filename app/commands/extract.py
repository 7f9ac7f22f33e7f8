"""``motionscope extract``: every frame of videos and images measured, without a window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.commands.arguments import add_camera_tilt, add_face_size, add_field_of_view, add_network, add_share, count


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when a file could not be measured."""
    add_network(parser, estimators=True)
    add_share(parser)
    parser.description = (
        "Measure every frame of videos and images. Per video: a session folder without a copy of the video; "
        "for all images together: images.csv. What an earlier run has measured with the same weights is left as it "
        "is, so a run that was interrupted goes on when it is started again."
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="video, image, folder, or a pattern such as '*.mp4'")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the tables go")
    parser.add_argument(
        "--jobs",
        type=count,
        metavar="N",
        help="processes; by default as many as cores, memory and the files' sizes are good for",
    )
    parser.add_argument("--faces", type=count, default=1, metavar="N", help="measure at most N faces (default: 1)")
    add_camera_tilt(parser, "level by default; kept in the films' session.json, the tables hold what was measured")
    add_field_of_view(parser, "60 by default")
    add_face_size(parser, "an adult's average face by default")
    parser.add_argument("--force", action="store_true", help="measure again what is done already")
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="let a Ray cluster do the work: HOST:PORT, ray://HOST:PORT, or auto for the one on this machine; its "
        "machines need this program, and the files, the weights and DIR under the same paths",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args(arguments)
    from app.batch.extract import extract
    from app.batch.jobs import ExtractOptions
    from app.batch.report import TerminalReport
    from app.ui.shell.settings import share_files

    share_files(args.share)
    options = ExtractOptions(**{name: getattr(args, name) for name in ExtractOptions.__slots__})
    with closing(TerminalReport(not args.quiet)) as report:
        extracted = extract(args.paths, args.out, options, report)
    for failure in extracted.failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    print(extracted.sentence)
    return 1 if extracted.failures else 0
