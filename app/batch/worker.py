"""Measures one job after the other with one network: here, in a process of its own, or on another machine."""

from __future__ import annotations

import dataclasses
import logging
import math
import socket
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from app.batch.jobs import Event, Job, Outcome, Picture, PicturesJob, Progress, Settings, VideoJob
from app.batch.measure import measure
from app.batch.plan import holds_only_a_result, is_free, is_same_file
from app.capture.images import read_image
from app.capture.source import SourceState
from app.capture.video import VideoSource
from app.core.clock import now_s
from app.core.errors import SessionError, SourceError, UserError, os_errors_as, reason
from app.core.frames import Frame, FrameResult
from app.core.position import ASSUMED
from app.core.threads import keep_opencv_single
from app.faces.estimators import create
from app.session.folders import numbered
from app.session.header import describe
from app.session.manifest import Manifest, MediaFile
from app.session.offline import ExtractWriter, missing_reason
from app.session.staging import new_staging, publish_over, sweep_all
from app.session.table import Missing, row
from extractor import files
from extractor.backends.base import Backend
from extractor.values import first_line

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 1.0
PROGRESS_EVERY_S = 0.5


class Worker:
    """Owns the network; one thread."""

    def __init__(self, settings: Settings, backend: Backend | None = None) -> None:
        """``backend``: one that was made with these settings already.  Raises UserError, and as ``create``."""
        self._settings = settings
        keep_opencv_single()
        files.share(settings.share)
        options = settings.options
        self._backend = backend or create(options.weights, options.device, settings.threads, options.engine)
        if self._backend.report.sha256 != settings.weights_sha256:
            self._backend.close()
            raise UserError(f"The weights on {socket.gethostname()} are others than where the work was given out.")

    def close(self) -> None:
        self._backend.close()

    def run(self, job: Job) -> Generator[Event, None, None]:
        """Measure a job: progress now and then, its outcome last.  A file that fails is reported there, not raised."""
        what = job.path if isinstance(job, VideoJob) else "the pictures"
        try:
            yield from self._video(job) if isinstance(job, VideoJob) else self._pictures(job)
        except UserError as error:
            yield Outcome(job.number, failures=(str(error),))
        except OSError as error:
            yield Outcome(job.number, failures=(f"{what} could not be measured: {reason(error)}.",))
        except Exception as error:
            log.exception("measuring %s failed", what)
            why = f"{type(error).__name__}: {first_line(error)}"
            yield Outcome(
                job.number, failures=(f"{what} could not be measured because of an unexpected error: {why}.",)
            )

    def _video(self, job: VideoJob) -> Generator[Event, None, None]:
        """A session folder without a copy of the video, written aside and put in its place when it is whole."""
        path, target = Path(job.path), Path(job.folder)
        source = VideoSource(path, paced=False, threads=self._settings.threads)
        with closing(source):
            info = source.open()
            options = self._settings.options
            header = dataclasses.replace(
                describe(info, self._backend.info, self._backend.report, MediaFile.of(path)),
                max_faces=options.faces,
                camera_tilt=options.camera_tilt,
                field_of_view=options.field_of_view or ASSUMED,
                face_size=options.face_size,
            )
            staging = new_staging(target.parent, target.name, Path(job.out))
            try:
                with ExtractWriter(staging, header) as writer:
                    progress = _Throttle()
                    results = self._measure(_frames(source))
                    with closing(results):
                        for result in results:
                            writer.write(result, result.frame.media_s or 0.0)
                            if progress.due():
                                share = _share(result.frame.media_s or 0.0, source.length_s)
                                yield Progress(job.number, writer.rows, share)
                    problem = writer.ended_by = source.status.message
                    rows, faceless = writer.rows, writer.no_face
                _publish(staging, target, header.media)
            except BaseException:
                files.remove_tree(staging)
                raise
        # A truncated file: what there was is measured, and it counts as failed.
        yield Outcome(
            job.number, rows, failures=(problem,) if problem else (), faceless=(path.name,) if faceless else ()
        )

    def _measure(
        self, frames: Generator[Frame, None, None], stills: bool = False
    ) -> Generator[FrameResult, None, None]:
        options = self._settings.options
        return measure(
            frames,
            self._backend,
            max_faces=options.faces,
            stills=stills,
            field_of_view=options.field_of_view,
            face_size=options.face_size,
        )

    def _pictures(self, job: PicturesJob) -> Generator[Event, None, None]:
        failures: list[str] = []
        rows: list[tuple[Picture, tuple[str, ...]]] = []
        faceless: list[str] = []
        progress = _Throttle()
        frames = _pictures(job.pictures, failures)
        results = self._measure(frames, stills=True)
        with closing(results):
            for result in results:
                picture = job.pictures[result.frame.index]
                num_kp, missing = self._backend.spec.num_kp, missing_reason(result)
                rows.append((picture, row(picture.name, None, result.primary, math.nan, num_kp, missing)))
                if missing is Missing.NO_FACE and result.primary is None:
                    faceless.append(picture.name)
                if progress.due():
                    yield Progress(job.number, len(rows), len(rows) / len(job.pictures))
        yield Outcome(job.number, len(rows), tuple(failures), tuple(rows), tuple(faceless))


class _Throttle:
    """Says when progress is due again."""

    def __init__(self) -> None:
        self._next_s = time.monotonic() + PROGRESS_EVERY_S

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next_s:
            return False
        self._next_s = now + PROGRESS_EVERY_S
        return True


def _frames(source: VideoSource) -> Generator[Frame, None, None]:
    while source.status.state is SourceState.STREAMING:
        frame = source.read(READ_TIMEOUT_S)
        if frame is not None:
            yield frame


def _pictures(pictures: tuple[Picture, ...], failures: list[str]) -> Generator[Frame, None, None]:
    for index, picture in enumerate(pictures):
        try:
            image = read_image(picture.path)
        except SourceError as error:
            failures.append(str(error))
            continue
        yield Frame(index, image, now_s(), name=picture.name)


def _share(media_s: float, length_s: float) -> float:
    return min(1.0, media_s / length_s) if length_s > 0 else 0.0


def _publish(staging: Path, target: Path, media: MediaFile | None) -> None:
    """Put a whole result where it belongs: in place of an earlier one of the same film, of nothing else.

    Where capital letters make no difference, two films of a run may have been given one folder.
    """
    for folder in numbered(target):
        if not is_free(folder) and not _is_replaceable(folder, media):
            continue
        with os_errors_as(SessionError, f"{folder} can't be written"):
            publish_over(staging, folder)
        return


def _is_replaceable(folder: Path, media: MediaFile | None) -> bool:
    try:
        if files.is_link(folder) or not holds_only_a_result(folder):
            return False
        earlier = Manifest.read(folder).header.media
        return earlier is not None and media is not None and is_same_file(earlier, media)
    except (SessionError, OSError):
        return False


def sweep_jobs(jobs: Sequence[Job]) -> None:
    """Remove what workers left that were ended or died in the middle."""
    for job in jobs:
        if isinstance(job, VideoJob):
            sweep_all(Path(job.folder).parent, Path(job.folder).name, Path(job.out))
