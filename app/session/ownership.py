"""The process that writes a session, so that a live recording is not taken for one that was cut off.

A recording holds a lock on ``.lock`` in its folder, which the system releases when the process ends,
however it ends, and touches that file each second.  The lock says all on one machine, whatever the
process numbers look like from another container.  Across machines, and on file systems without
locks, the folder is watched for a while: what changes in it is alive.  Nothing here trusts clocks.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import psutil

from app.core.records import Between, Number
from app.session.folders import LOCK
from extractor import files

WATCH_S = 5.0  # several beats, also of a machine that is busy


@functools.cache
def boot_identity() -> str:
    """Another one after each start of the system; where the system has none, its start to the second."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{platform.node()} {psutil.boot_time():.0f}"


@functools.cache
def process_space() -> str:
    """Within it a process number means one process: a boot, and a container's own numbers."""
    space = ""
    with contextlib.suppress(OSError):
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{boot_identity()} {space}".strip()


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that writes the session; the start time tells it from a later one of the same number."""

    pid: Annotated[int, Between(0, 2**31 - 1)]
    started_unix_s: Number
    host: str = ""
    boot: str = ""  # ``boot_identity``; empty in sessions of earlier versions
    space: str = ""  # ``process_space``
    locked: bool = False  # whether it holds the lock of the folder

    @classmethod
    def this_process(cls, locked: bool = False) -> Owner:
        """This process as an owner; ``locked``: whether it holds the folder's lock."""
        started_s = psutil.Process().create_time()
        return cls(os.getpid(), started_s, platform.node(), boot_identity(), process_space(), locked)

    @property
    def alive(self) -> bool:
        """Whether the process runs, as seen from here."""
        try:
            process = psutil.Process(self.pid)
            started = process.create_time()
            if process.status() == psutil.STATUS_ZOMBIE:  # killed, and nobody has asked for its exit code
                return False
        except psutil.Error:
            return False
        return bool(abs(started - self.started_unix_s) < 5.0)  # the clock may have been corrected meanwhile


class Claim:
    """A folder that is being written: locked, and touched by ``beat``."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError; FileExistsError where somebody has claimed the folder."""
        self._path = folder / LOCK
        self._file = files.create(self._path, buffering=0)
        self.locked = try_lock(self._file) is True

    def beat(self) -> None:
        """Show that the writer lives; raises nothing."""
        with contextlib.suppress(OSError, ValueError):
            os.utime(self._file.fileno() if os.utime in os.supports_fd else self._path)

    def release(self) -> None:
        """Let go of the folder; idempotent, raises nothing."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            files.remove(self._path)


def try_lock(file: BinaryIO) -> bool | None:
    """Lock it until it is closed; False where somebody else has, None where the file system knows no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


class Life(enum.Enum):
    """Whether the process that owns a session lives."""

    ALIVE = "alive"
    ENDED = "ended"
    UNSURE = "unsure"  # only watching can tell


def life_of(folder: Path, owner: Owner | None) -> Life:
    """Whether a session is being written, as far as it can be told at once."""
    if owner is None:
        return Life.ENDED
    lock = _lock_of(folder)
    if lock is False:
        return Life.ALIVE
    if not owner.boot:  # an earlier version wrote it, without a lock
        return Life.ALIVE if owner.alive else Life.ENDED
    if owner.boot != boot_identity():
        return Life.UNSURE
    if lock is True and owner.locked:
        return Life.ENDED
    if owner.space != process_space():
        return Life.UNSURE
    if owner.alive:
        return Life.ALIVE
    # After a step of the clock a process seems to have started at another time.
    return Life.UNSURE if psutil.pid_exists(owner.pid) else Life.ENDED


def _lock_of(folder: Path) -> bool | None:
    """As ``try_lock``; the lock is let go of at once.  None also where there is no file to lock."""
    with contextlib.suppress(OSError), files.open_read(folder / LOCK) as file:
        return try_lock(file)
    return None


def is_locked(folder: Path) -> bool:
    """Whether somebody on this machine writes or recovers in the folder, whatever its ``session.json`` says."""
    return _lock_of(folder) is False


def is_live(folder: Path, owner: Owner | None) -> bool:
    """Whether a session is being written; watches it where that can't be told at once."""
    life = life_of(folder, owner)
    return life is Life.ALIVE or (life is Life.UNSURE and changing([folder])[0])


def changing(folders: Sequence[Path]) -> tuple[bool, ...]:
    """Whether anything in each of these folders changes while it is watched for ``WATCH_S``."""
    before = [traces(folder) for folder in folders]
    time.sleep(WATCH_S if folders else 0)
    return tuple(traces(folder) != old for folder, old in zip(folders, before, strict=True))


def traces(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Size and time of change of every file in a folder; what can't be seen is left out."""
    seen = {}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            # Opened, because a network share answers for a closed file from its memory.
            with contextlib.suppress(OSError), files.open_read(path) as file:
                status = os.fstat(file.fileno())
                seen[path.name] = (status.st_size, status.st_mtime_ns)
    return seen
