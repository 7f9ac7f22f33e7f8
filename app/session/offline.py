"""Tables written one result after the other, without threads: for measuring files instead of a camera."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.core.clock import clock_pair
from app.core.errors import SessionError, os_errors_as
from app.core.frames import FrameResult
from app.session.folders import MANIFEST, part
from app.session.manifest import COMPLETE, STOPPED, Manifest, MissingRows, SessionHeader
from app.session.ownership import Owner
from app.session.result_tables import MeasuredFrame, ResultTables
from app.session.table import Missing
from extractor import files

if TYPE_CHECKING:
    from typing_extensions import Self


class Staged:
    """Something that is written until ``close`` and removed by ``discard``, which an exception brings about."""

    def close(self) -> None:
        raise NotImplementedError

    def discard(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self.close()
        else:
            self.discard()


class PartFile(Staged):
    """A file under a temporary name until ``close``, which replaces the file of an earlier run.

    Every method raises SessionError when the disk doesn't play along.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._errors():
            self._file: BinaryIO = files.create(part(path), replace=True)

    def write(self, data: bytes) -> None:
        with self._errors():
            self._file.write(data)

    def close(self) -> None:
        """Give the file its name, once what it holds is on the disk itself."""
        with self._errors():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            files.move(part(self._path), self._path)

    def discard(self) -> None:
        """Remove the unfinished file; raises nothing."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            files.remove(part(self._path))

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return os_errors_as(SessionError, f"{self._path} can't be written")


def missing_reason(result: FrameResult) -> Missing:
    """The reason why the result has no primary face, where it has none."""
    return Missing.of(damaged=result.frame.damaged, failed=result.failed)


class StagedTables(Staged):
    """``ResultTables`` in a folder, under temporary names until ``close``.

    Every method but ``discard`` raises SessionError when the disk doesn't play along.
    """

    def __init__(self, folder: Path, num_kp: int) -> None:
        self._folder = folder
        self._files: list[PartFile] = []
        self._tables = ResultTables(num_kp, self._file)

    def _file(self, name: str) -> PartFile:
        self._files.append(PartFile(self._folder / name))
        return self._files[-1]

    @property
    def rows(self) -> int:
        """How many frames were written."""
        return self._tables.rows

    @property
    def missing(self) -> Counter[str]:
        """How many rows lack a pose, by their reason."""
        return self._tables.missing

    def write(self, result: FrameResult, timestamp_s: float) -> None:
        """The next frame's result, ``timestamp_s`` from the video's start."""
        missing = missing_reason(result)
        frame = MeasuredFrame(self.rows, timestamp_s, result.primary, tuple(result.others), missing=missing)
        self._tables.add([frame])

    def close(self) -> None:
        """Give the files their names."""
        for file in self._files:
            file.close()

    def discard(self) -> None:
        """Remove the unfinished files; raises nothing."""
        for file in self._files:
            file.discard()


class ExtractWriter(Staged):
    """A session folder of a measured video file: tables and manifest, no copy of the video.

    ``header.media`` says which file.  Until ``close`` the state is "recording", so that a run
    that was cut off is known to be incomplete; as a context manager an exception leaves it so.
    """

    def __init__(self, folder: Path, header: SessionHeader) -> None:
        """``folder`` is a claimed one.  Raises SessionError."""
        if (folder / MANIFEST).exists():
            raise SessionError(f"{folder} already holds a session.")
        self.ended_by = ""  # one sentence where the file could not be measured to its end
        self._folder = folder
        self._manifest = Manifest(header, owner=Owner.this_process())
        self._publish(self._manifest)
        self._tables = StagedTables(folder, header.num_kp)
        self._last_s = 0.0

    @property
    def rows(self) -> int:
        """How many frames were written."""
        return self._tables.rows

    @property
    def no_face(self) -> bool:
        """Whether frames were measured, and no face was found in any of them."""
        return 0 < self.rows == self._tables.missing[Missing.NO_FACE.word]

    def write(self, result: FrameResult, timestamp_s: float) -> None:
        """The next frame's result, ``timestamp_s`` from the video's start.  Raises SessionError."""
        self._tables.write(result, timestamp_s)
        self._last_s = timestamp_s

    def close(self) -> None:
        """Finish: from now on the folder is whole.  Raises SessionError."""
        self._tables.close()
        missing = MissingRows(**self._tables.missing)
        self._publish(
            replace(
                self._manifest,
                state=STOPPED if self.ended_by else COMPLETE,
                ended_by=self.ended_by,
                clocks=(*self._manifest.clocks, clock_pair()),
                duration_s=self._last_s,
                frames=self.rows,
                inferred=self.rows
                - sum(self._tables.missing.get(why.word, 0) for why in (Missing.FAILED, Missing.DAMAGED)),
                missing=missing,
                owner=None,
            )
        )

    def discard(self) -> None:
        """Give up: the files are removed, the manifest stays and says "recording"; raises nothing."""
        self._tables.discard()

    def _publish(self, manifest: Manifest) -> None:
        with os_errors_as(SessionError, f"{self._folder / MANIFEST} can't be written"):
            manifest.write(self._folder)
