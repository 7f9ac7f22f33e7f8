"""``motionscope reanalyse``: recorded films measured again, and how the new tables differ from the old ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.commands.arguments import add_face_size, add_field_of_view, add_network, add_share, count
from app.core.errors import UserError


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Each session in turn; 1 when one failed."""
    add_network(parser, estimators=True)
    add_share(parser)
    parser.description = (
        "Measure every frame of recorded sessions' videos again, into a new table beside the recorded one, "
        "and compare the two."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--name", help="the new table's name; by default the weights'")
    parser.add_argument(
        "--faces", type=count, metavar="N", help="measure at most N faces (default: as the session has)"
    )
    add_field_of_view(parser, "as the session has it, else 60")
    add_face_size(parser, "as the session has it, else an adult's average face")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args(arguments)
    from app.batch.reanalyse import reanalyse
    from app.commands.progress import Bar
    from app.session.comparison import compare
    from app.session.folders import FRAMES
    from app.session.lazy_table import LazyTable
    from app.session.session import Session
    from app.ui.shell.settings import share_files

    share_files(args.share)
    network = (args.weights, args.device, args.engine)
    failures: list[str] = []
    for folder in args.folders:
        try:
            with Bar(folder.name, not args.quiet) as bar:
                analysis = reanalyse(
                    folder,
                    *network,
                    name=args.name,
                    faces=args.faces,
                    field_of_view=args.field_of_view,
                    face_size=args.face_size,
                    progress=bar,
                )
            print(f"{analysis.folder}: {analysis.header.frames} frames")
            print(compare(LazyTable(folder / FRAMES), LazyTable(analysis.table_path)).as_text())
            with closing(Session.open(folder, analysis.name)) as session:
                if session.unclear:
                    print(f"  {session.unclear}")
        except UserError as error:
            failures.append(str(error))
    for failure in failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    return 1 if failures else 0
