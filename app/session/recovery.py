"""Puts a session in order that a crash, a power loss or a broken disk cut off."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.core.containers import open_container
from app.core.errors import SessionError, os_errors_as
from app.session.annotations import recover_annotations
from app.session.codecs import FFV1
from app.session.folders import AUDIO, FACES, FRAMES, LOCK, MOTION, RESERVE, SIGNALS, TRUTH, VIDEO, part
from app.session.manifest import RECORDING, RECOVERED, Manifest, MissingRows, VideoInfo
from app.session.motion import whole_size
from app.session.ownership import Life, changing, is_live, life_of, traces, try_lock
from app.session.signals import repair_signals
from app.session.table import (
    MISSING,
    MISSING_REASONS,
    TRUTH_COLUMNS,
    Missing,
    columns,
    completed,
    count_missing,
    parse_header,
    row,
)
from app.session.text_table import encode_rows, valid_prefix
from app.session.video import TICKS_PER_S
from extractor import files

CUT_OFF = "The program or the computer stopped while recording."
DAMAGED = "video.damaged.mkv"
DAMAGED_SOUND = "audio.damaged.mka"
_LARGEST = 1e12  # in a table; its rows' times go into session.json, which takes no larger ones
_EMPTY = 4096  # a video's head is smaller; what can't be read and is no larger holds no frame


class NothingToRecoverError(SessionError):
    """It is whole."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A session that nobody writes any more and that isn't whole."""

    folder: Path
    started_utc: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """The outcome of recovery: rows were added for frames without one and dropped where the frame is lost."""

    folder: Path
    frames: int
    seconds: float
    rows_added: int
    rows_dropped: int


def find_unfinished(parent: Path) -> tuple[Unfinished, ...]:
    """The recordings directly below ``parent`` that can be recovered, by name; none where it can't be read."""
    found: list[tuple[Unfinished, Life]] = []
    folders: list[Path] = []
    with contextlib.suppress(OSError):
        folders = sorted(parent.iterdir())
    for folder in folders:
        with contextlib.suppress(SessionError, OSError):  # one that is damaged is no reason to miss the others
            manifest = Manifest.read(folder)
            life = life_of(folder, manifest.owner)
            if is_recording(manifest) and life is not Life.ALIVE:
                size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
                found.append((Unfinished(folder, manifest.started_utc, size), life))
    unsure = [item.folder for item, life in found if life is Life.UNSURE]  # all are watched at once
    alive = {folder for folder, changes in zip(unsure, changing(unsure), strict=True) if changes}
    return tuple(item for item, _ in found if item.folder not in alive)


def is_recording(manifest: Manifest) -> bool:
    """Whether it is being recorded or was cut off.  The measuring of a file isn't recovered but done again."""
    return manifest.state == RECORDING and manifest.header.media is None


def is_unfinished(folder: Path, manifest: Manifest) -> bool:
    """Whether it was cut off, as far as can be told at once; ``recover`` looks again, for longer."""
    return is_recording(manifest) and life_of(folder, manifest.owner) is not Life.ALIVE


def recover(folder: Path, *, watch: bool = True) -> Recovered:
    """Make frames and rows agree again, give the files their names and note it in the manifest.

    What is on the disk stays until its whole copy is; cut off itself, it can be run again.  What still
    grows is left alone.  Where it can't be told at once whether somebody writes it, the folder is
    watched for some seconds; with ``watch`` off ``find_unfinished`` has just done that.
    Raises NothingToRecoverError when it is whole, SessionError when it is still being written or the folder can't be.
    """
    manifest = Manifest.read(folder)
    if not is_recording(manifest):
        raise NothingToRecoverError(f"{folder} needs no recovery: it is whole.")
    if is_live(folder, manifest.owner) if watch else life_of(folder, manifest.owner) is Life.ALIVE:
        owner = manifest.owner
        who = f" by process {owner.pid} on {owner.host}" if owner is not None and owner.host else ""
        raise SessionError(f"{folder} is still being written{who}, so it was left alone.")
    with os_errors_as(SessionError, f"{folder} can't be recovered"):
        with files.append(folder / LOCK, buffering=0) as file:
            if try_lock(file) is False:
                raise SessionError(f"{folder} is being recovered or written by somebody else, so it was left alone.")
            recovered = _recover(folder, manifest, traces(folder))
        files.remove(folder / LOCK)
    return recovered


