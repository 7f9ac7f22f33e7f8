"""A stretch of sound, as it goes from the microphone to the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""(N,), one channel, full scale 32767."""


RATE = 48_000
"""Samples a second of recorded sound, whatever the microphone's is."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Samples as a microphone gave them."""

    samples: Samples
    rate: int  # samples a second, as the device says; its clock may run a little faster or slower
    captured_s: float  # of the first sample, monotonic clock
    device: str = ""  # the microphone's name
