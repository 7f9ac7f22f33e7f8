"""The cursor, and how it moves by itself: at real time stamps, at 0.1 to 4 times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from app.core.clock import now_s

SPEEDS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 4.0)
TICK_MS = 8


class Player(QObject):
    """The frame that is looked at, of those at ``times_s`` (N,), which begin at 0."""

    moved = pyqtSignal(int)  # to this frame
    playing_changed = pyqtSignal(bool)
    speed_changed = pyqtSignal(float)

    def __init__(self, times_s: NDArray[np.float64], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times = times_s
        self.frame = 0
        self.speed = 1.0
        self.loop: tuple[float, float] | None = None  # played over and over; None: everything, once
        self._anchor = (0.0, 0.0)  # recorded time and clock when playing began, or the speed changed
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def time_s(self) -> float:
        return float(self._times[self.frame])

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def go_to(self, frame: int) -> None:
        """Show this frame, or the nearest there is; playing goes on from there."""
        frame = min(max(frame, 0), len(self._times) - 1)
        self._restart(float(self._times[frame]))
        self._show(frame)

    def seek(self, time_s: float) -> None:
        """Show the frame that is on the screen at this time."""
        self._restart(time_s)
        self._show(self._frame_at(time_s))

    def step(self, frames: int) -> None:
        """So many frames on, or back; playing ends."""
        self.pause()
        self.go_to(self.frame + frames)

    def stepped(self, time_s: float, frames: int) -> float:
        """The time so many frames from the one that is on the screen at ``time_s``."""
        frame = min(max(self._frame_at(time_s) + frames, 0), len(self._times) - 1)
        return float(self._times[frame])

    def play(self) -> None:
        """Play from here, or from the start where this is the end."""
        if self.playing:
            return
        start, end = self._bounds()
        here = self.time_s
        if (self.loop is not None and not start <= here < end) or self.frame >= len(self._times) - 1:
            here = start
        self._restart(here)
        self._show(self._frame_at(here))
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        if speed != self.speed:
            self._restart(self.due_at(now_s()) if self.playing else self.time_s)
            self.speed = speed
            self.speed_changed.emit(speed)

    def change_speed(self, by: int) -> None:
        """The next faster (1) or slower (-1) of ``SPEEDS``."""
        nearest = min(range(len(SPEEDS)), key=lambda k: abs(SPEEDS[k] - self.speed))
        self.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])

    def _bounds(self) -> tuple[float, float]:
        return self.loop if self.loop is not None else (float(self._times[0]), float(self._times[-1]))

    def _restart(self, time_s: float) -> None:
        self._anchor = (time_s, now_s())

    def due_at(self, at_s: float) -> float:
        """The recorded time that is shown at a time on the monotonic clock, while it plays; any thread may ask."""
        from_s, began_s = self._anchor
        return from_s + (at_s - began_s) * self.speed

    def _frame_at(self, time_s: float) -> int:
        after = int(np.searchsorted(self._times, time_s + 1e-9, side="right"))
        return min(max(after - 1, 0), len(self._times) - 1)

    def _tick(self) -> None:
        due = self.due_at(now_s())
        start, end = self._bounds()
        if due >= end:
            if self.loop is not None and end > start:
                due = start + (due - start) % (end - start)
                self._restart(due)
            else:
                self._show(self._frame_at(end))
                self.pause()
                return
        self._show(self._frame_at(due))

    def _show(self, frame: int) -> None:
        if frame != self.frame:
            self.frame = frame
            self.moved.emit(frame)
