"""The files to measure, the place of each result, and the results that an earlier run has left."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.batch.jobs import ExtractOptions
from app.capture.images import IMAGE_SUFFIXES, UNREADABLE_SUFFIXES, is_picture, natural_key
from app.capture.video import VIDEO_SUFFIXES
from app.core.clutter import is_clutter
from app.core.errors import SessionError, UserError, reason
from app.core.position import ASSUMED
from app.session.folders import FACES, FRAMES, MANIFEST, MOTION, numbered, part
from app.session.manifest import COMPLETE, STOPPED, Manifest, MediaFile
from extractor.backends.engines import engine_named
from extractor.files import is_link


@dataclass(frozen=True, slots=True)
class Item:
    """A file to measure."""

    path: Path
    name: str  # relative to the folder it was found in, with forward slashes


@dataclass(frozen=True, slots=True)
class Work:
    """The files that were found, and those that can't be read."""

    videos: tuple[Item, ...]
    images: tuple[Item, ...]
    left_out: tuple[Path, ...] = ()  # pictures of a kind that can't be read
    failures: tuple[str, ...] = ()  # a sentence for each path where one could not look


@dataclass(frozen=True, slots=True)
class DoneCriteria:
    """The settings with which an earlier result must have been measured to count as done."""

    weights_sha256: str
    options: ExtractOptions = field(default_factory=ExtractOptions)  # engine auto: any will do

    def holds(self, manifest: Manifest) -> bool:
        """Whether a session was measured with these settings."""
        header, asked = manifest.header, self.options
        same = header.weights_sha256 == self.weights_sha256 and header.max_faces == asked.faces
        known = header.camera_tilt, header.field_of_view or ASSUMED, header.face_size
        same = same and known == (asked.camera_tilt, asked.field_of_view or ASSUMED, asked.face_size)
        return same and asked.engine in ("auto", engine_named(header.engine, header.precision))


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a video's result."""

    folder: Path
    done: bool = False
    problem: str = ""  # why the earlier run could not measure all of it


def find_work(patterns: Sequence[str]) -> Work:
    """Files, everything of a known kind below folders, and what the patterns match, each file once.

    A file named outright is tried whatever its ending; what systems leave beside files never is.  A path that
    doesn't exist or can't be read stops none of the others.  Raises UserError when nothing was found.
    """
    videos: dict[Path, Item] = {}
    images: dict[Path, Item] = {}
    left_out: dict[Path, None] = {}
    failures: list[str] = []
    for pattern in patterns:
        for path, root, outright in _found(pattern, failures):
            suffix = path.suffix.lower()
            if suffix in IMAGE_SUFFIXES:
                kind = images
            elif suffix in VIDEO_SUFFIXES:
                kind = videos
            elif outright:
                kind = images if is_picture(path) else videos
            else:
                if suffix in UNREADABLE_SUFFIXES:
                    left_out[path] = None
                continue
            if not is_clutter(path.relative_to(root)):
                kind.setdefault(path.resolve(), Item(path, path.relative_to(root).as_posix()))
    if not videos and not images:
        raise UserError(" ".join(failures) or f"No video and no image was found in {', '.join(patterns)}.")
    return Work(tuple(videos.values()), tuple(images.values()), tuple(left_out), tuple(failures))


def _found(pattern: str, failures: list[str]) -> list[tuple[Path, Path, bool]]:
    """The files that ``_expand`` finds; errors go to ``failures`` as sentences."""
    try:
        return list(_expand(pattern, failures))
    except OSError as error:
        failures.append(f"{pattern} can't be read: {reason(error)}.")
    except UserError as error:
        failures.append(str(error))
    return []


