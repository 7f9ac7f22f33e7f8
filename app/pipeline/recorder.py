"""The recording that runs, and those that are being finished."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.core.clock import Moment
from app.core.errors import SessionError
from app.core.frames import Frame, FrameResult
from app.core.position import FaceSize, FieldOfView
from app.core.sound import SoundBlock
from app.core.tilt import CameraTilt
from app.session.annotations import Annotation, WrittenAnnotation
from app.session.codecs import H264, NO_PICTURE
from app.session.folders import claim_elsewhere
from app.session.manifest import SessionFields, SessionHeader
from app.session.stats import WriterStats
from app.session.writer import SessionWriter
from extractor import files

log = logging.getLogger(__name__)


class Recorder:
    """At most one recording runs; frames and results may come from their own threads at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: SessionWriter | None = None
        self._last: SessionWriter | None = None  # finished or being finished
        self._finishers: list[threading.Thread] = []
        # Those whose folder could take no more of the recording that runs, or ran last, and why.
        self._lost: list[tuple[SessionWriter, str]] = []
        self._fields = SessionFields()
        self._codec = H264

    def set_codec(self, codec: str) -> None:
        """One of ``codecs.CODECS``, for the next recording."""
        self._codec = codec

    def set_fields(self, fields: SessionFields) -> None:
        """Set the session fields of the running recording and of the next ones."""
        with self._lock:
            self._fields = fields
            if self._running is not None:
                self._running.set_fields(fields)

    def set_camera(self, **known: CameraTilt | FieldOfView | FaceSize | None) -> None:
        """Set the facts of the camera and the face for the running recording, by ``SessionHeader``'s names."""
        with self._lock:
            if self._running is not None:
                self._running.set_camera(**known)

    def start(self, header: SessionHeader, claim_folder: Callable[[], Path]) -> Path:
        """Record from the next frame on; raises SessionError.  While one runs already, its folder is returned."""
        with self._lock:
            if self._running is None:
                self._lost = []
                header, video = header.with_fields(self._fields), self._codec != NO_PICTURE
                folder = claim_folder()
                try:
                    self._running = SessionWriter(
                        folder, header, video=video, codec=self._codec, on_lost=self._go_on_elsewhere
                    )
                except SessionError:
                    with contextlib.suppress(OSError):
                        files.remove_empty_folder(folder)
                    raise
            return self._running.stats.folder

    def _go_on_elsewhere(self, old: SessionWriter, waiting: Sequence[Frame], why: str, same_disk: bool) -> str:
        """Its folder was taken away, or its disk is full: the rest goes to another folder.  On a thread of ``old``."""
        with self._lock:
            if self._running is not old:
                return why
            try:
                new = old.successor(claim_elsewhere(old.stats.folder, "rest", same_disk), self._go_on_elsewhere)
            except SessionError as error:
                log.warning("the recording can't go on elsewhere: %s", error)
                return why
            for frame in waiting:
                new.add_frame(frame)
            self._running, self._last = new, old
            # Where it is comes first: the rest of the line may have no room.
            why = f"The rest of the recording is in {new.stats.folder}. {why}"
            self._lost.append((old, why))
            self._finish(old)
            return why

    def _finish(self, writer: SessionWriter) -> None:
        """In the background; call with the lock held."""
        finisher = threading.Thread(target=writer.close, name="finish recording")
        finisher.start()
        self._finishers.append(finisher)

    def stop(self, wait: bool = False) -> None:
        """Finish in the background; with ``wait`` return when everything is whole."""
        with self._lock:
            writer, self._running = self._running, None
            if writer is not None:
                self._last = writer
                self._finish(writer)
            self._finishers = [thread for thread in self._finishers if thread.is_alive()]
            finishers = list(self._finishers)
        if wait:
            for thread in finishers:
                thread.join()

    def add_frame(self, frame: Frame) -> None:
        """Record a captured frame, if a recording runs."""
        writer = self._running
        if writer is not None and not writer.add_frame(frame) and writer.stats.error:
            self.stop()  # it ended by itself: a full disk

    @property
    def filling(self) -> bool:
        """Whether so much waits for the disk that much more at once would be lost."""
        writer = self._running
        return writer is not None and writer.filling

    def add_result(self, result: FrameResult) -> None:
        """Record a result; it may belong to the recording that has just ended."""
        # The results of the last frames come after the stop, and the writer waits a moment for them.
        writer = self._running or self._last
        if writer is not None:
            writer.add_result(result)

    def add_sound(self, block: SoundBlock) -> None:
        """Record a block of sound; it may belong to the recording that has just ended."""
        writer = self._running or self._last  # the last blocks come after the stop
        if writer is not None:
            writer.add_sound(block)

    def add_annotation(self, label: str, note: str, at_s: float | None = None) -> None:
        """Mark the running recording, if there is one, at ``at_s`` (None: now).  Raises SessionError."""
        writer = self._running
        if writer is not None:
            writer.add_annotation(label, note, at_s=at_s)

    def annotate(self, key: str, label: str, interval: bool, at_s: float) -> WrittenAnnotation:
        """As ``SessionWriter.annotate``.  Raises SessionError, also when nothing is recorded."""
        writer = self._running
        if writer is None:
            raise SessionError("Nothing is recorded, so no marker was set; R starts a recording.")
        return writer.annotate(key, label, interval, at_s)

    def note(self, label: str, text: str, at_s: float) -> Annotation:
        """A note on what was recorded at ``at_s``, also when that recording has ended since.  Raises SessionError."""
        for writer in (self._running, self._last):
            if writer is not None and at_s >= writer.opened_s:
                return writer.add_annotation(label, text, at_s=at_s)
        raise SessionError("Nothing was recorded at that moment, so there is no place for the note.")

    def moment(self, at_s: float) -> Moment:
        """Where ``at_s`` on the monotonic clock lies in the recording that runs."""
        writer = self._running
        return Moment(at_s) if writer is None else writer.moment(at_s)

    @property
    def active(self) -> bool:
        """Whether a recording runs."""
        return self._running is not None

    @property
    def finishing(self) -> bool:
        """Whether the files of an ended recording are still being written."""
        return any(thread.is_alive() for thread in self._finishers)

    @property
    def stats(self) -> WriterStats | None:
        """The figures of the recording that runs, otherwise of the last one."""
        writer = self._running or self._last
        if writer is None:
            return None
        stats = writer.stats
        if not self._lost:
            return stats
        what = " ".join(old.stats.error or why for old, why in self._lost)
        if writer is self._running:
            return replace(stats, warning=f"{what} {stats.warning}".strip())
        return replace(stats, error=f"{what} {stats.error}".strip())
