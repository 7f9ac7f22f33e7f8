"""The files of a session folder, and how a folder is claimed so that nothing is ever overwritten."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from app.core.clutter import is_clutter
from app.core.errors import SessionError, reason
from app.session.naming import DEFAULT_NAME, folder_name
from extractor import files

VIDEO = "video.mkv"
AUDIO = "audio.mka"  # where a microphone was switched on
FRAMES = "frames.csv"
FACES = "faces.csv"
SIGNALS = "signals.csv"  # as shown: filtered, recentred, derived
ANNOTATIONS = "events.csv"
OPEN_ANNOTATIONS = "events.open.csv"  # intervals that have begun and not ended, while recording
MOTION = "motion.bin"
TRUTH = "truth.csv"
MANIFEST = "session.json"
IDENTITIES = "identities.json"  # where faces were named or merged in review
RESERVE = ".reserve"  # room set aside while recording
LOCK = ".lock"  # held while recording


def part(path: Path) -> Path:
    """The name of a file that isn't whole yet; the ending stays, so that players still open it."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def new_session_folder(parent: Path, name: str = "") -> Path:
    """A new, empty folder below ``parent``, by default named by the local date and time.  Raises SessionError."""
    return claim_folder(parent / (name or folder_name(DEFAULT_NAME)))


def claim_folder(path: Path) -> Path:
    """Make ``path`` a session's folder: itself if it is new or empty, else ``path-2``, ``path-3`` ...

    Raises SessionError when no folder can be made or written there.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow the links of the name given)
    try:
        files.make_folder(path.parent)
        for folder in numbered(path):
            with contextlib.suppress(FileExistsError):
                files.new_folder(folder)
                return _writable(folder)
            if folder.is_dir() and all(is_clutter(Path(entry.name)) for entry in folder.iterdir()):
                return _writable(folder)
    except ValueError as error:  # a null byte in the name
        raise SessionError(f"No recording can be made in {path}: {error}.") from error
    except OSError as error:
        raise SessionError(f"No recording can be made in {path}: {reason(error)}.") from error
    raise SessionError(f"No recording can be made in {path}: too many recordings of that name.")


def places_elsewhere() -> tuple[Path, ...]:
    """The folders in which a recording goes on when its own can take no more."""
    return (
        platformdirs.user_videos_path() / "Motionscope",
        platformdirs.user_data_path("motionscope") / "recordings",
        Path(tempfile.gettempdir()) / "motionscope",
    )


def claim_elsewhere(folder: Path, suffix: str, same_disk: bool = True) -> Path:
    """A new folder for what ``folder`` can't take: beside it, else where recordings usually go.

    ``same_disk`` off: only on another one.  Raises SessionError where nothing can be written anywhere.
    """
    for parent in (folder.parent, *places_elsewhere()):
        with contextlib.suppress(OSError, SessionError):
            if same_disk and parent == folder.parent and not parent.is_dir():
                continue  # it has gone with the folder, and is not made again
            if not same_disk and _disk_of(parent) == _disk_of(folder):
                continue
            return claim_folder(parent / f"{folder.name}-{suffix}")
    raise SessionError("nothing can be written anywhere else")


def _disk_of(path: Path) -> int:
    """The number of the disk that a folder is on, or would be."""
    return next(place.stat().st_dev for place in (path, *path.parents) if place.exists())


def numbered(path: Path) -> Iterator[Path]:
    """``path``, ``path-2``, ``path-3`` ... , some thousands of them."""
    yield path
    for number in range(2, 10_000):
        yield path.with_name(f"{path.name}-{number}")


def _writable(folder: Path) -> Path:
    # os.access is wrong on network drives and on Windows, so a file is tried.
    probe = folder / RESERVE
    files.create(probe).close()
    files.remove(probe)
    return folder
