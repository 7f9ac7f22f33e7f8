"""``motionscope export``: recorded sessions in other programs' formats."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.commands.arguments import add_share
from app.commands.progress import Bar
from app.core.errors import SessionError, UserError
from app.session.exporters import EXPORTERS, default_place, export_session, exporters_named, remark_on
from app.session.session import Session
from extractor.values import first_line

log = logging.getLogger(__name__)


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when a session could not be exported, or lacks a line."""
    parser.description = "Export recorded sessions: " + ", ".join(f"{e.name} ({e.label})" for e in EXPORTERS) + "."
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--format", required=True, metavar="NAME[,NAME]", help=", ".join(e.name for e in EXPORTERS))
    parser.add_argument("--out", type=Path, metavar="PATH", help="where the files go; by default DIR/export")
    parser.add_argument(
        "--table", default="", metavar="NAME", help="a table that reanalyse made, instead of the recorded one"
    )
    parser.add_argument("--force", action="store_true", help="replace what an earlier export left there")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_share(parser)
    args = parser.parse_args(arguments)
    from app.ui.shell.settings import share_files

    share_files(args.share)
    return export(args.folders, args.format, args.out, table=args.table, force=args.force, progress=not args.quiet)


def export(
    folders: Sequence[Path],
    formats: str,
    out: Path | None,
    *,
    table: str = "",
    force: bool = False,
    progress: bool = True,
) -> int:
    """Export each session to each of the formats, named as in "mp4,parquet"; 0, or 1 when one failed or lacks a line.

    Into ``out``, in a folder of its own for each session where there are several, or else into the
    folder ``export`` beside the table: the recorded one, or the one of the analysis ``table``.  One that fails
    doesn't stop the others.  Raises UserError when a format is unknown or two sessions would go to the same place.
    """
    exporters = exporters_named(formats)
    failures: list[str] = []
    for folder, target in _targets(folders, out, table):
        try:
            session = Session.open(folder, table)
        except SessionError as error:
            failures.append(str(error))
            continue
        failures += session.problems
        for exporter in exporters:
            try:
                with Bar(f"{folder.name} {exporter.name}", progress) as bar:
                    made = export_session(session, exporter, target, force=force, progress=bar)
            except UserError as error:
                failures.append(str(error))
                continue
            except Exception as error:
                log.debug("exporting %s failed", folder, exc_info=True)
                why = f"{type(error).__name__}: {first_line(error)}"
                failures.append(f"{folder} could not be exported as {exporter.name}: unexpected error {why}.")
                continue
            for path in made:
                print(path)
            remark = remark_on(session, exporter)
            if remark:
                print(f"motionscope: {made[0]}: {remark}", file=sys.stderr)
    for failure in failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _targets(folders: Sequence[Path], out: Path | None, table: str) -> list[tuple[Path, Path]]:
    """Each session once, and where its exports go."""
    # Not resolve(): that raises RuntimeError for a link to itself.
    sessions = list({os.path.realpath(folder): folder for folder in folders}.values())
    if out is None:
        return [(folder, default_place(folder, table)) for folder in sessions]
    if len(sessions) == 1:
        return [(sessions[0], out)]
    targets = [(folder, out / Path(os.path.realpath(folder)).name) for folder in sessions]
    names = [target.name.casefold() for _, target in targets]
    for (folder, target), name in zip(targets, names, strict=True):
        if names.count(name) > 1:
            raise UserError(f"Two sessions are called {target.name}, {folder} among them: export them one by one.")
    return targets
