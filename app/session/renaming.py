"""A session's folder gets another name, by the patterns that new recordings are named by."""

from __future__ import annotations

import contextlib
import datetime
import os
from pathlib import Path

from app.core.errors import SessionError, os_errors_as
from app.session import thumbnails
from app.session.folders import numbered
from app.session.listing import SessionState, SessionSummary, summarise
from app.session.naming import folder_name
from extractor import files


def new_name(summary: SessionSummary, pattern: str) -> str:
    """The name that ``pattern`` gives with the session's participant, task and start.  Raises SessionError."""
    at = None
    with contextlib.suppress(OSError, OverflowError, ValueError):  # a date that this system can't tell
        at = datetime.datetime.fromtimestamp(summary.started_unix_s or 0.0)
    return folder_name(pattern, summary.participant, summary.task, at)


def rename_session(folder: Path, pattern: str) -> Path:
    """Rename a session's folder where it lies; its path afterwards.

    Where the name is taken, ``-2``, ``-3`` ... follows it.  Raises SessionError, also while it is being recorded.
    """
    folder = folder.absolute()
    if files.is_link(folder):
        raise SessionError(f"{folder} is a link; rename the session itself.")
    summary = summarise(folder)
    if summary.state is SessionState.RECORDING:
        raise SessionError(f"{folder} can't be renamed: it is still being recorded.")
    wanted = folder.with_name(new_name(summary, pattern))
    for target in numbered(wanted):
        if target == folder:
            return folder
        if not os.path.lexists(target) or (target != folder and _is_same(target, folder)):
            break
    else:
        raise SessionError(f"{folder} can't be renamed: there are too many sessions called {wanted.name}.")
    with os_errors_as(SessionError, f"{folder} can't be renamed"):
        files.move(folder, target)
    files.sync_folder(folder.parent)
    thumbnails.forget(folder)
    return target


def _is_same(one: Path, other: Path) -> bool:
    """Names that differ in case alone are one folder on some systems."""
    return one.name.casefold() == other.name.casefold() and one.samefile(other)
