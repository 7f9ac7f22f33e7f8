"""``motionscope delete``: sessions removed whole, after a question."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import SessionError
from app.session.deletion import delete_session, plan_deletion, question_about


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when a session could not be deleted."""
    parser.description = (
        "Delete recorded sessions whole, with their markers, analyses, exports and every other file in their folders. "
        "Nothing brings them back. Exports that were put elsewhere (--out) and copies are not found."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="SESSION", help="a session's folder")
    parser.add_argument("--yes", action="store_true", help="without a question")
    args = parser.parse_args(arguments)
    return delete_all(args.folders, ask=not args.yes)


def delete_all(folders: Sequence[Path], *, ask: bool = True) -> int:
    """Delete each session, where ``ask`` after a "yes" on stdin; 1 when one could not be deleted."""
    failed = False
    for folder in folders:
        try:
            plan = plan_deletion(folder)
            if ask and not _agreed(question_about([plan])):
                print(f"{folder}: kept")
                continue
            delete_session(folder)
            print(f"{folder}: deleted {plan.files} files")
        except SessionError as error:
            print(f"motionscope: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


def _agreed(question: str) -> bool:
    print(question)
    print("Type yes to delete it: ", end="", flush=True)
    try:
        return input().strip().lower() == "yes"
    except (EOFError, RuntimeError):  # the latter where stdin is closed
        print()
        raise SessionError("Nobody answered, so nothing was deleted; --yes deletes without a question.") from None
