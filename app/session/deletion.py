"""A session removed whole: what was recorded, its annotations, analyses, exports and whatever else is in its folder."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.clutter import is_clutter
from app.core.errors import SessionError, os_errors_as
from app.session import thumbnails
from app.session.analyses import ANALYSES
from app.session.annotations import ORIGINAL
from app.session.exporters.base import FOLDER
from app.session.folders import (
    ANNOTATIONS,
    AUDIO,
    FACES,
    FRAMES,
    IDENTITIES,
    LOCK,
    MANIFEST,
    MOTION,
    OPEN_ANNOTATIONS,
    RESERVE,
    SIGNALS,
    TRUTH,
    VIDEO,
    part,
)
from app.session.manifest import RECORDING, Manifest
from app.session.ownership import is_live, is_locked
from app.session.recovery import DAMAGED, DAMAGED_SOUND
from app.session.table import columns
from extractor import files

_TABLES = (VIDEO, AUDIO, FRAMES, FACES, SIGNALS, ANNOTATIONS, MOTION, TRUTH)
_OWN = {MANIFEST, IDENTITIES, DAMAGED, DAMAGED_SOUND, OPEN_ANNOTATIONS, RESERVE, LOCK, ANALYSES, FOLDER}
_HEAD = ",".join(columns("frame", 0)[:3]).encode()  # that a table of ours begins with, of any version
_RECORDED = {name for whole in _TABLES for name in (whole, part(Path(whole)).name)}
_OWN |= _RECORDED
_OWN_TOO = re.compile(
    rf"\.{ANNOTATIONS}\.reviewed|({ORIGINAL}|identities\.original)(-\d+)?\.(csv|json)|screenshot_.*\.png|\.[0-9a-f]{{16}}\.tmp"
)
_ENOUGH = 2  # files of a recording that tell a session whose session.json is damaged or gone from another folder
_NAMED = 4  # strange files that are called by their names


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """The files and folders to delete."""

    folder: Path
    participant: str
    started_utc: str  # empty where session.json is damaged or gone
    files: int
    bytes: int
    analyses: int
    exports: int  # files and folders in the folders for exports
    strange: tuple[str, ...]  # what is in the folder and is none of the program's
    media: str  # the measured file, which stays; else empty


def question_about(plans: Sequence[DeletionPlan]) -> str:
    """The question before these sessions are deleted: at least one sentence."""
    one, several = plans[0], len(plans) > 1
    people = sorted({plan.participant for plan in plans if plan.participant})
    who = f" of participant{'s' * several} {_some(people)}" if people else ""
    began = one.started_utc[:16].replace("T", " ")
    about = f"recorded {began} UTC" if began else f"whose {MANIFEST} is damaged or gone"
    what = f"The session {one.folder}{who}, {about}, will be deleted"
    if several:
        what = f"{len(plans)} sessions{who} will be deleted ({_some([plan.folder.name for plan in plans])})"
    megabytes = sum(plan.bytes for plan in plans) / 1e6
    text = f"{what}: {sum(plan.files for plan in plans)} files, {megabytes:.1f} MB{_derived_text(plans)}."
    them = "them" if several else "it"
    strange = [f"{plan.folder.name}{os.sep}" * several + name for plan in plans for name in plan.strange]
    if strange:
        text += f" Motionscope did not write all that is in {them}: {_some(strange)} will be deleted, too."
    if any(plan.media for plan in plans):
        text += " The measured files stay." if several else f" The measured file {one.media} stays."
    return text + f" Nothing brings {them} back, and exports and copies in other places are not found."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _derived_text(plans: Sequence[DeletionPlan]) -> str:
    """The derived files that are deleted, too, as a part of a sentence."""
    counts = (
        (sum(one.analyses for one in plans), "analysis", "analyses"),
        (sum(one.exports for one in plans), "export", "exports"),
    )
    words = [f"{count} {single if count == 1 else several}" for count, single, several in counts if count]
    return f", with {' and '.join(words)}" if words else ""


def plan_deletion(folder: Path) -> DeletionPlan:
    """Look at a session, sound or damaged, before it is deleted.

    Raises SessionError where it can't be told to be one, is a link, is being recorded or holds another session.
    """
    folder = folder.absolute()
    with os_errors_as(SessionError, f"{folder} can't be read"):
        linked, there = files.is_link(folder), folder.exists()
    if linked:
        raise SessionError(f"{folder} is a link; delete the session itself.")
    if not there:
        raise SessionError(f"{folder} does not exist.")
    manifest = _manifest(folder)
    if manifest is None and not is_damaged_session(folder):
        raise SessionError(f"{folder} is not a recorded session, or too damaged to tell; nothing in it was deleted.")
    if folder in (Path.home(), *Path.home().parents):
        raise SessionError(f"{folder} is more than a session: it holds your own folder.")
    live = is_locked(folder) if manifest is None else manifest.state == RECORDING and is_live(folder, manifest.owner)
    if live:
        raise SessionError(f"{folder} can't be deleted: it is still being recorded.")
    with os_errors_as(SessionError, f"{folder} can't be read"):
        found = [(path, path.lstat()) for path in _below(folder)]
    other = next((path.parent for path, _ in found if path.name == MANIFEST and path.parent != folder), None)
    if other is not None:
        raise SessionError(f"{folder} can't be deleted: it holds another session, {other}.")
    held = [(path.relative_to(folder).parts, status) for path, status in found]
    regular = [status.st_size for _, status in held if not stat.S_ISDIR(status.st_mode)]
    tops = sorted({parts[0] for parts, _ in held})
    header = manifest.header if manifest is not None else None
    return DeletionPlan(
        folder=folder,
        participant=header.participant if header is not None else "",
        started_utc=manifest.started_utc if manifest is not None else "",
        files=len(regular),
        bytes=sum(regular),
        analyses=sum(len(parts) == 2 and parts[0] == ANALYSES for parts, _ in held),
        exports=sum(parts[-2:-1] == (FOLDER,) for parts, _ in held),
        strange=tuple(name for name in tops if not _is_ours(name)),
        media=header.media.path if header is not None and header.media is not None else "",
    )


def delete_session(folder: Path) -> None:
    """Delete it, ``session.json`` last, so that what was interrupted can be asked for again.

    Links in it go, what they lead to stays.  Raises SessionError as ``plan_deletion``, and where something remains.
    """
    folder = plan_deletion(folder).folder
    with os_errors_as(SessionError, f"{folder} could not be deleted whole"):
        for path in _beside_manifest(folder):
            _remove(path)
        for path in _beside_manifest(folder):
            raise SessionError(f"{folder} could not be deleted whole: {path} remains.")
        _remove(folder / MANIFEST)
        files.remove_empty_folder(folder)
    files.sync_folder(folder.parent)
    thumbnails.forget(folder)


def is_damaged_session(folder: Path) -> bool:
    """Whether a folder holds what only a recording leaves, whatever its ``session.json`` says or if it has none.

    That is a table with the columns of ours, or several files under the names of a recording, none of them a link.
    """
    with contextlib.suppress(OSError, ValueError):
        held = {path.name for path in folder.iterdir() if path.is_file() and not files.is_link(path)}
        if len(held & _RECORDED) >= _ENOUGH and held & {FRAMES, part(Path(FRAMES)).name}:
            return True
        for name in held & {FRAMES, part(Path(FRAMES)).name}:
            with files.open_read(folder / name) as file:
                if file.read(len(_HEAD)) == _HEAD:
                    return True
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not files.is_link(path):
        files.remove_tree(path)
    else:
        files.remove(path)


def _manifest(folder: Path) -> Manifest | None:
    try:
        return Manifest.read(folder)
    except SessionError:  # a damaged one must be deleted, too
        return None


def _beside_manifest(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != MANIFEST]


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        yield path
        if path.is_dir() and not files.is_link(path):
            yield from _below(path)


def _is_ours(name: str) -> bool:
    return name in _OWN or _OWN_TOO.fullmatch(name) is not None or is_clutter(Path(name))
