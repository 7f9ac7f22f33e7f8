"""``motionscope delete``: sessions removed whole, after a question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import SessionError
from app.session.deletion import delete_session, plan_deletion


def delete_all(folders: Sequence[Path], *, ask: bool = True) -> int:
    """Delete each session, where ``ask`` after a "yes" on stdin; 1 when one could not be deleted."""
    failed = False
    for folder in folders:
        try:
            plan = plan_deletion(folder)
            if ask and not _agreed(plan.question()):
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
    except EOFError:
        print()
        raise SessionError("Nobody answered, so nothing was deleted; --yes deletes without a question.") from None
