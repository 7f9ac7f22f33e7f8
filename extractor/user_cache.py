"""The user's cache folder, for results that take time to compute again.

That is ``MOTIONSCOPE_CACHE``, else the system's place for it.  Where nothing can be written there, it is said once,
and a private temporary folder takes its place until the program ends; processes of our own share it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import tempfile
import threading
from pathlib import Path

import platformdirs

from extractor import files

log = logging.getLogger(__name__)

SWITCH = "MOTIONSCOPE_CACHE"

_lock = threading.Lock()  # of two threads, one makes the folder


def cache_folder() -> Path:
    """The folder, absolute; it is made where it is missing.  Raises nothing."""
    chosen = os.environ.get(SWITCH)
    wanted = Path(chosen).absolute() if chosen else platformdirs.user_cache_path("motionscope", appauthor=False)
    with _lock:
        if not _usable(wanted).is_dir():  # somebody has removed it since
            _usable.cache_clear()
        return _usable(wanted)


@functools.cache
def _usable(wanted: Path) -> Path:
    try:
        files.make_folder(wanted)
        # os.access is wrong on network drives and on Windows, so a file is tried.
        probe = files.temporary_name(wanted / "probe")
        files.create(probe).close()
        files.remove(probe)
    except OSError as error:
        log.warning(
            "Nothing can be kept in %s (%s), so what is made of networks is made anew each time.",
            wanted,
            error.strerror or error,
        )
        return _temporary(wanted)
    return wanted


def _temporary(wanted: Path) -> Path:
    """A folder for this run with what can be read of the other one; that itself where there is no room for any."""
    try:
        temporary = tempfile.TemporaryDirectory(prefix="motionscope-", ignore_cleanup_errors=True)
    except OSError:
        return wanted
    atexit.register(temporary.cleanup)
    folder = Path(temporary.name)
    with contextlib.suppress(OSError):  # what was kept before it could no longer be written still saves the time
        for path in sorted(wanted.rglob("*")):
            if path.is_file() and not files.is_link(path):
                copy = folder / path.relative_to(wanted)
                files.make_folder(copy.parent)
                files.write_whole(copy, files.read(path), durable=False)
    return folder
