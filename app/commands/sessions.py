"""``motionscope sessions``: the recordings of a folder as a table, or as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.session.listing import SessionSearch, SessionSummary, list_sessions, matches

HEADINGS = ("date", "name", "participant", "task", "length", "faces", "size", "state")


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 where a folder can't be read."""
    parser.description = (
        "List recorded sessions: date, name, participant, task, length, share of frames with a measured face, size and "
        "state (complete, recording, unfinished, damaged)."
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="where to look (default: the folders of the window)"
    )
    parser.add_argument(
        "--search",
        default="",
        metavar="TEXT",
        help="only those with each of its words in name, participant, task, date",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")
    args = parser.parse_args(arguments)
    from app.ui.shell.settings import Settings, session_folders

    roots = args.folders or [folder for folder in session_folders(Settings()) if folder.is_dir()]
    return print_sessions(roots, search=args.search, as_json=args.json)


def print_sessions(roots: Sequence[Path], *, search: str = "", as_json: bool = False) -> int:
    """Print what is known of every session below ``roots``, the oldest first; 1 where a root can't be read.

    ``search``: only those in whose name, participant, task or date each of its words occurs.
    """
    found = SessionSearch(roots)
    sessions = [summary for summary in list_sessions(found) if matches(summary, search)]
    sessions.sort(key=lambda summary: (summary.started_unix_s or 0.0, summary.name))
    if as_json:
        print(json.dumps([_values(summary) for summary in sessions], indent=1))
    elif sessions:
        for line in _table([HEADINGS, *map(_row, sessions)]):
            print(line.rstrip())
        for summary in sessions:
            if summary.remark:
                print(_plain(f"{summary.name}: {summary.remark}"))
    elif not found.problems:
        print("No session was found.")
    for problem in found.problems:
        print(f"motionscope: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


def _values(summary: SessionSummary) -> dict[str, Any]:
    values = dataclasses.asdict(summary)
    started_s = values.pop("started_unix_s")
    started = datetime.datetime.fromtimestamp(started_s, datetime.timezone.utc) if started_s is not None else None
    return {
        "name": summary.name,
        **values,
        "folder": str(summary.folder),
        "state": summary.state.value,
        "started_utc": started.isoformat(timespec="milliseconds") if started is not None else None,
    }


def _row(summary: SessionSummary) -> tuple[str, ...]:
    measured = "-" if summary.measured is None else f"{100 * summary.measured:.0f} %"
    seconds = datetime.timedelta(seconds=round(summary.duration_s)) if summary.frames else "-"
    return (
        summary.started or "-",
        _plain(summary.name),
        _plain(summary.participant) or "-",
        _plain(summary.task) or "-",
        str(seconds),
        measured,
        f"{summary.bytes / 1e6:.1f} MB",
        summary.state.value,
    )


def _plain(text: str) -> str:
    """On one line, without what would steer a terminal: a session may come from somebody else."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(field.ljust(width) for field, width in zip(row, widths, strict=True))
