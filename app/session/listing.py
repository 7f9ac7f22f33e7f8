"""The sessions below some folders, and what a list shows of each; nothing in them is changed, no link is followed."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.clutter import is_clutter
from app.core.errors import SessionError, reason
from app.session.deletion import is_damaged_session
from app.session.folders import FRAMES, MANIFEST, part
from app.session.manifest import RECORDING, Manifest
from app.session.ownership import Life, life_of
from extractor import files

DEPTH = 4
"""Folders of folders that are searched below the one that is named."""

MOST_FOLDERS = 50_000
MOST_FILES = 20_000  # of one session whose sizes are added up


class SessionState(enum.Enum):
    """How a session stands in the list."""

    COMPLETE = "complete"
    RECORDING = "recording"  # somebody writes it now
    UNFINISHED = "unfinished"  # cut off; recovery, or measuring the file again, makes it whole
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A line of the list."""

    folder: Path
    state: SessionState
    participant: str = ""
    task: str = ""
    started_unix_s: float | None = None  # None: session.json can't be read
    duration_s: float = 0.0
    frames: int = 0
    measured: float | None = None  # 0 to 1: the frames with a pose; None: not known
    bytes: int = 0  # of all files in its folder, analyses and exports too
    remark: str = ""  # what is wrong with it or why it ended early, one sentence

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def started(self) -> str:
        """Local date and time, to the minute; empty where it isn't known."""
        if self.started_unix_s is None:
            return ""
        return f"{datetime.datetime.fromtimestamp(self.started_unix_s):%Y-%m-%d %H:%M}"

    @property
    def searched(self) -> str:
        """The text that a search looks through."""
        return f"{self.name} {self.participant} {self.task} {self.started}".casefold()


def matches(summary: SessionSummary, text: str) -> bool:
    """Whether each word of ``text`` occurs in the session's name, participant, task or date."""
    words = text.casefold().split()
    if not words:
        return True
    searched = summary.searched
    return all(word in searched for word in words)


class SessionSearch:
    """The folders of sessions below ``roots``, each once; a root may be a session itself.

    After it was iterated, ``problems`` says in sentences which roots could not be read, and whether it gave up.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots
        self._seen: set[Path] = set()
        self._looked = 0
        self.problems: list[str] = []

    def __iter__(self) -> Iterator[Path]:
        for root in self._roots:
            try:
                yield from self._below(Path(os.path.abspath(root)), DEPTH)  # noqa: PTH100  (links stay as named)
            except FileNotFoundError:
                self.problems.append(f"{root} does not exist.")
            except OSError as error:
                self.problems.append(f"{root} can't be read: {reason(error)}.")
        if self._looked >= MOST_FOLDERS:
            self.problems.append(f"Only the first {MOST_FOLDERS} folders were searched.")

    def _below(self, folder: Path, depth: int) -> Iterator[Path]:
        if folder in self._seen or self._looked >= MOST_FOLDERS:
            return
        self._seen.add(folder)
        self._looked += 1
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        if _is_session(folder, {entry.name for entry in entries}):
            yield folder
        elif depth:
            for entry in entries:
                # Hidden is also what is written aside until it is whole.
                hidden = entry.name.startswith(".") or is_clutter(Path(entry.name))
                if entry.is_dir(follow_symlinks=False) and not hidden:
                    path = folder / entry.name
                    with contextlib.suppress(OSError):  # one that can't be read is no reason to miss the others
                        if not files.is_link(path):  # a junction is a folder for Windows
                            yield from self._below(path, depth - 1)


def _is_session(folder: Path, names: set[str]) -> bool:
    return MANIFEST in names or (bool(names & {FRAMES, part(Path(FRAMES)).name}) and is_damaged_session(folder))


def list_sessions(folders: Iterable[Path]) -> Iterator[SessionSummary]:
    """The summaries of these sessions, in their order; one that is gone is left out."""
    for folder in folders:
        if folder.is_dir():
            yield summarise(folder)


def summarise(folder: Path) -> SessionSummary:
    """Summarise ``session.json`` and the folder of a session; raises nothing: a damaged one is listed as damaged."""
    size = _size(folder)
    try:
        manifest = Manifest.read(folder)
        state, remark = _state(folder, manifest)
    except SessionError as error:
        return SessionSummary(folder, SessionState.DAMAGED, bytes=size, remark=str(error))
    except OSError as error:
        return SessionSummary(folder, SessionState.DAMAGED, bytes=size, remark=f"It can't be read: {reason(error)}.")
    return SessionSummary(
        folder,
        state,
        manifest.header.participant,
        manifest.header.task,
        manifest.clocks[0].unix_s,
        manifest.duration_s,
        manifest.frames,
        _measured(manifest),
        size,
        remark,
    )


def _state(folder: Path, manifest: Manifest) -> tuple[SessionState, str]:
    if manifest.state == RECORDING:
        if life_of(folder, manifest.owner) is Life.ALIVE:
            return SessionState.RECORDING, "It is being recorded."
        if manifest.header.media is not None:
            return SessionState.UNFINISHED, "Its file was not measured to the end."
        return SessionState.UNFINISHED, "It was cut off; recovering it keeps all that was recorded."
    if not (folder / FRAMES).is_file():
        return SessionState.DAMAGED, f"{FRAMES}, the table of its numbers, is missing."
    return SessionState.COMPLETE, manifest.ended_by


def _measured(manifest: Manifest) -> float | None:
    """Earlier versions didn't count the rows without a pose; skipped ones give that away."""
    missing: int = sum(dataclasses.astuple(manifest.missing))
    if not manifest.frames or missing > manifest.frames or (not missing and manifest.inferred < manifest.frames):
        return None
    return 1 - missing / manifest.frames


def _size(folder: Path) -> int:
    """The bytes of all files below, links left out."""
    total = count = 0
    waiting = [os.fspath(folder)]
    while waiting and count < MOST_FILES:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as found:
            for entry in found:
                count += 1
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    elif stat.S_ISREG(status.st_mode):
                        total += status.st_size
    return total
