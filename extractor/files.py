"""Every write of the program goes through here: files and folders that are made, replaced, cut, moved or removed.

A session or an output folder may come from somebody else, or lie where others can write.  So

- nothing is ever written through a link: a link in the way raises ``LinkError``, whose text is a sentence's end;
- what appears under its name appears whole: the bytes go to a new file of a random name first;
- what is new is the person's own, 0700 and 0600 from its first byte on, until ``share`` says otherwise.

Links above a folder that a person named are the person's own business; ``below`` says where that ends.
Windows has no permissions of this kind: there a folder's own decide, which are the person's in a home folder.
All functions raise OSError where nothing else is said.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import shutil
import stat
from pathlib import Path
from typing import BinaryIO, TextIO, cast

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)  # Windows lacks it; there a link is looked for before
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT; files that are still in a cloud have other tags
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
_shared = False  # as the umask that it goes with, the process's: libraries' threads and all parts write by it


class LinkError(OSError):
    """Something would have been written, cut or removed through a link."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.ELOOP, f"{path} is a link, and nothing is written through links")


def share(on: bool) -> None:
    """Whether other users of this machine may read what is made from now on, as far as the umask lets them."""
    global _shared
    _shared = on


def is_shared() -> bool:
    """The last setting of ``share``."""
    return _shared


# ---------------------------------------------------------------------- links


def is_link(path: Path) -> bool:
    """Whether a link is there, or what Windows calls a junction; False where nothing is."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def refuse_links(path: Path, below: Path | None = None) -> None:
    """Raises LinkError where ``path`` is a link, or, with ``below``, one of the folders between the two."""
    while True:
        if is_link(path):
            raise LinkError(path)
        if below is None or path.parent in (below, path):
            return
        path = path.parent


# ---------------------------------------------------------------------- files


def create(path: Path, *, replace: bool = False, buffering: int = -1, private: bool = False) -> BinaryIO:
    """A new file, to be written and read; with ``replace`` a file or a link of that name is removed first.

    ``private``: for its owner alone, whatever ``share`` said.  Raises FileExistsError otherwise.
    """
    if replace:
        remove(path)
    return _open(path, "x+b", buffering, private=private)  # exclusively: that follows no link on any system


def create_text(path: Path, *, errors: str = "strict") -> TextIO:
    """A new file for UTF-8 text whose line ends stay as they are.  Raises FileExistsError."""
    return io.TextIOWrapper(create(path), encoding="utf-8", errors=errors, newline="")


def append(path: Path, *, buffering: int = -1) -> BinaryIO:
    """A file to append to; it is made where there is none."""
    return _change(path, "ab", buffering)


def truncate(path: Path, size: int) -> None:
    """Cut a file."""
    with _change(path, "r+b", 0) as file:
        file.truncate(size)


def sync_file(path: Path) -> None:
    """Push what was written to the disk itself, where the file system can."""
    with _change(path, "r+b", 0) as file:
        _sync(file)


def write_whole(path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
    """Make or replace a file so that after a crash it holds either the old bytes or the new ones.

    One that is replaced keeps its permissions, except a ``private`` one, which is its owner's alone.
    With ``durable`` off a power loss may take it: a cache then costs no time.
    """
    temporary = temporary_name(path)
    try:
        refuse_links(path)
        with create(temporary, private=private) as file:
            file.write(data)
            file.flush()
            with contextlib.suppress(FileNotFoundError):
                if not private:
                    temporary.chmod(path.lstat().st_mode & 0o777)
            if durable:
                _sync(file)
        move(temporary, path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(temporary)
        raise


def move(source: Path, target: Path) -> None:
    """Give a file or folder another name in one step; a file that is there is replaced."""
    refuse_links(source)
    refuse_links(target)
    source.replace(target)


def remove(path: Path) -> None:
    """Remove a file, or a link itself; nothing happens where there is none."""
    path.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """A name beside ``path`` that nobody can foresee."""
    return path.with_name(f".{secrets.token_hex(8)}.tmp")


def sweep_temporaries(folder: Path) -> None:
    """Remove what a kill left of ``write_whole``; for when nobody can be at it any more."""
    for path in folder.iterdir():
        if _TEMPORARY.fullmatch(path.name) and not path.is_dir():
            remove(path)


# ---------------------------------------------------------------------- reading


def is_there(path: Path) -> bool:
    """Whether anything is there; False also where one may not look, and for a name that nothing can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def open_read(path: Path) -> BinaryIO:
    """A file to read.  A pipe or a device in its place, for which one might wait for ever, raises OSError."""
    return _regular(_open(path, "rb", -1, 0), path)


def read(path: Path, most: int | None = None) -> bytes:
    """The bytes of a file; one of more than ``most`` bytes raises OSError."""
    with open_read(path) as file:
        if most is not None and os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
        return file.read()


# ---------------------------------------------------------------------- folders


def make_folder(path: Path, below: Path | None = None) -> None:
    """Make a folder and what is missing above it; one that is there is welcome.

    With ``below`` neither it nor what lies between the two may be a link.
    """
    if below is not None:
        refuse_links(path, below)
    if not path.is_dir():
        if path.parent != path:
            make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            new_folder(path)
        if not path.is_dir():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def new_folder(path: Path) -> None:
    """Raises FileExistsError where anything is there already."""
    path.mkdir(0o777 if _shared else 0o700)


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it; of links in it only the links; raises nothing."""
    shutil.rmtree(path, ignore_errors=True)  # refuses a link


def remove_empty_folder(path: Path) -> None:
    """Raises OSError where the folder isn't empty."""
    path.rmdir()


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` outlive a power loss; where the system can't, nothing happens."""
    if os.name != "posix":
        return  # Windows opens no folders
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# ---------------------------------------------------------------------- inside


def _open(path: Path, mode: str, buffering: int, further: int = _NO_LINKS, private: bool = False) -> BinaryIO:
    permissions = 0o666 if _shared and not private else 0o600
    # Not to wait for the other end of a pipe that stands in a file's place.
    further |= getattr(os, "O_NONBLOCK", 0)
    file = open(path, mode, buffering, opener=lambda name, flags: os.open(name, flags | further, permissions))  # noqa: SIM115
    return cast("BinaryIO", file)


def _sync(file: BinaryIO) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):  # not every file system can
            raise


def _change(path: Path, mode: str, buffering: int) -> BinaryIO:
    """A file that is there, to be changed in its place."""
    refuse_links(path)
    try:
        file = _open(path, mode, buffering)
    except OSError as error:
        if error.errno == errno.ELOOP:  # it became one meanwhile
            raise LinkError(path) from None
        raise
    if os.fstat(_regular(file, path).fileno()).st_nlink > 1:  # the same bytes lie elsewhere under another name
        file.close()
        raise LinkError(path)
    return file


def _regular(file: BinaryIO, path: Path) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, f"{path} is no file")
    return file
