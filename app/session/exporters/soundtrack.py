"""The recorded sound as the second track of an exported video, in step with its frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

from app.core.sound import RATE
from app.session.sound import LAYOUT, SoundReader

BITS_A_SECOND = 128_000
# AAC's first packet holds no sound of ours but what the decoder needs before it.  Players leave it out only where the
# file says so in an edit list, which some don't honour; so the first 21 ms of sound are left out, and all times hold.
PRIMING = 1024


class Soundtrack:
    """AAC; to be made before anything is written into the container."""

    def __init__(self, container: OutputContainer, path: Path) -> None:
        """Raises SessionError, av.FFmpegError."""
        self._container = container
        self._reader = SoundReader(path)
        self._stream = container.add_stream("aac", rate=RATE, layout=LAYOUT, bit_rate=BITS_A_SECOND)
        self._blocks = self._reader.blocks()
        self._rest = np.zeros(0, np.int16)
        self._place = 0  # of the first sample of the rest

    def write_until(self, time_s: float) -> None:
        """All up to this time; raises av.FFmpegError."""
        end = round(time_s * RATE)
        while self._place + len(self._rest) < end:
            block = next(self._blocks, None)
            if block is None:
                end = self._place + len(self._rest)
                break
            self._rest = np.concatenate([self._rest, block[1]])
        take = max(0, end - self._place)
        samples, begin = self._rest[:take], self._place
        self._rest, self._place = self._rest[take:], begin + take
        samples, begin = samples[max(0, PRIMING - begin) :], max(begin, PRIMING)
        if len(samples):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "s16", LAYOUT)
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds.  Raises av.FFmpegError."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._reader.close()
