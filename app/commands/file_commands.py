"""The commands that measure files: ``motionscope extract`` and ``motionscope reanalyse``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.commands.camera_options import add_camera_tilt, add_face_size, add_field_of_view


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run one of the two; ``parser`` knows the arguments of the network already."""
    return _extract(parser, arguments) if name == "extract" else _reanalyse(parser, arguments)


def _extract(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.description = (
        "Measure every frame of videos and images. Per video: a session folder without a copy of the video; "
        "for all images together: images.csv. What an earlier run has measured with the same weights is left as it "
        "is, so a run that was interrupted goes on when it is started again."
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="video, image, folder, or a pattern such as '*.mp4'")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the tables go")
    parser.add_argument(
        "--jobs",
        type=_count,
        metavar="N",
        help="processes; by default as many as cores, memory and the files' sizes are good for",
    )
    parser.add_argument("--faces", type=_count, default=1, metavar="N", help="measure at most N faces (default: 1)")
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
    from app.batch.extract import ExtractOptions, extract
    from app.batch.report import TerminalReport
    from app.ui.shell.settings import share_files

    share_files(args.share)

    options = ExtractOptions(
        weights=args.weights,
        device=args.device,
        engine=args.engine,
        jobs=args.jobs,
        faces=args.faces,
        camera_tilt=args.camera_tilt,
        field_of_view=args.field_of_view,
        face_size=args.face_size,
        force=args.force,
        ray=args.ray,
    )
    with closing(TerminalReport(not args.quiet)) as report:
        extracted = extract(args.paths, args.out, options, report)
    for failure in extracted.failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    print(extracted.sentence)
    return 1 if extracted.failures else 0


def _reanalyse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.description = (
        "Measure every frame of recorded sessions' videos again, into a new table beside the recorded one, "
        "and compare the two."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--name", help="the new table's; by default that of the weights")
    parser.add_argument(
        "--faces", type=_count, metavar="N", help="measure at most N faces (default: as the session has)"
    )
    add_field_of_view(parser, "as the session has it, else 60")
    add_face_size(parser, "as the session has it, else an adult's average face")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args(arguments)
    from app.batch.reanalyse import reanalyse_all
    from app.ui.shell.settings import share_files

    share_files(args.share)
    network = (args.weights, args.device, args.engine)
    return reanalyse_all(
        args.folders,
        *network,
        name=args.name,
        faces=args.faces,
        field_of_view=args.field_of_view,
        face_size=args.face_size,
        progress=not args.quiet,
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