def _require_still(folder: Path, before: Mapping[str, tuple[int, int]]) -> None:
    """Raise SessionError where a file of the recording is not what it was: somebody writes it after all."""
    now = traces(folder)
    for name in (VIDEO, AUDIO, FRAMES, FACES, SIGNALS, TRUTH, MOTION):
        part_name = part(folder / name).name
        if part_name in before and part_name in now and before[part_name] != now[part_name]:
            raise SessionError(f"{folder} is still being written, so it was left alone.")


def _recover(folder: Path, manifest: Manifest, before: Mapping[str, tuple[int, int]]) -> Recovered:
    files.sweep_temporaries(folder)
    files.remove(folder / RESERVE)
    num_kp = manifest.header.num_kp
    times_s, picture = _recover_video(folder, before)
    if part(folder / AUDIO).is_file():
        _recover_packets(part(folder / AUDIO), folder / AUDIO, DAMAGED_SOUND, before, "audio")
    kept, lost = _recover_rows(folder / FRAMES, num_kp, None if times_s is None else len(times_s))
    frames = len(kept) if times_s is None else len(times_s)
    new = (times_s or [])[len(kept) :]
    added = [row(k, time_s, None, 0.0, num_kp, Missing.UNKNOWN) for k, time_s in enumerate(new, len(kept))]
    rows = [*kept, *added]
    files.write_whole(folder / FRAMES, encode_rows([columns("frame", num_kp), *rows]))
    if part(folder / FACES).is_file():
        further = [fields for fields in _rows(folder / FACES, num_kp) if int(fields[0]) < frames]
        files.write_whole(folder / FACES, encode_rows([columns("frame", num_kp), *further]))
    if part(folder / SIGNALS).is_file():
        signals = repair_signals(files.read(part(folder / SIGNALS)), [fields[1] for fields in rows])
        if signals:
            files.write_whole(folder / SIGNALS, signals)
    if part(folder / TRUTH).is_file():
        head, truth = valid_prefix(files.read(part(folder / TRUTH)), _is_truth)
        files.write_whole(folder / TRUTH, encode_rows([head, *truth[:frames]]))
    seconds = float(rows[-1][1]) if rows else 0.0
    _require_still(folder, before)
    recover_annotations(folder, [float(fields[1]) for fields in rows], seconds)
    _recover_motion(folder / MOTION, frames)  # cuts the file itself
    video = manifest.video
    if picture is None:
        video = None
    elif video is None:
        video = _video_info(manifest, picture)
    replace(
        manifest,
        state=RECOVERED,
        ended_by=CUT_OFF,
        duration_s=seconds,
        frames=frames,
        inferred=sum(fields[4] == "1" for fields in rows),
        missing=MissingRows(**count_missing(rows)),
        video=video,
        owner=None,
    ).write(folder)
    for name in (VIDEO, AUDIO, FRAMES, FACES, SIGNALS, TRUTH):
        files.remove(part(folder / name))
    files.sync_folder(folder)
    return Recovered(folder, frames, seconds, len(added), lost)


# ---------------------------------------------------------------------- video


@dataclass(frozen=True, slots=True)
class Picture:
    """Codec and size by a video's own header; sound has no size."""

    codec: str
    width: int  # with padding
    height: int


def _recover_video(folder: Path, before: Mapping[str, tuple[int, int]]) -> tuple[list[float] | None, Picture | None]:
    """Every frame's time and what the video is; no times where none was recorded or nothing of it can be read."""
    source = part(folder / VIDEO)
    if not source.is_file():
        source = folder / VIDEO
    if not source.is_file():
        return None, None
    empty = source.stat().st_size < _EMPTY
    copied = _recover_packets(source, folder / VIDEO, DAMAGED, before, "video")
    if copied is None:
        return ([] if empty else None), None
    times, picture = copied
    return (times / TICKS_PER_S).tolist(), picture


