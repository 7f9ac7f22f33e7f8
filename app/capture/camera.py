"""A camera as a source: drained by a thread of its own, watched, and reopened when it vanishes."""

from __future__ import annotations

import functools
from collections.abc import Callable

from app.capture.camera_worker import ATTACHED, CameraKind, CameraTiming, CameraWorker, Phase
from app.capture.devices import CameraDevice, CaptureFactory, list_cameras, open_capture
from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.camera_format import CameraFormat
from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.frames import Frame

BLACK = "The camera sends black pictures: open its shutter, switch on a light, or close another program that uses it."


class CameraSource:
    """A camera; frames that nobody took in time are dropped, the oldest first, and leave a gap in ``Frame.index``.

    A network camera drops none: they wait in its connection (``buffers``).

    Nothing here waits for the driver longer than ``CameraTiming`` allows, even when the driver
    never returns: its thread is given up and a new one started.  ``capture_factory``, ``lister`` and
    ``kind`` stand in for OpenCV, the system's list of cameras and what is said of them: for a camera on the
    network, and in tests.
    """

    def __init__(
        self,
        device: CameraDevice,
        wanted: CameraFormat | None = None,
        *,
        timing: CameraTiming | None = None,
        capture_factory: CaptureFactory = open_capture,
        lister: Callable[[], tuple[CameraDevice, ...]] = list_cameras,
        kind: CameraKind = ATTACHED,
    ) -> None:
        """``wanted``: None: nobody asked for anything in particular."""
        self._device = device
        self._timing = timing or CameraTiming()
        self._kind = kind
        self._start = functools.partial(CameraWorker, device, wanted, self._timing, capture_factory, lister, kind)
        self._worker: CameraWorker | None = None
        self._info: SourceInfo | None = None
        self._failure = ""
        self._dropped_before = 0  # by workers that were given up
        self._interrupted = False

    def open(self) -> SourceInfo:
        """Open the camera and wait for its first frame; raises SourceError with a remedy."""
        self.close()
        self._failure = ""
        self._dropped_before = 0
        worker = self._worker = self._start()
        if self._interrupted:
            worker.give_up()
        worker.wait_opened(self._timing.open_s)
        if worker.phase is Phase.STREAMING and worker.info is not None:
            self._info = worker.info
            return worker.info
        if worker.phase is Phase.REFUSED:
            reason = worker.reason or self._kind.why_not(self._device)
        else:
            reason = self._kind.silent.format(name=self._device.name, seconds=self._timing.open_s)
        self.close()
        self._failure = reason
        raise SourceError(reason)

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time, also while a lost camera is being reopened."""
        worker = self._worker
        if worker is None:
            return None
        shot = worker.take(timeout_s)
        if shot is not None:
            return Frame(shot.index, shot.image, shot.captured_s)
        if worker.phase is not Phase.LOST and now_s() - worker.alive_s > self._timing.hang_s:
            self._dropped_before += worker.dropped
            worker.give_up()
            self._worker = self._start(first_index=worker.next_index, reopening=True)
        return None

    @property
    def info(self) -> SourceInfo | None:
        worker = self._worker
        if worker is not None and worker.info is not None:
            self._info = worker.info
        return self._info

    @property
    def status(self) -> SourceStatus:
        worker = self._worker
        if worker is None:
            state = SourceState.FAILED if self._failure else SourceState.CLOSED
            return SourceStatus(state, self._failure)
        if worker.phase is Phase.OPENING:
            return SourceStatus(SourceState.OPENING)
        if worker.phase is not Phase.STREAMING:
            return SourceStatus(SourceState.LOST, self._kind.lost.format(name=self._device.name))
        silent_s = now_s() - (worker.last_shot_s or now_s())
        if silent_s > self._timing.stall_s:
            message = self._kind.stalled.format(name=self._device.name, seconds=silent_s)
            return SourceStatus(SourceState.STALLED, message)
        return SourceStatus(SourceState.STREAMING, BLACK if worker.black else "")

    @property
    def dropped(self) -> int:
        """Frames that were captured but not taken in time."""
        return self._dropped_before + (self._worker.dropped if self._worker else 0)

    @property
    def measured_fps(self) -> float:
        """The rate at which frames really come; 0 before it is known."""
        return self._worker.fps if self._worker else 0.0

    @property
    def buffers(self) -> bool:
        """Whether frames that are not read in time are kept."""
        return self._kind.buffers

    def interrupt(self) -> None:
        """Let ``open`` wait no longer, now or ever; it raises SourceError, and nothing flows.  For another thread."""
        self._interrupted = True
        worker = self._worker
        if worker is not None:
            worker.give_up()

    def close(self) -> None:
        """Free the camera; a driver that hangs is left to its thread, which frees it when it can."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.give_up(self._timing.close_s)
