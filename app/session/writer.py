"""Records a session while it happens; neither the capture nor the inference thread ever waits for it."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.clock import Moment, clock_pair, now_s
from app.core.errors import SessionError, os_errors_as, reason
from app.core.frames import Frame, FrameResult
from app.core.sound import SoundBlock
from app.session.annotations import Annotation, AnnotationLog, WrittenAnnotation, shown_frame
from app.session.codecs import H264
from app.session.disk import DiskWatch, Usage, disk_usage
from app.session.files import SessionFiles
from app.session.folders import claim_elsewhere
from app.session.manifest import COMPLETE, RECORDING, STOPPED, Manifest, MissingRows, SessionFields, SessionHeader
from app.session.ownership import Claim, Owner
from app.session.recovery import recover
from app.session.rows import PendingRows
from app.session.stats import WriterStats

log = logging.getLogger(__name__)

QUEUE_BYTES = 96 * 1024 * 1024  # 1.2 s of 720p at 30 a second; with it full, all of the program stays below 900 MB
QUEUE_FRAMES = 150
MOST_DROPPED = 0.02  # of the pictures may be missing before it is said
LEAST_DROPPED = 10  # so many are no hiccup
QUEUE_S = 1.0  # what waits is lost in a crash: this bounds it where the encoder starves
SOUND_S = 10.0  # of sound that may wait; older sound becomes silence
TICK_S = 0.25  # how often final rows are written
SYNC_S = 1.0
MANIFEST_TICKS = 5  # session.json every so many syncs
CLOCK_TICKS = 60  # a clock pair; a multiple of the above
TOO_LATE = "The recording has ended, so no marker was set."
GIVE_WAY_S = 0.02  # how long a frame waits to be measured before it is encoded: both at once need the same memory
LINGER_S = 0.3  # how long the last frames' results are waited for

OnLost = Callable[["SessionWriter", Sequence[Frame], str, bool], str]
"""Called with the writer, the frames that it took and can't write, the reason, and whether its disk may be used.

Returns the reason, and where the recording goes on if it does, for ``session.json``.
"""


class LostFolderError(SessionError):
    """The folder of a recording is no longer where it was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder {folder} was taken away while it was recorded into.")