def _recover_packets(
    source: Path, final: Path, damaged: str, before: Mapping[str, tuple[int, int]], kind: Literal["video", "audio"]
) -> tuple[NDArray[np.int64], Picture] | None:
    """Give it an index and its name; None where nothing of it can be read, which is kept under another one."""
    copy = files.temporary_name(final)
    try:
        room = shutil.disk_usage(final.parent).free > 1.1 * source.stat().st_size
        copied = copy_packets(source, copy if room else None, kind)
        _require_still(final.parent, before)
    except SessionError:
        files.remove(copy)
        raise
    except av.FFmpegError:
        files.remove(copy)
        _require_still(final.parent, before)
        if source.stat().st_size < _EMPTY:
            files.remove(source)
        else:
            files.move(source, final.with_name(damaged))
        return None
    if copy.exists():
        files.move(copy, final)
    elif source != final:
        files.move(source, final)  # no room for a copy with an index; without one it plays as well, only jumps slower
    return copied


def copy_packets(
    source: Path, target: Path | None, kind: Literal["video", "audio"]
) -> tuple[NDArray[np.int64], Picture]:
    """Copy all that can be read of a Matroska video or sound, undecoded; with no target it is only read.

    Returns the (N,) times in milliseconds and what it is.  Raises av.FFmpegError when it isn't one.
    """
    times = []
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(open_container(source, "matroska"))
        stream = reader.streams.best(kind)
        if stream is None:
            raise av.InvalidDataError(0, f"no {kind} stream", str(source))
        writer = copied = None
        if target is not None:
            file = stack.enter_context(files.create(target))
            writer = stack.enter_context(av.open(file, "w", format="matroska"))
            try:
                copied = writer.add_stream_from_template(stream)
            except ValueError as error:
                raise av.InvalidDataError(0, str(error), str(source)) from error
        with contextlib.suppress(av.FFmpegError):  # a damaged end: all before it counts
            for packet in reader.demux(stream):
                if packet.pts is None:
                    continue  # the end
                times.append(packet.pts)
                if writer is not None and copied is not None:
                    packet.stream = copied
                    writer.mux_one(packet)
        size = (stream.width, stream.height) if isinstance(stream, VideoStream) else (0, 0)
        return np.array(times, np.int64), Picture(stream.codec_context.name, *size)


def _video_info(manifest: Manifest, picture: Picture) -> VideoInfo:
    """The size without padding isn't in the file: the source's, where that fits; nor is the encoder."""
    width, height = picture.width, picture.height
    if picture.codec != FFV1:  # which needs no padding
        source = manifest.header.source
        width = source.width if width == max(16, source.width + source.width % 2) else width
        height = source.height if height == max(16, source.height + source.height % 2) else height
    return VideoInfo(picture.codec, "unknown", width, height, picture.width, picture.height)


# ---------------------------------------------------------------------- tables


def _recover_rows(path: Path, num_kp: int, frames: int | None) -> tuple[list[list[str]], int]:
    """The rows 0, 1, 2 ... that have their frame, and how many others there were."""
    rows = list(_rows(path, num_kp))
    good = next((k for k, fields in enumerate(rows) if int(fields[0]) != k), len(rows))
    kept = rows[: good if frames is None else min(good, frames)]
    return kept, len(rows) - len(kept)


def _rows(path: Path, num_kp: int) -> Iterator[list[str]]:
    """A table's rows up to the first one that isn't whole."""
    source = part(path) if part(path).is_file() else path
    if not source.is_file():
        return
    data = files.read(source)
    try:
        _, count = parse_header(data.partition(b"\n")[0], str(source))
    except SessionError:  # not even the header came through
        return
    width = len(columns("frame", num_kp))

    def is_whole(_: int, fields: list[str]) -> bool:
        fields = completed(fields, count)
        numbers = [float(field) for field in fields[:MISSING] + fields[MISSING + 1 :] if field]
        words = {fields[3], fields[4]} <= {"0", "1"} and fields[MISSING] in MISSING_REASONS
        sound = len(fields) == width and len(numbers) >= 4 and words
        return sound and int(fields[0]) >= 0 and all(abs(number) < _LARGEST for number in numbers)

    for fields in valid_prefix(data, is_whole)[1]:
        yield completed(fields, count)


def _is_truth(_: int, fields: list[str]) -> bool:
    return len([float(field or "nan") for field in fields]) == len(TRUTH_COLUMNS)


def _recover_motion(path: Path, frames: int) -> None:
    """Cut off what isn't whole; no copy, because these may be hundreds of megabytes."""
    source = part(path)
    if not source.is_file():
        return
    size = whole_size(source, frames)
    if size:
        files.truncate(source, size)
        files.move(source, path)
    elif source.stat().st_size < _EMPTY:
        files.remove(source)
