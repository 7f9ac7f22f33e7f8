"""The files of a session while it is recorded, under their temporary names; used by the writer's thread."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.core.errors import SessionError, reason
from app.core.frames import Box, Detection, FaceResult, Frame
from app.core.sound import SoundBlock
from app.session.codecs import H264
from app.session.disk import GuardedFile, Reserve
from app.session.folders import AUDIO, FRAMES, MANIFEST, SIGNALS, TRUTH, VIDEO, part
from app.session.manifest import Fitted, Manifest, SoundInfo, VideoInfo
from app.session.result_tables import MeasuredFrame, ResultTables
from app.session.rows import PendingRow
from app.session.signals import SignalRows
from app.session.sound import SoundEncoder
from app.session.table import TRUTH_COLUMNS, truth_row
from app.session.text_table import encode_rows
from app.session.video import VideoEncoder, encoder_of, fit
from extractor import files

log = logging.getLogger(__name__)


class SessionFiles:
    """Video, tables and manifest of one recording.  Counts may be read from any thread."""

    def __init__(self, folder: Path, manifest: Manifest, video: bool, codec: str = H264) -> None:
        """Raises OSError; FileExistsError when the folder already holds a session."""
        self._codec = codec
        self.frames = 0  # in the video
        self.inferred = 0
        self.last_timestamp_s = 0.0
        self.video: VideoInfo | None = None
        self.fitted: tuple[Fitted, ...] = ()
        self.sound: SoundInfo | None = None
        self.sound_problem = ""  # why no more sound is recorded, a sentence
        self._folder = folder
        self._with_video = video
        self._encoder: VideoEncoder | None = None
        self._sound: SoundEncoder | None = None
        self._size: tuple[int, int] | None = None  # width, height of the first frame
        self._open: dict[str, GuardedFile] = {}
        self._signals = SignalRows(manifest.header.num_kp)
        if any((folder / name).exists() for name in (MANIFEST, FRAMES, VIDEO)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self._place = _identity(folder)
        self._reserve = Reserve(folder)
        table = self._file(FRAMES)  # made exclusively: of two writers, one fails here
        try:
            self._reserve.fill()
            self.tables = ResultTables(manifest.header.num_kp, self._file)
            if table.failed is not None:
                raise table.failed
            manifest.write(folder)
        except OSError:
            self.abandon()
            files.remove(part(folder / FRAMES))
            raise

    def _file(self, name: str) -> GuardedFile:
        """The one of this name, made where it is not there yet."""
        if name not in self._open:
            self._open[name] = GuardedFile(part(self._folder / name), self._reserve)
        return self._open[name]

    @property
    def bytes(self) -> int:
        """Bytes written to all files."""
        return sum(file.written for file in list(self._open.values()))

    @property
    def lost(self) -> bool:
        """Whether the folder is no longer where it was, or the table in it: deleted, moved or unmounted."""
        return _identity(self._folder) != self._place or not part(self._folder / FRAMES).exists()

    def copy_to(self, folder: Path) -> None:
        """Copy what was written, under the temporary names, into another folder; nothing more can be added then.

        Raises OSError.
        """
        if self._encoder is not None:
            with contextlib.suppress(Exception):  # without its index the video can be recovered, too
                self._encoder.finish()
        self._finish_sound()
        for name, file in self._open.items():
            file.copy_to(part(folder / name))

    @property
    def failure(self) -> SessionError | None:
        """The error after which no more can be written; None before."""
        for file in list(self._open.values()):
            if file.failed is not None:
                full = file.failed.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
                why = "the disk is full" if full else reason(file.failed)
                return SessionError(f"The recording ended because {why}; all up to then is kept in {self._folder}.")
        return None

    def expect_frames(self, width: int, height: int) -> None:
        """Open the encoder for frames of this size, before there is one; the first frame may be of another size.

        Opened only then it would make that frame late, which on a busy machine is seconds.
        """
        if self._with_video and width > 0 and height > 0:
            try:
                self._open_encoder(width, height)
            except Exception as error:  # the first frame says whether that counts
                log.info("no encoder for frames of %d x %d: %s", width, height, error)

    def _open_encoder(self, width: int, height: int) -> VideoEncoder:
        file = self._file(VIDEO)
        if self._encoder is not None:
            self._encoder.finish()  # before its first frame that writes nothing
            self._encoder = None
        encoder = self._encoder = VideoEncoder(file, width, height, encoder_of(self._codec))
        return encoder

    def add_frame(self, frame: Frame, timestamp_s: float) -> None:
        """Encode the next frame, fitted into the video when its size isn't the first one's.

        Raises av.FFmpegError, OSError.
        """
        image = frame.image
        height, width = image.shape[:2]
        scale, x, y = 1.0, 0, 0
        if self._size is None:
            self._size = (width, height)
        elif self._with_video and (width, height) != self._size:
            image, scale, x, y = fit(image, *self._size)
        latest = (self.fitted[-1].width, self.fitted[-1].height) if self.fitted else self._size
        if latest != (width, height):
            self.fitted = (*self.fitted, Fitted(self.frames, width, height, scale, x, y))
        if self._with_video:
            encoder = self._encoder
            if encoder is None or encoder.size != self._size:
                encoder = self._open_encoder(*self._size)
            encoder.encode(image, timestamp_s)
            if self.video is None:
                self.video = encoder.info
        if frame.truth is not None:
            if TRUTH not in self._open:
                self._file(TRUTH).write(encode_rows([TRUTH_COLUMNS]))
            self._file(TRUTH).write(encode_rows([truth_row(self.frames, timestamp_s, frame.truth)]))
        self.last_timestamp_s = timestamp_s
        self.frames += 1

    def add_rows(self, rows: list[PendingRow]) -> None:
        """Append rows; the second and further faces go to a table of their own."""
        rows = [self._as_recorded(row) for row in rows]
        signals = self._signals.encode(rows)
        if signals:
            self._file(SIGNALS).write(signals)
        self.tables.add(
            MeasuredFrame(row.number, row.timestamp_s, row.primary, row.others, row.latency_ms, row.missing)
            for row in rows
        )
        self.inferred += sum(row.inferred for row in rows)

    def add_sound(self, blocks: Iterable[SoundBlock], first_s: float) -> None:
        """Append sound that begins ``first_s`` on the monotonic clock; what goes wrong with it ends the sound alone."""
        if self.sound_problem:
            return
        try:
            for block in blocks:
                if self._sound is None:
                    self._sound = SoundEncoder(self._file(AUDIO))
                self._sound.add(block, block.captured_s - first_s)
                if self.sound is None and not self._sound.empty:
                    self.sound = SoundInfo(block.device, block.rate)
        except Exception as error:
            log.exception("the sound can't be recorded")
            self.sound_problem = f"The sound can't be recorded any more ({error}); everything else is."

    def _finish_sound(self) -> None:
        sound, self._sound = self._sound, None
        if sound is not None:
            try:
                sound.finish()
            except Exception:  # it plays without its index, too
                log.exception("the sound could not be finished")

    def _as_recorded(self, row: PendingRow) -> PendingRow:
        """The row with its faces in the video's pixels."""
        fitted = next((item for item in reversed(self.fitted) if item.frame <= row.number), None)
        if fitted is None or (fitted.scale == 1.0 and not fitted.offset_x and not fitted.offset_y):
            return row
        s, x, y = fitted.scale, fitted.offset_x, fitted.offset_y

        def recorded(face: FaceResult) -> FaceResult:
            box = face.detection.box
            box = Box(s * box.x + x, s * box.y + y, s * box.w, s * box.h)
            points = face.keypoints * s + (x, y)
            crop = face.crop_to_frame * s + [[0, 0, x], [0, 0, y]]
            return replace(face, detection=Detection(box, face.detection.score), keypoints=points, crop_to_frame=crop)

        shown = row.shown and replace(row.shown, face=recorded(row.shown.face))
        primary = row.primary and recorded(row.primary)
        return replace(row, primary=primary, others=tuple(map(recorded, row.others)), shown=shown)

    def sync(self) -> None:
        """Push what was written to the disk itself; from any thread, may take long."""
        for file in list(self._open.values()):
            file.sync()

    def close(self) -> None:
        """Finish the files, still under their temporary names.

        Raises OSError or av.FFmpegError when one of them can't be whole.
        """
        if self._encoder is not None:
            self._encoder.close()
        self._finish_sound()
        for file in self._open.values():
            file.close()
        for name, used in ((VIDEO, self.frames > 0), (AUDIO, self.sound is not None)):
            if not used and self._open.pop(name, None) is not None:  # an encoder that was opened for nothing
                files.remove(part(self._folder / name))
        self._reserve.release()
        for file in self._open.values():
            if file.broken and file.failed is not None:
                raise file.failed

    def publish(self, manifest: Manifest) -> None:
        """Give the files their names and write the final manifest.  Raises OSError."""
        for name in self._open:
            final = self._folder / name
            if final.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
            files.move(part(final), final)
        files.sync_folder(self._folder)
        manifest.write(self._folder)

    def abandon(self) -> None:
        """Let go of the files as they are."""
        for file in self._open.values():
            with contextlib.suppress(OSError):
                file.close()
        self._reserve.release()


def _identity(folder: Path) -> tuple[int, int] | None:
    """The identity of a folder on its disk; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