class SessionWriter:
    """Writes the captured frames, one row for each, and ``session.json`` into a claimed, empty folder.

    ``add_frame`` is for the capture thread, ``add_result`` for the inference thread, in the order
    of the frames; the rest may be called from anywhere.  Everything is under ``*.part.*`` names
    until it is whole; what a crash leaves is for ``recovery``.  When the disk fills up or a file
    can't be written, the recording ends with all it has, and ``stats.error`` says why.

    With ``video`` off the numbers of the captured frames are kept, but no picture; ``codec`` is one
    of ``codecs.CODECS``.
    """

    def __init__(
        self,
        folder: Path,
        header: SessionHeader,
        *,
        video: bool = True,
        codec: str = H264,
        usage: Callable[[Path], Usage] = disk_usage,
        on_lost: OnLost | None = None,
    ) -> None:
        """Raises SessionError when the folder can't be written, isn't empty, or its disk is full.

        ``on_lost`` hears, on a thread of the writer, that the folder can take no more, so that the rest
        can be kept elsewhere.
        """
        self._on_lost = on_lost
        self._with_video, self._codec = video, codec
        self._looked_s = now_s()  # when the folder was seen last
        self._folder = folder
        self._disk = DiskWatch(folder, usage)
        self._changed = threading.Condition()
        self._queue: deque[tuple[Frame, float, float]] = deque()  # a frame, its timestamp, when it was accepted
        self._queue_bytes = 0
        self._sound: deque[SoundBlock] = deque()
        self._encode_s = 0.0  # what a frame takes at present, rather too long than too short
        self._pending = PendingRows()
        self._times_s = array("d")  # of the accepted frames, for the annotations: 8 bytes a frame
        self._annotations = AnnotationLog(folder)
        self._first_s: float | None = None
        self._last_timestamp_s = -1.0
        self._last_index: int | None = None
        self._measured_index = -1
        self._accepted = 0
        self.opened_s = now_s()  # its frames are all captured later
        self._closing = False
        self._moving = False  # somebody is being asked to go on elsewhere
        self._ended_s = float("inf")
        self._finished = threading.Event()
        self._manifest_file = threading.Lock()
        self._warning = ""
        self._error = ""
        state = self._disk.check(0, now_s())
        if state.full:
            raise SessionError(f"No recording was started: {state.warning[:1].lower()}{state.warning[1:]}")
        with os_errors_as(SessionError, f"No recording can be made in {folder}"):
            self._claim = Claim(folder)
            self._manifest = Manifest(replace(header, pictures=video), owner=Owner.this_process(self._claim.locked))
            try:
                self._files = SessionFiles(folder, self._manifest, video, codec)
            except OSError:
                self._claim.release()
                raise
        self._writer = threading.Thread(target=self._run, name="session writer", daemon=True)
        self._syncer = threading.Thread(target=self._sync, name="session sync", daemon=True)
        self._writer.start()
        self._syncer.start()

    # ------------------------------------------------------------------ from other threads

    def add_frame(self, frame: Frame) -> bool:
        """Take a captured frame; never waits.  False when it won't be in the recording."""
        with self._changed:
            if self._closing:
                return False
            if self._last_index is not None and frame.index > self._last_index + 1:
                self._note_drop("source", frame.index - self._last_index - 1)
            self._last_index = frame.index
            # To the microsecond, as in the table: the video's times can then be had from the table's.
            start_s = frame.captured_s if self._first_s is None else self._first_s
            timestamp_s = round(frame.captured_s - start_s, 6)
            if timestamp_s <= self._last_timestamp_s:
                self._note_drop("clock")
                return False
            size = frame.image.nbytes
            if self._queue and (
                self._queue_bytes + size > QUEUE_BYTES or len(self._queue) >= QUEUE_FRAMES or self._is_late()
            ):
                self._note_drop("writer")
                return False
            self._first_s = start_s
            self._last_timestamp_s = timestamp_s
            self._times_s.append(timestamp_s)
            accepted_s = now_s()
            self._queue.append((frame, timestamp_s, accepted_s))
            self._queue_bytes += size
            self._pending.expect(self._accepted, frame, timestamp_s, accepted_s)
            self._accepted += 1
            self._changed.notify()
            return True

    def _is_late(self) -> bool:
        """Whether what waits is older than ``QUEUE_S``, or will be before it is encoded; call with the lock held."""
        age_s = now_s() - self._queue[0][2]
        return age_s > QUEUE_S or (age_s > QUEUE_S / 4 and len(self._queue) * self._encode_s > QUEUE_S)

    @property
    def filling(self) -> bool:
        """Whether more than half of what may wait does."""
        with self._changed:
            if not self._queue:
                return False
            waiting_s = max(now_s() - self._queue[0][2], len(self._queue) * self._encode_s)
            shares = (self._queue_bytes / QUEUE_BYTES, len(self._queue) / QUEUE_FRAMES, waiting_s / QUEUE_S)
            return max(shares) > 0.5

    def add_result(self, result: FrameResult) -> None:
        """Take a frame's result; results of frames that aren't in the video are welcome too."""
        with self._changed:
            self._pending.resolve(result)
            self._measured_index = result.frame.index
            self._changed.notify()

    def add_sound(self, block: SoundBlock) -> None:
        """Take a stretch of sound; never waits."""
        with self._changed:
            if self._finished.is_set() or block.captured_s > self._ended_s:
                return
            self._sound.append(block)
            while block.captured_s - self._sound[0].captured_s > SOUND_S:
                self._sound.popleft()

    def add_annotation(
        self, label: str, note: str = "", duration_s: float = 0.0, at_s: float | None = None
    ) -> Annotation:
        """Mark ``at_s`` on the monotonic clock (None: now) in ``events.csv``; waits for the disk.

        A recording that has ended takes what happened in it.  Raises SessionError when it can't be
        written or came after the end.
        """
        annotation = self._annotation(label, note, duration_s, at_s, late=True)
        with os_errors_as(SessionError, "The marker was not written"):
            self._annotations.add(annotation)
        return annotation

    def annotate(self, key: str, label: str, interval: bool, at_s: float | None = None) -> WrittenAnnotation:
        """Apply a marker key: end the interval of ``key`` that is open, or begin one, or set a point.

        Intervals that are open when the recording ends end with it.  Waits for the disk; raises
        SessionError like ``add_annotation``, but takes nothing after the end.
        """
        annotation = self._annotation(label, "", 0.0, at_s, late=False)
        try:
            return self._annotations.annotate(key, annotation, interval)
        except OSError as error:
            raise SessionError(f"The marker was not written: {reason(error)}.") from error
        except ValueError:
            raise SessionError(TOO_LATE) from None

    def _annotation(self, label: str, note: str, duration_s: float, at_s: float | None, late: bool) -> Annotation:
        at_s = now_s() if at_s is None else at_s
        with self._changed:
            onset = 0.0 if self._first_s is None else round(max(0.0, at_s - self._first_s), 6)
            if self._closing and not (late and at_s <= self._ended_s):
                raise SessionError(TOO_LATE)
            # The frame captured last at that moment; one before the first frame refers to that.
            return Annotation(onset, duration_s, label, note, shown_frame(onset, self._times_s))

    def moment(self, at_s: float) -> Moment:
        """Where ``at_s`` on the monotonic clock lies in the recording; nowhere before the first frame."""
        with self._changed:
            if self._first_s is None or at_s < self._first_s:
                return Moment(at_s)
            session_s = round(at_s - self._first_s, 6)
            return Moment(at_s, session_s, shown_frame(session_s, self._times_s))

    def successor(self, folder: Path, on_lost: OnLost) -> SessionWriter:
        """A writer of the same kind for what comes now, into another claimed folder.  Raises SessionError."""
        return SessionWriter(folder, self._manifest.header, video=self._with_video, codec=self._codec, on_lost=on_lost)

    def set_fields(self, fields: SessionFields) -> None:
        """Replace the experimenter's fields; in ``session.json`` within a second."""
        with self._changed:
            self._manifest = replace(self._manifest, header=self._manifest.header.with_fields(fields))

    def set_camera(self, **known: Any) -> None:
        """Set the facts of the camera, by the header's names; in ``session.json`` within a second."""
        with self._changed:
            self._manifest = replace(self._manifest, header=replace(self._manifest.header, **known))

    @property
    def stats(self) -> WriterStats:
        """How the recording stands now; any thread may ask."""
        with self._changed:
            warning = self._warning or self._shortfall() or self._files.sound_problem
            return WriterStats(
                folder=self._folder,
                seconds=max(0.0, self._last_timestamp_s),
                frames=self._files.frames,
                rows=self._files.tables.rows,
                dropped=self._manifest.drops.writer,
                bytes=self._files.bytes,
                warning="" if self._finished.is_set() else warning,
                error=self._error,
                finished=self._finished.is_set(),
                intervals=self._annotations.open,
                annotations=self._annotations.count,
                pictures=self._manifest.header.pictures,
                sound=self._files.sound is not None,
            )

    def close(self, timeout_s: float = 60.0) -> WriterStats:
        """Write what is queued, finish the files and return; idempotent, raises nothing.

        A disk that doesn't answer within ``timeout_s`` is left alone, and ``finished`` is False.
        """
        self._end("")
        self._finished.wait(timeout_s)
        if self._finished.is_set():
            self._writer.join()
            self._syncer.join(timeout_s)
        return self.stats

    def __enter__(self) -> SessionWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # ------------------------------------------------------------------ inside

    def _end(self, error: str) -> None:
        with self._changed:
            self._error = self._error or error
            if not self._closing:
                self._closing, self._ended_s = True, now_s()
            self._changed.notify_all()

    def _shortfall(self) -> str:
        """The warning where many pictures come too fast for the encoder; call with the lock held."""
        dropped = self._manifest.drops.writer
        share = dropped / max(dropped + self._accepted, 1)
        if dropped < LEAST_DROPPED or share < MOST_DROPPED:
            return ""
        return (
            f"{100 * share:.0f} % of the pictures are missing in this recording, as they can't be written in time: end "
            "other programs, or let the camera send smaller pictures."
        )

    def _note_drop(self, why: str, count: int = 1) -> None:
        self._manifest = replace(self._manifest, drops=self._manifest.drops.noted(self._accepted, count, why))

    def _snapshot(self) -> Manifest:
        """The manifest as things stand; call with the lock held."""
        self._manifest = replace(
            self._manifest,
            first_frame_monotonic_s=self._first_s,
            duration_s=self._files.last_timestamp_s,
            frames=self._files.frames,
            inferred=self._files.inferred,
            missing=MissingRows(**self._files.tables.missing),
            video=self._files.video,
            sound=self._files.sound,
            fitted=self._files.fitted,
        )
        return self._manifest

    def _run(self) -> None:
        try:
            source = self._manifest.header.source
            self._files.expect_frames(source.width, source.height)
            while self._step():
                pass
            with self._changed:  # for the last frames' results
                self._changed.wait_for(lambda: not self._pending.waiting(self._files.frames), LINGER_S)
        except SessionError as error:
            self._hand_over(str(error), same_disk=isinstance(error, LostFolderError))
        except Exception as error:  # whatever it is, the frames so far must survive it and the app go on
            self._end(f"The recording in {self._folder} ended early: {error}.")
        finally:
            self._finish()

    def _hand_over(self, why: str, same_disk: bool, take_waiting: bool = True) -> None:
        """End, and let somebody else have the frames to come and those that wait."""
        with self._changed:
            if self._closing or self._on_lost is None:
                self._end(why)
                return
            waiting = [frame for frame, _, _ in self._queue] if take_waiting else []
            if take_waiting:
                self._queue.clear()
            self._closing, self._ended_s, self._moving = True, now_s(), True
        try:
            why = self._on_lost(self, waiting, why, same_disk)
        except Exception:  # what is here must be finished nevertheless
            log.exception("the recording could not go on elsewhere")
        with self._changed:
            self._moving = False
            self._end(why)

    def _may_encode(self) -> bool:
        """Whether the first frame that waits has been measured, or can't be left waiting; call with the lock held."""
        return self._closing or len(self._queue) > 1 or self._queue[0][0].index <= self._measured_index

    def _step(self) -> bool:
        """Encode one frame, write the rows that are final; False when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing, TICK_S)
            if self._queue:
                self._changed.wait_for(self._may_encode, GIVE_WAY_S)
            if not self._queue and self._closing:
                return False
            taken = self._queue[0] if self._queue else None
        if now_s() - self._looked_s >= TICK_S:
            self._looked_s = now_s()
            if self._files.lost:
                raise LostFolderError(self._folder)
        if taken is not None:
            first, started_s = self._files.frames == 0, now_s()
            self._files.add_frame(*taken[:2])
            with self._changed:
                if not first:  # which takes longer: the encoder is opened for it
                    self._encode_s = max(now_s() - started_s, 0.8 * self._encode_s)
                self._queue.popleft()
                self._queue_bytes -= taken[0].image.nbytes
        self._write_sound()
        with self._changed:
            final = self._pending.pop_final(self._files.frames, now_s())
        self._files.add_rows(final)
        if self._files.failure is not None:
            raise self._files.failure
        return True

    def _write_sound(self) -> None:
        """Write the sound that has come, once it is known when the recording began."""
        with self._changed:
            first_s = self._first_s
            if first_s is None:
                return
            sound = list(self._sound)
            self._sound.clear()
        self._files.add_sound(sound, first_s)

    def _finish(self) -> None:
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._moving)  # where to belongs into session.json
                self._queue.clear()
                rest = self._pending.pop_final(self._files.frames, math.inf)
            self._files.add_rows(rest)
            self._write_sound()
            if self._files.lost:
                self._copy_elsewhere()
                return
            self._files.close()  # before the annotations: on a full disk it makes the room that they need
            self._annotations.finish(self._times_s[: self._files.frames])
            with self._changed:
                state = STOPPED if self._error else COMPLETE
                clocks = (*self._manifest.clocks, clock_pair())
                self._manifest = replace(self._snapshot(), state=state, ended_by=self._error, clocks=clocks, owner=None)
            with self._manifest_file:
                self._files.publish(self._manifest)
            self._claim.release()
        except Exception as error:
            self._end(f"The recording in {self._folder} was kept, but must be recovered: {error}.")
            self._files.abandon()
            self._claim.release()
            # Without its owner it is offered for recovery even while this program still runs.
            with contextlib.suppress(OSError), self._manifest_file:
                replace(self._manifest, state=RECORDING, owner=None).write(self._folder)
        finally:
            self._finished.set()

    def _copy_elsewhere(self) -> None:
        """The folder is gone, but its files are still open: copy them elsewhere."""
        self._end(str(LostFolderError(self._folder)))
        with self._changed:
            manifest = replace(self._snapshot(), ended_by=self._error, owner=None)
        words = _rescued(self._folder, self._files, self._annotations, manifest)
        self._files.abandon()
        self._claim.release()
        with self._changed:
            self._error = f"{self._error} {words}"

    def _sync(self) -> None:
        """Each second: onto the disk itself, free space, now and then ``session.json``; on its own thread."""
        second = 0
        described: object = None
        while not self._finished.wait(SYNC_S):
            second += 1
            self._claim.beat()
            self._files.sync()
            self._annotations.sync()
            state = self._disk.check(self._files.bytes, now_s())
            self._warning = state.warning
            if state.full and not self._closing:
                why = f"The recording ended before the disk was full. {state.warning}"
                self._hand_over(why, same_disk=False, take_waiting=False)  # what waits still has room
            # The video's size, how frames were fitted into it and what was said can't be found out after a crash.
            description = (self._files.video, self._files.sound, self._files.fitted, self._manifest.header)
            if second % MANIFEST_TICKS and description == described:
                continue
            described = description
            with self._manifest_file:
                with self._changed:
                    if self._closing:
                        return
                    if second % CLOCK_TICKS == 0:
                        self._manifest = replace(self._manifest, clocks=(*self._manifest.clocks, clock_pair()))
                    manifest = self._snapshot()
                with contextlib.suppress(OSError):  # the one from before stays; a full disk is noticed elsewhere
                    manifest.write(self._folder)


def _rescued(folder: Path, files: SessionFiles, annotations: AnnotationLog, manifest: Manifest) -> str:
    """Make a whole session elsewhere of what was recorded; where it is, or why it is lost, in a sentence.

    ``manifest.ended_by`` says why it ended.
    """
    try:
        target = claim_elsewhere(folder, "rescued")
        files.copy_to(target)
        annotations.write_copy(target, files.last_timestamp_s)
        replace(manifest, state=RECORDING).write(target)
        recover(target)
        replace(Manifest.read(target), state=STOPPED, ended_by=manifest.ended_by).write(target)
    except Exception as error:  # a disk that has gone may raise anything
        log.exception("what was recorded could not be copied elsewhere")
        why = reason(error) if isinstance(error, OSError) else str(error).rstrip(".")
        return f"What was recorded up to then could not be copied elsewhere: {why}."
    return f"What was recorded up to then is in {target}."
