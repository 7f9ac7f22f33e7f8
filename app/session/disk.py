"""Free space: watched while recording, and a reserve that makes room to finish when it is gone."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from app.session.folders import RESERVE
from extractor import files

MIB = 1024 * 1024


class Usage(NamedTuple):
    """Bytes of the disk that holds a folder."""

    total: int
    free: int


def disk_usage(folder: Path) -> Usage:
    """The size and the free space, for this user, of the disk of ``folder``.  Raises OSError."""
    usage = shutil.disk_usage(folder)
    return Usage(usage.total, usage.free)


@dataclass(frozen=True, slots=True)
class DiskState:
    """The room on a recording's disk."""

    free: int
    full: bool  # the recording must be finished now
    warning: str  # one sentence, or empty


class DiskWatch:
    """Says when to warn and when to stop.

    It stops at 200 MiB or, on a small disk, at a twentieth of it (but 2 MiB at least); it warns
    when two minutes are left at the rate of the last seconds, or below 1 GiB or a fifth of the disk.
    """

    STOP_AT = 200 * MIB
    WARN_AT = 1024 * MIB
    WARN_SECONDS = 120.0

    def __init__(self, folder: Path, usage: Callable[[Path], Usage] = disk_usage) -> None:
        self._folder = folder
        self._usage = usage
        self._written: deque[tuple[float, int]] = deque(maxlen=12)

    def check(self, written: int, now_s: float) -> DiskState:
        """``written``: bytes of this recording so far.  A disk that can't be asked counts as fine."""
        self._written.append((now_s, written))
        try:
            usage = self._usage(self._folder)
        except OSError:
            return DiskState(0, False, "")
        stop_at = min(self.STOP_AT, max(usage.total // 20, 2 * MIB))
        warn_at = min(self.WARN_AT, usage.total // 5)
        rate = self._rate()
        left_s = (usage.free - stop_at) / rate if rate > 0 else float("inf")
        if usage.free < stop_at:
            return DiskState(usage.free, True, f"Only {usage.free // MIB} MB are free on the disk of {self._folder}.")
        if left_s < self.WARN_SECONDS:
            warning = f"The disk is nearly full: the recording will end in about {left_s:.0f} s."
        elif usage.free < warn_at:
            warning = f"The disk is nearly full: {usage.free // MIB} MB are left."
        else:
            warning = ""
        return DiskState(usage.free, False, warning)

    def _rate(self) -> float:
        (start_s, start), (end_s, end) = self._written[0], self._written[-1]
        return (end - start) / (end_s - start_s) if end_s > start_s else 0.0


class Reserve:
    """A file of real bytes, deleted when the disk is full, so that the recording can still be finished."""

    SIZE = MIB  # a two-hour video's index and one session.json take about a third of it

    def __init__(self, folder: Path) -> None:
        self._path = folder / RESERVE

    def fill(self) -> None:
        """Take the room.  Raises OSError when there is none."""
        with files.create(self._path, replace=True) as file:
            file.write(os.urandom(self.SIZE))  # zeros would take no room where files are compressed

    def release(self) -> None:
        """Give it back; idempotent."""
        with contextlib.suppress(OSError):
            files.remove(self._path)


class GuardedFile:
    """A file to append to (PyAV also seeks back in it) that outlives a full disk.

    The first write that fails frees the reserve and is tried again; ``failed`` then tells the
    writer to finish.  If that isn't enough either, later bytes are thrown away and ``broken`` is
    set: what is on the disk stays as after a crash, to be recovered.
    """

    def __init__(self, path: Path, reserve: Reserve | None = None) -> None:
        """Raises OSError, FileExistsError among it: nothing is ever overwritten."""
        self._file = files.create(path, buffering=0)
        self._reserve = reserve
        self.written = 0  # bytes handed over; the position does not matter
        self.failed: OSError | None = None
        self.broken = False

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while len(view) and not self.broken:
            try:
                view = view[self._file.write(view) :]
            except OSError as error:
                if self.failed is not None or self._reserve is None:
                    self.broken = True
                self.failed = self.failed or error
                if self._reserve is not None:
                    self._reserve.release()
        self.written += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def copy_to(self, path: Path) -> None:
        """Copy what was written into a new file, also when this one's name is gone.  Raises OSError."""
        self._file.seek(0)
        with files.create(path) as copy:
            shutil.copyfileobj(self._file, copy)

    def sync(self) -> None:
        """Push everything to the disk itself; may take long.  Errors show up as ``failed``."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # not every file system can
                self.failed = self.failed or error
        except ValueError:  # closed meanwhile
            pass

    def close(self) -> None:
        if not self._file.closed:
            self.sync()
            self._file.close()
