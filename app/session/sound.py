"""``audio.mka``: the sound of a recording, FLAC in Matroska; it begins with the video's first frame.

A file beside the video: it is there without a picture, too, neither can damage the other, and whoever may see a
recording but not hear it is given the folder without it.  Microphones run by a clock of their own, up to 0.1 per mille
off, 360 ms in an hour; FFmpeg's resampler stretches the sound so that sample n is n/48000 s after the first frame, and
puts silence where there was none.  A packet is 0.1 s, so a crash costs no more than that and what was on its way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter import Graph

from app.core.containers import open_container
from app.core.errors import SessionError, reason
from app.core.sound import RATE, Samples, SoundBlock
from app.session.disk import GuardedFile

LAYOUT, FORMAT = "mono", "s16"
_TICKS_PER_S = 1_000_000
# From half a millisecond on it is stretched, by 2 per cent at most; from 50 on silence is put in, or something cut out.
_IN_STEP = "async=1000:min_comp=0.0005:min_hard_comp=0.05:first_pts=0"


class SoundEncoder:
    """Encodes blocks into an open file; not thread-safe."""

    def __init__(self, file: GuardedFile) -> None:
        """Raises av.FFmpegError."""
        self._container = av.open(
            file, "w", format="matroska", container_options={"cluster_time_limit": "0", "flush_packets": "1"}
        )
        self._stream = self._container.add_stream("flac", rate=RATE, layout=LAYOUT, format=FORMAT)
        self._written = 0  # samples
        self._graph: Graph | None = None
        self._rate = 0  # of the blocks
        self._start_s = 0.0  # of what goes through the graph

    @property
    def empty(self) -> bool:
        """Whether nothing was heard since the first frame."""
        return self._written == 0

    def add(self, block: SoundBlock, at_s: float) -> None:
        """``at_s``: when the block's first sample was taken, since the first frame.  Raises av.FFmpegError."""
        samples = block.samples
        if self._graph is None or block.rate != self._rate:
            self._flush()
            early = max(0, round((self._written / RATE - at_s) * block.rate))
            samples, at_s = samples[early:], at_s + early / block.rate
            if not len(samples):
                return  # before the first frame
            self._begin(block.rate)
            silence = max(0, round(at_s * RATE) - self._written)
            for begin in range(0, silence, RATE):
                self._encode(_frame(np.zeros(min(RATE, silence - begin), np.int16), RATE))
            self._start_s = self._written / RATE
        assert self._graph is not None
        frame = _frame(samples, block.rate)
        frame.pts = max(0, round((at_s - self._start_s) * _TICKS_PER_S))
        frame.time_base = Fraction(1, _TICKS_PER_S)
        self._graph.push(frame)
        self._drain(self._graph)

    def finish(self) -> None:
        """Write the index and the length; the file stays open.  Raises av.FFmpegError, OSError."""
        self._flush()
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _begin(self, rate: int) -> None:
        """Blocks of this rate come from now on."""
        self._rate, graph = rate, Graph()
        parts = (
            graph.add_abuffer(sample_rate=rate, format=FORMAT, layout=LAYOUT, time_base=Fraction(1, _TICKS_PER_S)),
            graph.add("aresample", f"{RATE}:{_IN_STEP}"),
            graph.add("aformat", f"sample_fmts={FORMAT}:channel_layouts={LAYOUT}"),
            graph.add("abuffersink"),
        )
        for part, next_part in itertools.pairwise(parts):
            part.link_to(next_part)
        graph.configure()
        self._graph = graph

    def _flush(self) -> None:
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.push(None)
            self._drain(graph)

    def _drain(self, graph: Graph) -> None:
        while True:
            try:
                frame = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)
            self._encode(frame)

    def _encode(self, frame: av.AudioFrame) -> None:
        if frame.samples:
            frame.pts, frame.time_base = self._written, Fraction(1, RATE)
            self._written += frame.samples
            self._container.mux(self._stream.encode(frame))


def _frame(samples: Samples, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format=FORMAT, layout=LAYOUT)
    frame.sample_rate = rate
    return frame


class SoundReader:
    """Samples of a recording's sound from any place on; not thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raises SessionError."""
        self._path = path
        try:
            self._container = open_container(path, "matroska")
        except (av.FFmpegError, OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else "it is damaged"
            raise SessionError(f"The sound {path} can't be opened: {why}.") from error
        if not self._container.streams.audio:
            self._container.close()
            raise SessionError(f"{path} contains no sound.")
        self._stream = self._container.streams.audio[0]

    def blocks(self, from_s: float = 0.0) -> Iterator[tuple[float, Samples]]:
        """Stretches of samples, at ``RATE`` a second, each with its begin; the first one may begin earlier.

        It ends where the file is damaged.
        """
        resampler = av.AudioResampler(FORMAT, LAYOUT, RATE)
        try:
            if from_s > 0:
                self._container.seek(int(from_s * av.time_base))
            for frame in self._container.decode(self._stream):
                begins_s = frame.time or 0.0
                if begins_s + frame.samples / frame.sample_rate <= from_s:
                    continue
                for same in resampler.resample(frame):
                    yield begins_s, same.to_ndarray().reshape(-1).astype(np.int16, copy=False)
        except (av.FFmpegError, ValueError):
            return

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> SoundReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
