"""The base of exporters: files reach their place whole or not at all, and never over another's."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from app.core.errors import SessionError, os_errors_as, reason
from app.session.analyses import ANALYSES
from app.session.session import Session
from app.session.staging import put_over
from app.session.table import Table
from extractor import files


class ExistingExportError(SessionError):
    """Files of an earlier export exist."""


Progress = Callable[[int, int], None]
"""Told now and then how many of how many steps are done; what it raises ends the export and leaves nothing."""


class Exporter(abc.ABC):
    """One format.  ``openface`` is the example to copy: one file, from the table alone."""

    name: str  # what ``--format`` takes
    label: str  # what the menu shows
    file: str  # the file or folder that it makes

    def outputs(self, session: Session) -> tuple[str, ...]:
        """The names of the files and folders that ``write`` makes."""
        return (self.file,)

    @abc.abstractmethod
    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        """Make them in ``folder``, which is empty; they get to their place afterwards.

        Raises UserError where the session or this machine lacks what the format needs, and OSError.
        """

    def remark(self, session: Session) -> str:
        """A sentence about what the format can't hold; mostly empty."""
        return ""


def remark_on(session: Session, exporter: Exporter) -> str:
    """A sentence to show after the export; mostly empty."""
    return " ".join(filter(None, (exporter.remark(session), session.unclear)))


FOLDER = "export"
"""The default folder of exports, beside the table."""


def default_place(session: Path, table_name: str = "") -> Path:
    """The folder of a session's exports; ``table_name``: the analysis that is exported, empty: the recorded table."""
    return (session / ANALYSES / table_name if table_name else session) / FOLDER


def ignore_progress(done: int, total: int) -> None:
    """For callers that show none."""


def export_session(
    session: Session, exporter: Exporter, out: Path, *, force: bool = False, progress: Progress = ignore_progress
) -> tuple[Path, ...]:
    """Export into the folder ``out``, made if need be; returns the files and folders that are there now.

    What stands there already is only replaced with ``force``, and then only by whole files.
    Raises UserError, ExistingExportError without ``force``.
    """
    names = exporter.outputs(session)
    targets = tuple(out / name for name in names)
    _refuse_existing(targets, force)
    with os_errors_as(SessionError, f"Nothing can be exported to {out}"):
        place, own = out.absolute(), session.folder.absolute()
        files.make_folder(place, own if place.is_relative_to(own) else None)
        staging = files.temporary_name(out / exporter.name)
        files.new_folder(staging)
    try:
        exporter.write(session, staging, progress)
        _refuse_existing(targets, force)
        for name, target in zip(names, targets, strict=True):
            _put(staging / name, target, staging)
        files.sync_folder(out)
    except OSError as error:
        raise SessionError(f"{targets[0]} can't be written: {reason(error)}.") from error
    finally:
        files.remove_tree(staging)
    return targets


def _refuse_existing(targets: tuple[Path, ...], force: bool) -> None:
    for target in targets:
        if not force and (target.exists() or target.is_symlink()):
            raise ExistingExportError(f"{target} exists already; it is replaced only with --force.")


def _put(made: Path, target: Path, staging: Path) -> None:
    """Move one file or folder to its place; one that is there is out of the way only for a moment."""
    if made.is_file():
        files.sync_file(made)  # a rename may reach the disk before the bytes do
    if made.is_dir() or target.is_dir():
        put_over(made, target, staging / f"replaced-{target.name}")
    else:
        files.move(made, target)


def faces_of_frames(session: Session) -> Iterator[list[tuple[Table, int]]]:
    """For each frame its measured faces as (table, row), the primary one first."""
    table, further = session.table.whole, session.faces.whole if session.faces is not None else None
    if further is None:
        for row, success in enumerate(table.success):
            yield [(table, row)] if success else []
        return
    order = np.argsort(further.frame, kind="stable")
    bounds = np.searchsorted(further.frame[order], np.arange(len(table) + 1))
    for row, success in enumerate(table.success):
        faces = [(table, row)] if success else []
        yield faces + [(further, int(k)) for k in order[bounds[row] : bounds[row + 1]] if further.success[k]]
