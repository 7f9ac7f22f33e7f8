"""Folders that something is written in before it gets its name, and what is left of them after a kill."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import time
from pathlib import Path

from app.core.errors import SessionError, os_errors_as
from app.session.ownership import Owner, process_space
from extractor import files

_PREFIX = ".part-"
LEFT_S = 24 * 3600.0  # what nobody has touched for so long nobody is at


def new_staging(parent: Path, label: str, below: Path) -> Path:
    """An empty hidden folder in ``parent``, which is made if need be, to become ``label`` once it is whole.

    ``parent`` lies in the folder ``below`` or is it; between the two there may be no link.

    What processes of this machine left there under the same label, killed, is removed.
    Raises SessionError.
    """
    owner = Owner.this_process()
    with os_errors_as(SessionError, f"Nothing can be written to {parent}"):
        files.make_folder(parent, below)
        _sweep(parent, label)
        for number in range(10_000):
            path = parent / f"{_start(label)}{_host()}.{_space()}-{owner.pid}-{owner.started_unix_s:.3f}-{number}"
            with contextlib.suppress(FileExistsError):
                files.new_folder(path)
                return path
    raise SessionError(f"Nothing can be written to {parent}: it is full of unfinished folders.")


def publish_new(staging: Path, target: Path) -> bool:
    """Give ``staging`` its name in one step; False where something of that name is there.  Raises OSError."""
    if target.exists() or target.is_symlink():
        return False
    try:
        files.move(staging, target)
    except FileExistsError:  # somebody else was quicker
        return False
    files.sync_folder(target.parent)
    return True


def publish_over(staging: Path, target: Path) -> None:
    """The same, in the place of what is there, which goes away.  Raises OSError."""
    old = staging.with_name(f"{staging.name}-old")
    put_over(staging, target, old)
    files.sync_folder(target.parent)
    files.remove_tree(old)


def put_over(made: Path, target: Path, old: Path) -> None:
    """Move ``made`` to its place; what is there gets the name ``old``, or stays where this fails.  Raises OSError."""
    if target.exists():
        files.move(target, old)
    try:
        files.move(made, target)
    except OSError:
        if old.exists():
            files.move(old, target)
        raise


def sweep_all(parent: Path, label: str, below: Path) -> None:
    """Remove all unfinished folders of that label, for when no process can be writing them any more.

    ``below`` as in ``new_staging``; raises nothing.
    """
    with contextlib.suppress(OSError):
        files.refuse_links(parent, below)
        for path in parent.glob(f"{_start(label)}*"):
            files.remove_tree(path)


def _start(label: str) -> str:
    # A digest, because a name of 200 characters has no room for anything beside it.
    return f"{_PREFIX}{hashlib.sha256(label.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}-"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname())[:24]


def _space() -> str:
    """Tells containers, whose process numbers mean other processes, and starts of the system apart."""
    return hashlib.sha256(process_space().encode()).hexdigest()[:8]


def _sweep(parent: Path, label: str) -> None:
    for path in parent.glob(f"{_start(label)}{_host()}.*"):
        _, host, pid, started, *_ = path.name.removeprefix(_PREFIX).split("-")
        with contextlib.suppress(ValueError, OSError):
            if host.endswith(f".{_space()}"):
                left = not Owner(int(pid), float(started)).alive
            else:  # by a container, or before the system's last start
                left = time.time() - max(item.stat().st_mtime for item in (path, *path.rglob("*"))) > LEFT_S
            if left:
                files.remove_tree(path)
