"""A recorded video measured again, every frame of it: ``motionscope reanalyse`` and the window's dialog.

Live, frames are skipped when the network is busy, and better weights come out later.  The new table
lies beside the recorded one (``app.session.analyses``), row for row comparable with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Generator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from app.batch.measure import measure
from app.capture.source import SourceState
from app.capture.video import VideoSource
from app.core.errors import SessionError, UserError
from app.core.frames import Frame
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.core.system import usable_cores
from app.faces.estimators import create
from app.session.analyses import (
    ANALYSES,
    Analysis,
    AnalysisHeader,
    begin,
    discard,
    file_name,
    publish,
)
from app.session.exporters.base import Progress, ignore_progress
from app.session.folders import FACES, FRAMES
from app.session.header import measured_with
from app.session.lazy_table import LazyTable
from app.session.manifest import Manifest
from app.session.offline import StagedTables
from app.session.session import find_video, finished_manifest
from app.session.table import Missing
from extractor.backends.base import Backend

READ_TIMEOUT_S = 1.0


class CancelledError(UserError):
    """The analysis was stopped on request; nothing of it is left."""


def reanalyse(
    folder: Path,
    weights: str | None = None,
    device: str = "auto",
    engine: str = "auto",
    *,
    name: str | None = None,
    faces: int | None = None,
    field_of_view: FieldOfView | None = None,
    face_size: FaceSize | None = None,
    progress: Progress = ignore_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> Analysis:
    """Measure every frame of a session's video into a new table beside the old one, which stays as it is.

    ``weights``: as the command's, or the name of an estimator (``app.faces.estimators``).
    ``name``: the analysis's; None: after the weights, numbered where that is taken.  ``faces``: measured at
    most; None: as many as the session has.  ``field_of_view``: the camera's, ``face_size``: of everybody before it;
    None: as the session has it.
    ``progress`` is called with (frames done, frames) on this thread; ``cancelled``, such as
    ``threading.Event().is_set``, is asked before each frame.  Blocks; call it on a thread of its own.
    Raises ``CancelledError``, UserError, and what ``create`` raises; nothing is then left behind.
    """
    manifest, video = _open(folder)
    if name is not None and (folder / ANALYSES / file_name(name)).exists():
        raise SessionError(f"{folder / ANALYSES / file_name(name)} exists already; analyses are never replaced.")
    recorded = LazyTable(folder / FRAMES)
    recorded.close()
    times_s = recorded.timestamp_s.tolist()
    # The recording's own video no longer shows which frames were damaged in the film that was recorded.
    damaged = frozenset(np.flatnonzero(recorded.missing == Missing.DAMAGED).tolist())
    view = field_of_view or manifest.header.field_of_view or ASSUMED
    size = face_size or manifest.header.face_size
    most = _most_faces(folder, manifest) if faces is None else faces
    progress(0, len(times_s))
    with ExitStack() as stack:
        backend = create(weights, device, max(1, usable_cores() - 1), engine)
        stack.callback(backend.close)
        if cancelled():
            raise _cancelled(folder)
        source = stack.enter_context(closing(VideoSource(video, paced=False)))
        source.open()
        frames = _frames(source, manifest, times_s, damaged)
        measured = measure(frames, backend, max_faces=most, field_of_view=view, face_size=size)
        results = stack.enter_context(closing(measured))
        staging = begin(folder)
        try:
            with StagedTables(staging, backend.spec.num_kp) as tables:
                for result in results:
                    if cancelled():
                        raise _cancelled(folder)
                    tables.write(result, times_s[tables.rows])
                    progress(tables.rows, len(times_s))
                rows = tables.rows
            if rows != len(times_s):
                raise SessionError(f"{video} ends after {rows} of its {len(times_s)} frames: it is damaged.")
            return publish(staging, _header(name, rows, backend, view, size), exact=name is not None)
        except BaseException:
            discard(staging)
            raise


def _cancelled(folder: Path) -> CancelledError:
    return CancelledError(f"The analysis of {folder} was cancelled; nothing of it is left.")


def _open(folder: Path) -> tuple[Manifest, Path]:
    manifest = finished_manifest(folder)
    video, problem = find_video(folder, manifest)
    if video is None:
        raise SessionError(problem)
    return manifest, video


def _most_faces(folder: Path, manifest: Manifest) -> int:
    """How many were measured at most in one frame, or might have been."""
    most = manifest.header.max_faces
    if (folder / FACES).exists():
        further = LazyTable(folder / FACES, rows=False).frame
        most = max(most, 1 + int(np.bincount(further).max(initial=0)))
    return most


def _frames(
    source: VideoSource, manifest: Manifest, times_s: Sequence[float], damaged: Container[int]
) -> Generator[Frame, None, None]:
    """The frames as they were recorded, at the table's times, which the video has rounded."""
    while source.status.state is SourceState.STREAMING:
        frame = source.read(READ_TIMEOUT_S)
        if frame is None:
            continue
        if frame.index >= len(times_s):
            raise SessionError(f"The video has more frames than the session's {len(times_s)} rows.")
        image = frame.image
        if manifest.video is not None:  # recorded with padding to even sizes
            image = image[: manifest.video.height, : manifest.video.width]
        yield dataclasses.replace(
            frame, image=image, media_s=times_s[frame.index], damaged=frame.damaged or frame.index in damaged
        )


def _header(name: str | None, rows: int, backend: Backend, view: FieldOfView, size: FaceSize | None) -> AnalysisHeader:
    report = backend.report
    return AnalysisHeader(
        name=file_name(report.name if name is None else name),
        frames=rows,
        field_of_view=view,
        face_size=size,
        **measured_with(backend.info, report),
    )
