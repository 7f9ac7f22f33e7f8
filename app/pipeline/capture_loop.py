"""The capture thread: opens the source that is wanted, reads every frame, hands each on at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.capture.source import Buffering, Interruptible, Source, SourceInfo, SourceState, SourceStatus
from app.core.clock import now_s
from app.core.errors import SourceError, unexpected
from app.core.frames import Frame
from app.signals.rates import RateMeter

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.1  # how soon a switch or a stop is noticed while a source is silent
FROZE_S = 0.25  # nothing for so long: what was held up comes all at once afterwards
CATCH_UP = 3.0  # times as long as that it may be read more slowly than it comes
REST_S = 0.01
CLOSED = SourceStatus(SourceState.CLOSED)


class CaptureLoop:
    """Reads one source at a time; ``switch`` changes it from any thread without waiting."""

    def __init__(
        self, on_open: Callable[[], None], on_frame: Callable[[Frame], None], is_filling: Callable[[], bool]
    ) -> None:
        self._on_open = on_open  # on the capture thread, before the first frame of a source
        self._on_frame = on_frame  # on the capture thread; must not block
        self._is_filling = is_filling  # more frames at once would soon be too many for whoever gets them
        self._changed = threading.Condition()
        self._wanted: Source | None = None
        self._request = 0  # counts the calls of switch; the thread follows the latest
        self._followed = 0  # the request up to which it has done so
        self._stopping = False
        self._status = CLOSED
        self._info: SourceInfo | None = None
        self._current: Source | None = None
        self._opening: Source | None = None
        self._last_index = -1
        self._last_s = self._catch_up_until_s = 0.0
        self.rate = RateMeter()
        self.frames = 0
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def switch(self, source: Source | None) -> None:
        """Close what is open and open ``source``; None closes only."""
        with self._changed:
            self._wanted = source
            self._request += 1
            self._status = SourceStatus(SourceState.OPENING) if source else CLOSED
            self._interrupt()
            self._changed.notify_all()

    def wait_closed(self, timeout_s: float) -> bool:
        """After ``switch(None)``: until the source is closed or the thread ends; False when that takes longer."""

        def closed() -> bool:
            return self._stopping or (self._followed == self._request and self._current is None)

        with self._changed:
            return self._changed.wait_for(closed, timeout_s)

    def _interrupt(self) -> None:
        """Wait no longer for a source that is still being opened and that nobody wants any more; hold the lock."""
        if isinstance(self._opening, Interruptible):
            self._opening.interrupt()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; the source is closed by it.  One that hangs in a system call is left to it."""
        with self._changed:
            self._stopping = True
            self._interrupt()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def status(self) -> SourceStatus:
        current = self._current
        return current.status if current is not None else self._status

    @property
    def info(self) -> SourceInfo | None:
        current = self._current
        return current.info if current is not None else self._info

    def _run(self) -> None:
        while True:
            with self._changed:
                # Without a source there is nothing to do until somebody calls: no polling.
                while not (self._stopping or self._request != self._followed or self._current is not None):
                    self._changed.wait()
                stopping, request, wanted = self._stopping, self._request, self._wanted
            switched = request != self._followed
            if stopping or switched:
                self._close()
            if stopping:
                return
            if switched:
                if wanted is not None:
                    self._open(wanted)
                with self._changed:
                    self._followed = request
                    self._changed.notify_all()
            elif self._current is not None:
                self._read(self._current)

    def _open(self, source: Source) -> None:
        self._info = None
        self._status = SourceStatus(SourceState.OPENING)
        self.rate.clear()
        self.frames = self.lost = 0
        self._last_index = -1
        self._last_s = self._catch_up_until_s = 0.0
        try:
            with self._changed:
                self._opening = source
                if self._stopping or self._wanted is not source:  # asked for something else meanwhile
                    self._interrupt()
            self._info = source.open()
            self._on_open()
            self._current = source
        except SourceError as error:
            self._fail(source, str(error))
        except Exception:
            log.exception("opening a source failed")
            self._fail(source, unexpected("The source can't be opened"))
        finally:
            with self._changed:
                self._opening = None

    def _may_wait(self, source: Source) -> bool:
        """Whether what a frozen source held up is better read a little later.  Not for long, nor where it is slow."""
        buffers = isinstance(source, Buffering) and source.buffers
        return buffers and now_s() < self._catch_up_until_s and self._is_filling()

    def _read(self, source: Source) -> None:
        try:
            if self._may_wait(source):
                with self._changed:
                    self._changed.wait(REST_S)
                return
            frame = source.read(READ_TIMEOUT_S)
            if frame is None:
                status = source.status
                if status.state in (SourceState.ENDED, SourceState.FAILED):
                    self._status = status
                    self._close(keep_status=True)
                return
            self.rate.tick(frame.captured_s)
            self.frames += 1
            self.lost += max(0, frame.index - self._last_index - 1)
            self._last_index = frame.index
            silent_s = frame.captured_s - (self._last_s or frame.captured_s)
            if silent_s > FROZE_S:
                self._catch_up_until_s = frame.captured_s + CATCH_UP * silent_s
            self._last_s = frame.captured_s
            self._on_frame(frame)
        except SourceError as error:
            self._fail(source, str(error))
        except Exception:
            log.exception("reading a source failed")
            self._fail(source, unexpected("The source stopped"))

    def _fail(self, source: Source, message: str) -> None:
        self._status = SourceStatus(SourceState.FAILED, message)
        self._current = source
        self._close(keep_status=True)

    def _close(self, keep_status: bool = False) -> None:
        source, self._current = self._current, None
        if source is not None:
            try:
                self._info = source.info
                source.close()
            except Exception:  # a driver that fails to close must not take the thread along
                log.exception("closing a source failed")
        with self._changed:
            # A switch that came meanwhile has set its own status.
            if not keep_status and self._wanted is None:
                self._status = CLOSED