def _expand(pattern: str, failures: list[str]) -> Iterator[tuple[Path, Path, bool]]:
    """(file, folder its name is relative to, whether the file itself was named)."""
    path = Path(pattern).expanduser()
    if path.is_dir():

        def locked(error: OSError) -> None:
            failures.append(f"{os.fsdecode(error.filename)} can't be read: {reason(error)}.")

        below = [Path(folder, name) for folder, _, names in os.walk(path, onerror=locked) for name in names]
        yield from ((file, path, False) for file in sorted(below, key=natural_key) if file.is_file())
    elif path.is_file():
        yield path, path.parent, True
    elif path.exists():  # a pipe, for whose other end one might wait for ever, or a device, which never ends
        raise UserError(f"{pattern} is no file.")
    else:
        found = glob.glob(str(path), recursive=True)  # noqa: PTH207  (Path.glob takes no absolute pattern)
        matches = sorted(match for match in found if Path(match).is_file() or Path(match).is_dir())
        if not matches:
            raise UserError(f"No file matches {pattern}." if glob.has_magic(pattern) else f"{pattern} does not exist.")
        for match in matches:
            if is_clutter(path) or not is_clutter(Path(match)):
                yield from _expand(match, failures)


def folder_names(videos: Sequence[Item]) -> list[str]:
    """A folder for each video, named like it; the ending stays only where it tells two apart."""
    stems = [item.name.removesuffix(item.path.suffix) for item in videos]
    names = [stem if stems.count(stem) == 1 else item.name for stem, item in zip(stems, videos, strict=True)]
    taken: set[str] = set()
    for i, name in enumerate(names):
        number = 2
        while names[i] in taken:  # two folders that hold files of the same name
            names[i] = f"{name}-{number}"
            number += 1
        taken.add(names[i])
    return names


def find_places(videos: Sequence[Item], out: Path, criteria: DoneCriteria, *, force: bool) -> list[Place]:
    """For each video its folder below ``out``, none of them twice.

    That is the one named like it; where that holds anything else than an earlier result of the same
    file, the next free one beside it, numbered.  With ``force`` nothing counts as done.
    """
    taken: set[Path] = set()
    places = []
    for item, name in zip(videos, folder_names(videos), strict=True):
        place = _find_place(item, out / name, criteria, taken, force)
        taken.add(place.folder)
        places.append(place)
    return places


def _find_place(item: Item, wanted: Path, criteria: DoneCriteria, taken: set[Path], force: bool) -> Place:
    try:
        media = MediaFile.of(item.path)
    except SessionError:  # measuring it will say why
        media = None
    for folder in numbered(wanted):
        if folder in taken:
            continue
        if is_free(folder):
            return Place(folder)
        if is_link(folder):
            continue
        try:
            manifest = Manifest.read(folder)
        except SessionError:
            continue
        if media is None or manifest.header.media is None or not is_same_file(manifest.header.media, media):
            continue
        unchanged = _unchanged(manifest.header.media, media)
        whole = manifest.state in (COMPLETE, STOPPED)
        if not force and whole and unchanged and criteria.holds(manifest):
            return Place(folder, done=True, problem=manifest.ended_by)
        if holds_only_a_result(folder):
            return Place(folder)
    raise UserError(f"{item.path} can't be measured: there are too many results called {wanted.name}.")


def is_free(folder: Path) -> bool:
    """Whether nothing is there, or an empty folder."""
    try:
        return not is_link(folder) and all(is_clutter(Path(entry.name)) for entry in folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False


def holds_only_a_result(folder: Path) -> bool:
    """Whether an earlier run's files are all there is: no annotations, no further analyses, no exports."""
    own = {MANIFEST, *(name for table in (FRAMES, FACES, MOTION) for name in (table, part(Path(table)).name))}
    return {entry.name for entry in folder.iterdir() if not is_clutter(Path(entry.name))} <= own


def is_same_file(one: MediaFile, other: MediaFile) -> bool:
    """The same place, or the same file elsewhere, for folders get moved."""
    return one.path == other.path or (
        os.path.basename(one.path) == os.path.basename(other.path) and _unchanged(one, other)  # noqa: PTH119
    )


def _unchanged(one: MediaFile, other: MediaFile) -> bool:
    # A network drive or a copy may keep whole microseconds only.
    return one.size_bytes == other.size_bytes and abs(one.modified_unix_s - other.modified_unix_s) < 1e-5
