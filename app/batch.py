"""``motionscope extract``: every frame of videos and images measured, without a window."""

from __future__ import annotations

import glob
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from app.analyser import FaceAnalyser
from app.capture.images import IMAGE_SUFFIXES, natural_key, read_image
from app.capture.source import Source, SourceState
from app.capture.video import VIDEO_SUFFIXES, VideoSource
from app.core.clock import now_s
from app.core.errors import SessionError, SourceError, UserError
from app.core.frames import Frame
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from app.pipeline.inference_loop import THREADS
from app.session.folders import FACES, FRAMES, MANIFEST, MOTION, claim_folder, part
from app.session.header import describe
from app.session.manifest import Manifest, MediaFile
from app.session.offline import ExtractWriter, TableWriter
from extractor.backends import create_backend
from extractor.backends.base import Backend

READ_TIMEOUT_S = 1.0
IMAGE_TABLE = "images.csv"


@dataclass(frozen=True, slots=True)
class Item:
    """A file to measure."""

    path: Path
    name: str  # relative to the folder it was found in, with forward slashes


@dataclass(frozen=True, slots=True)
class Work:
    videos: tuple[Item, ...]
    images: tuple[Item, ...]


def extract(
    patterns: Sequence[str],
    out: Path,
    weights: str | None,
    device: str,
    engine: str = "auto",
    *,
    progress: bool = True,
) -> int:
    """Measure everything the patterns name into ``out``; 0, or 1 when a file could not be measured.

    A video gets a session folder without a copy of the video, the images share ``images.csv``.
    What an earlier run left there is replaced, but never a recording.  Raises UserError when
    there is nothing to do, and what ``create_backend`` raises.
    """
    work = find_work(patterns)
    backend = create_backend(weights, device, THREADS, engine)
    if not backend.report.pose_trained:
        print(
            "motionscope: pose heads untrained: these weights hold no head pose, so no angles come out.",
            file=sys.stderr,
        )
    failures: list[str] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        names = _folder_names(work.videos)
        for item, name in zip(work.videos, names, strict=True):
            try:
                _extract_video(item, out / name, backend, progress)
            except UserError as error:
                failures.append(str(error))
        if work.images:
            failures += _extract_images(work.images, out / IMAGE_TABLE, backend, progress)
    except OSError as error:
        raise UserError(f"{out} can't be written: {error.strerror or error}.") from error
    finally:
        backend.close()
    for failure in failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    done = len(work.videos) + len(work.images) - len(failures)
    print(f"{done} of {len(work.videos) + len(work.images)} files measured, results in {out}")
    return 1 if failures else 0


def find_work(patterns: Sequence[str]) -> Work:
    """Files, everything of a known kind below folders, and what the patterns match, each file once.

    A file named outright is tried whatever its ending.  Raises UserError when a path doesn't
    exist or nothing was found.
    """
    videos: dict[Path, Item] = {}
    images: dict[Path, Item] = {}
    for pattern in patterns:
        for path, root, outright in _expand(pattern):
            suffix = path.suffix.lower()
            kind = images if suffix in IMAGE_SUFFIXES else videos if outright or suffix in VIDEO_SUFFIXES else None
            if kind is not None:
                kind.setdefault(path.resolve(), Item(path, path.relative_to(root).as_posix()))
    if not videos and not images:
        raise UserError(f"No video and no image was found in {', '.join(patterns)}.")
    return Work(tuple(videos.values()), tuple(images.values()))


def _expand(pattern: str) -> Iterator[tuple[Path, Path, bool]]:
    """(file, folder its name is relative to, whether the file itself was named)."""
    path = Path(pattern).expanduser()
    if path.is_dir():
        for found in sorted(path.rglob("*"), key=natural_key):
            if found.is_file():
                yield found, path, False
    elif path.exists():
        yield path, path.parent, True
    else:
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  (Path.glob takes no absolute pattern)
        if not matches:
            raise UserError(f"{pattern} does not exist.")
        for match in matches:
            yield from _expand(match)


def _folder_names(videos: Sequence[Item]) -> list[str]:
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


def _extract_video(item: Item, folder: Path, backend: Backend, progress: bool) -> None:
    source = VideoSource(item.path, paced=False)
    with ExitStack() as stack:
        info = source.open()
        stack.callback(source.close)
        detector = create_detector()
        stack.callback(detector.close)
        analyser = FaceAnalyser(detector, FaceTracker(), backend)
        header = describe(info, backend.info, backend.report, MediaFile.of(item.path))
        writer = stack.enter_context(ExtractWriter(_fresh_folder(folder), header))
        bar = stack.enter_context(_bar(source.frame_count or None, item.name, "frame", progress))
        for frame in _frames(source):
            writer.write(analyser.analyse(frame), frame.media_s or 0.0)
            bar.update()
    if source.status.message:  # a truncated file: what there was is measured, and it counts as failed
        raise SourceError(source.status.message)


def _frames(source: Source) -> Iterator[Frame]:
    while source.status.state is SourceState.STREAMING:
        frame = source.read(READ_TIMEOUT_S)
        if frame is not None:
            yield frame


def _fresh_folder(folder: Path) -> Path:
    """The folder itself, emptied of an earlier extraction; one beside it when it holds anything else."""
    own = {MANIFEST, *(name for table in (FRAMES, FACES, MOTION) for name in (table, part(Path(table)).name))}
    with suppress(SessionError):
        extracted = Manifest.read(folder).header.media is not None
        if extracted and {entry.name for entry in folder.iterdir()} <= own:
            shutil.rmtree(folder)
    return claim_folder(folder)


def _extract_images(images: Sequence[Item], table: Path, backend: Backend, progress: bool) -> list[str]:
    """Each image by itself; returns a sentence for each that could not be read."""
    failures: list[str] = []
    with ExitStack() as stack:
        detector = create_detector(stills=True)
        stack.callback(detector.close)
        writer = stack.enter_context(TableWriter(table, "file", backend.spec.num_kp))
        for index, item in enumerate(stack.enter_context(_bar(images, "images", "image", progress))):
            try:
                frame = Frame(index, read_image(item.path), now_s(), name=item.name)
            except SourceError as error:
                failures.append(str(error))
                writer.write(None, item.name, None)
                continue
            # A tracker of its own: one picture has nothing to do with the next.
            writer.write(FaceAnalyser(detector, FaceTracker(), backend).analyse(frame), item.name, None)
    return failures


def _bar(what: object, name: str, unit: str, progress: bool) -> tqdm:
    if isinstance(what, int) or what is None:
        return tqdm(total=what, desc=name, unit=unit, disable=not progress, file=sys.stderr)
    return tqdm(what, desc=name, unit=unit, disable=not progress, file=sys.stderr)
