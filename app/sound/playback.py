"""Recorded sound played in step with a clock: what is heard is what was heard at the time that is shown."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from app.core.errors import UserError, unexpected
from app.core.sound import RATE, Samples

log = logging.getLogger(__name__)

IN_STEP = round(0.010 * RATE)  # off by less than this it goes on evenly: a jump is heard as a click
AHEAD = 1 * RATE  # decoded before it is needed
BEHIND = RATE // 2  # kept, for a card that starts over

Blocks = Callable[[float], Iterator[tuple[float, Samples]]]
"""The sound from a time on, in seconds, as stretches with the time at which each begins.  Raises UserError."""
Fill = Callable[[int, float], Samples]
"""So many samples at ``RATE``, and when the first of them will be heard, on the monotonic clock.  Must not wait."""


class Speaker(Protocol):
    """``speaker`` has the real one."""

    def open(self, fill: Fill) -> None:
        """Begin to play what ``fill`` gives, on a thread of its own.  Raises SourceError."""

    def close(self) -> None:
        """End, idempotent; ``fill`` is not called any more."""


class Playback:
    """One recording's sound; made where playing begins, closed where it pauses.  Opens the speaker elsewhere."""

    def __init__(
        self,
        blocks: Blocks,
        due_s: Callable[[float], float],
        speaker: Speaker,
        failed: Callable[[str], object],
        ended: Callable[[], object],
    ) -> None:
        """``due_s``: the recorded time that is shown at a time on the monotonic clock.

        ``failed`` hears why nothing can be played, in a sentence; ``ended`` is called when ``blocks`` is needed no
        more.  All three on other threads.
        """
        self._blocks = blocks
        self._due_s = due_s
        self._speaker = speaker
        self._failed = failed
        self._ended = ended
        self._changed = threading.Condition()
        self._decoded: deque[tuple[int, Samples]] = deque()  # stretches one after the other, and where each begins
        self._place = -1  # the sample that comes next
        self._wanted = 0  # likewise, as the decoder was told
        self._begin = self._end = 0  # between these it is decoded
        self._finished = False  # nothing comes behind the end
        self._restart = True
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sound playback", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # ------------------------------------------------------------------ on the speaker's thread

    def fill(self, count: int, heard_s: float) -> Samples:
        """As ``Fill``; silence where nothing is recorded, or it isn't decoded yet."""
        out = np.zeros(count, np.int16)
        if self._closed:
            return out
        due = round(self._due_s(heard_s) * RATE)
        place = self._place if self._place >= 0 and abs(due - self._place) <= IN_STEP else due
        with self._changed:
            for begin, samples in self._decoded:
                first, last = max(begin, place), min(begin + len(samples), place + count)
                if first < last:
                    out[first - place : last - place] = samples[first - begin : last - begin]
            self._restart |= place < self._begin or (place > self._end + AHEAD and not self._finished)
            self._wanted = place
            self._changed.notify()
        self._place = place + count
        return out

    # ------------------------------------------------------------------ on its own thread

    def _run(self) -> None:
        try:
            self._speaker.open(self.fill)
            self._decode()
        except UserError as error:
            self._failed(str(error))
        except Exception:
            log.exception("sound can't be played")
            self._failed(unexpected("The sound can't be played"))
        finally:
            with contextlib.suppress(Exception):
                self._speaker.close()
            self._ended()

    def _decode(self) -> None:
        blocks: Iterator[tuple[float, Samples]] = iter(())
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._restart or self._end < self._wanted + AHEAD)
                if self._closed:
                    return
                restart, wanted, self._restart = self._restart, self._wanted, False
                if restart:
                    self._decoded.clear()
                    self._begin = self._end = wanted
                    self._finished = False
            if restart:
                blocks = self._blocks(wanted / RATE)
            block = next(blocks, None)
            if block is None:
                with self._changed:  # until another place is asked for
                    self._finished = True
                    self._changed.wait_for(lambda: self._closed or self._restart)
                continue
            begin = round(block[0] * RATE)
            with self._changed:
                self._end = begin + len(block[1])
                self._decoded.append((begin, block[1]))
                while self._decoded and self._decoded[0][0] + len(self._decoded[0][1]) < self._wanted - BEHIND:
                    self._decoded.popleft()
                self._begin = self._decoded[0][0] if self._decoded else self._end
