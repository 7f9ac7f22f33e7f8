"""A camera's live picture in a format, and what it granted and measured, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.capture.camera import CameraSource
from app.capture.devices import CameraDevice
from app.capture.grants import READ_S, Grant, RateGauge
from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.camera_format import CameraFormat
from app.core.errors import SourceError, unexpected
from app.core.frames import Frame
from app.core.mailbox import Mailbox

log = logging.getLogger(__name__)

RETRY_S = 2.0  # after a camera could not be opened
IDLE = SourceStatus(SourceState.CLOSED)


MakeCamera = Callable[[CameraDevice, CameraFormat], CameraSource]


@dataclass(frozen=True, slots=True)
class PreviewState:
    """How it stands with the camera that is shown."""

    source: SourceStatus = IDLE
    info: SourceInfo | None = None  # as granted now
    measured_fps: float = float("nan")  # of what is shown
    grants: tuple[Grant, ...] = ()  # of this camera so far, each granted format once


class CameraPreview:
    """Shows one camera in one format.

    Its thread opens one camera at a time and closes it before the next.  ``frames`` holds the latest
    picture.  ``known`` keeps what cameras granted, for as long as the caller keeps it.
    """

    def __init__(self, make: MakeCamera = CameraSource, known: dict[CameraDevice, list[Grant]] | None = None) -> None:
        self.frames: Mailbox[Frame] = Mailbox()
        self._make = make
        self._known = known if known is not None else {}
        self._changed = threading.Condition()
        self._serial = 0  # of what is wanted; what is under way ends when it moves on
        self._closing = False
        self._device: CameraDevice | None = None
        self._shown = CameraFormat()
        self._camera: CameraSource | None = None
        self._failure = IDLE
        self._gauge = RateGauge()
        self._thread = threading.Thread(target=self._run, name="camera preview", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------ for the owner

    def show(self, device: CameraDevice, form: CameraFormat) -> None:
        """Show this camera, asked for this format."""
        with self._changed:
            self._device, self._shown = device, form
            self._begin_anew()

    def close(self) -> None:
        """End; the camera is free after ``join``."""
        with self._changed:
            self._closing = True
            self._begin_anew()

    def join(self, timeout_s: float) -> bool:
        """After ``close``: wait until the camera is free; False when it isn't in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def state(self) -> PreviewState:
        """How the preview stands now; any thread may ask."""
        with self._changed:
            camera = self._camera
            return PreviewState(
                source=camera.status if camera is not None else self._failure,
                info=camera.info if camera is not None else None,
                measured_fps=self._gauge.fps,
                grants=tuple(self._grants()),
            )

    # ------------------------------------------------------------------ under the lock

    def _begin_anew(self) -> None:
        self._serial += 1
        self._failure = SourceStatus(SourceState.OPENING)
        if self._camera is not None:
            self._camera.interrupt()
        self._changed.notify_all()

    def _grants(self) -> list[Grant]:
        return self._known.setdefault(self._device, []) if self._device is not None else []

    # ------------------------------------------------------------------ on the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._device is not None)
                if self._closing or self._device is None:
                    return
                serial = self._serial
                asked = self._shown
                self._gauge = RateGauge()
                camera = self._camera = self._make(self._device, asked)
            try:
                self._stream(camera, asked, serial)
            except SourceError as error:
                self._failed(str(error), serial)
            except Exception:
                log.exception("the preview of a camera failed")
                self._failed(unexpected("The camera failed"), serial)

    def _moved_on(self, serial: int) -> bool:
        return serial != self._serial

    def _stream(self, camera: CameraSource, asked: CameraFormat, serial: int) -> None:
        """Until something else is wanted."""
        try:
            info = camera.open()
            measured = False
            while not self._moved_on(serial):
                frame = camera.read(READ_S)
                if frame is not None:
                    self._gauge.add(frame)
                    self.frames.put(frame)
                if self._gauge.complete and not measured:
                    measured = True
                    self._add(Grant(asked, info, self._gauge.fps), serial)
        finally:
            camera.close()

    def _add(self, grant: Grant, serial: int) -> None:
        """Each granted format once, with the request that named it where there was one."""
        with self._changed:
            if self._moved_on(serial):
                return
            grants = self._grants()
            same = next((i for i, other in enumerate(grants) if other.format == grant.format), None)
            if same is None:
                grants.append(grant)
            elif grant.asked == grant.format:
                grants[same] = grant

    def _failed(self, message: str, serial: int) -> None:
        with self._changed:
            if self._moved_on(serial):
                return  # it was interrupted
            self._camera = None
            self._failure = SourceStatus(SourceState.FAILED, message)
            self._changed.wait_for(lambda: self._moved_on(serial), RETRY_S)
