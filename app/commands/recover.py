"""``motionscope recover``: recordings that were cut off are put in order."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.commands.arguments import add_share
from app.core.errors import SessionError, reason
from app.session.folders import MANIFEST
from app.session.recovery import NothingToRecoverError, find_unfinished, recover


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when a recording could not be put in order."""
    parser.description = "Put recordings in order that were cut off by a crash or a power loss."
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session, or a folder of sessions")
    add_share(parser)
    args = parser.parse_args(arguments)
    from app.ui.shell.settings import share_files

    share_files(args.share)
    return recover_all(args.folders)


def recover_all(folders: Sequence[Path]) -> int:
    """Recover each session named, and every unfinished one directly below a folder named; 1 when one failed."""
    failed = False
    for folder in folders:
        try:
            named = not folder.is_dir() or (folder / MANIFEST).exists()
            sessions = [folder] if named else [unfinished.folder for unfinished in find_unfinished(folder)]
        except OSError as error:
            print(f"motionscope: {folder} can't be read: {reason(error)}.", file=sys.stderr)
            failed = True
            continue
        if not sessions:
            print(f"{folder}: no recording there was cut off")
        for session in sessions:
            try:
                done = recover(session, watch=named)
            except NothingToRecoverError as error:
                print(error)
            except SessionError as error:
                print(f"motionscope: {error}", file=sys.stderr)
                failed = True
            else:
                print(f"{session}: recovered {done.frames} frames, {done.seconds:.1f} s")
    return 1 if failed else 0
