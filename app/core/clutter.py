"""Files that systems leave beside people's files: no inputs, no failures, and nobody's data."""

from __future__ import annotations

from pathlib import PurePath

_NAMES = frozenset(
    {".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems",
     "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "@eadir", ".directory"}
)  # fmt: skip


def is_clutter(path: PurePath) -> bool:
    """Whether a file, or a folder that it lies in, is a note of macOS, Windows or a file server.

    ``._NAME`` is what macOS keeps about NAME on disks of other systems and in archives.  ``path``: as far as it
    was searched, for a person may have named a folder like that.
    """
    return any(part.startswith("._") or part.lower() in _NAMES for part in path.parts)
