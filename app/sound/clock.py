"""Makes the uneven times of blocks even, so that each sample has its time."""

from __future__ import annotations

import math

LEAP_S = 0.05  # a block so far from its place comes after lost ones, or another clock was set
BANDWIDTH_HZ = 0.2


class BlockClock:
    """A delay-locked loop of second order, which follows the device's own rate: F. Adriaensen, "Using a DLL to filter
    time", Linux Audio Conference 2005, with the time between two blocks taken as it is.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._period = 1 / rate  # of a sample, on the monotonic clock
        self._next_s = math.nan  # when the next block should begin

    def time_of(self, samples: int, measured_s: float) -> float:
        """The even begin of a block of ``samples`` whose measured begin is ``measured_s``; call it in their order."""
        error = measured_s - self._next_s
        if not abs(error) <= LEAP_S:
            began_s, error = measured_s, 0.0
        else:
            began_s = self._next_s
        omega = 2 * math.pi * BANDWIDTH_HZ * samples / self._rate
        self._next_s = began_s + samples * self._period + math.sqrt(2) * omega * error
        self._period += omega**2 * error / max(samples, 1)
        return began_s
