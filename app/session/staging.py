"""Folders that something is written in before it gets its name, and what is left of them after a kill."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import socket
from pathlib import Path

from app.core.errors import SessionError
from app.session.folders import reason, sync_folder
from app.session.manifest import Owner

_PREFIX = ".part-"


def new_staging(parent: Path, label: str) -> Path:
    """An empty hidden folder below ``parent``, which is made if need be, to become ``label`` once it is whole.

    What processes of this machine left there under the same label, killed, is removed.
    Raises SessionError.
    """
    owner = Owner.this_process()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent, label)
        for number in range(10_000):
            path = parent / f"{_start(label)}{_host()}-{owner.pid}-{owner.started_unix_s:.3f}-{number}"
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                return path
    except OSError as error:
        raise SessionError(f"Nothing can be written to {parent}: {reason(error)}.") from error
    raise SessionError(f"Nothing can be written to {parent}: it is full of unfinished folders.")


def publish_new(staging: Path, target: Path) -> bool:
    """Give ``staging`` its name in one step; False where something of that name is there.  Raises OSError."""
    if target.exists() or target.is_symlink():
        return False
    try:
        staging.rename(target)
    except FileExistsError:  # somebody else was quicker
        return False
    sync_folder(target.parent)
    return True


def publish_over(staging: Path, target: Path) -> None:
    """The same, in the place of what is there, which goes away.  Raises OSError."""
    old = staging.with_name(f"{staging.name}-old")
    if target.exists():
        target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def sweep_all(parent: Path, label: str) -> None:
    """Remove everything unfinished of that label, whoever left it; for when nobody can be at it any more."""
    for path in parent.glob(f"{_start(label)}*"):
        shutil.rmtree(path, ignore_errors=True)


def _start(label: str) -> str:
    # A digest, because a name of 200 characters has no room for anything beside it.
    return f"{_PREFIX}{hashlib.sha256(label.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}-"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname())[:24]


def _sweep(parent: Path, label: str) -> None:
    for path in parent.glob(f"{_start(label)}{_host()}-*"):
        _, _, pid, started, *_ = path.name.removeprefix(_PREFIX).split("-")
        with contextlib.suppress(ValueError):
            if not Owner(int(pid), float(started)).alive:
                shutil.rmtree(path, ignore_errors=True)
