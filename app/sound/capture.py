"""The microphone that is switched on: opened and closed elsewhere, its blocks stamped and handed on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.core.clock import now_s
from app.core.errors import SourceError, unexpected
from app.core.sound import Samples, SoundBlock
from app.sound.clock import BlockClock
from app.sound.level import SILENCE_DB, Level
from app.sound.source import SoundInfo, SoundSource

log = logging.getLogger(__name__)

SILENT_S = 2.0  # without a block for so long, the microphone is gone
STOPPED = "The microphone {device} gives no sound any more: connect it, and switch the sound off and on."
UNEXPECTED = unexpected("The microphone can't be used")
CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class SoundStatus:
    """How the microphone stands that is switched on."""

    device: str = ""  # empty while it is opened
    rate: int = 0  # samples a second
    peak_db: float = SILENCE_DB  # below full scale
    problem: str = ""  # one sentence


class SoundCapture:
    """At most one microphone is open; every method returns at once, any thread may call."""

    def __init__(self, on_block: Callable[[SoundBlock], None]) -> None:
        """``on_block`` is called on the microphone's thread and must not wait."""
        self._on_block = on_block
        self._changing = threading.Lock()  # held by the thread that opens or closes
        self._wanted: SoundSource | None = None
        self._status: SoundStatus | None = None
        self._level = Level()
        self._heard_s = 0.0
        self._thread: threading.Thread | None = None

    def switch(self, source: SoundSource | None) -> None:
        """Close what is open, and open this one."""
        before, self._wanted = self._wanted, source
        self._status = SoundStatus() if source is not None else None
        self._thread = threading.Thread(target=self._switch, args=(before, source), name="sound", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nothing is open any more; waits for it."""
        self.switch(None)
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    @property
    def status(self) -> SoundStatus | None:
        """None: it is switched off."""
        status, source = self._status, self._wanted
        if status is None or status.problem or not status.device:
            return status
        if source is not None and (not source.active or now_s() - self._heard_s > SILENT_S):
            return SoundStatus(status.device, status.rate, problem=STOPPED.format(device=status.device))
        return SoundStatus(status.device, status.rate, self._level.peak_db)

    def _switch(self, before: SoundSource | None, source: SoundSource | None) -> None:
        with self._changing:
            if before is not None:
                _close(before)
            if source is None or self._wanted is not source:
                return
            try:
                status = self._open(source)
            except SourceError as error:
                status = SoundStatus(problem=str(error))
            except Exception:
                log.exception("the microphone can't be opened")
                status = SoundStatus(problem=UNEXPECTED)
            if self._wanted is source:
                self._status = status

    def _open(self, source: SoundSource) -> SoundStatus:
        opened = threading.Event()
        level = self._level = Level()
        info, clock = SoundInfo("", 1), BlockClock(1)

        def take(samples: Samples, taken_s: float) -> None:
            if not opened.is_set() or not len(samples) or self._wanted is not source:
                return
            self._heard_s = now_s()
            level.add(samples, info.rate)
            captured_s = clock.time_of(len(samples), taken_s)
            self._on_block(SoundBlock(samples, info.rate, captured_s, info.device))

        info = source.open(take)
        clock = BlockClock(info.rate)
        self._heard_s = now_s()
        opened.set()
        return SoundStatus(info.device, info.rate)


def _close(source: SoundSource) -> None:
    try:
        source.close()
    except Exception:  # a driver that fails to close must not keep the next one from opening
        log.exception("closing the microphone failed")
