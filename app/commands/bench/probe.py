"""Collects every result of a running pipeline over a stretch of time that begins after a warm-up."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from app.commands.bench.machine import peak_mb, process_age_s, resident_mb
from app.commands.bench.report import Frames, Live, Memory, Rates, Recording, Spread, Stages
from app.core.clock import now_s
from app.core.frames import FrameResult
from app.pipeline import Pipeline, PipelineStatus


@dataclass(frozen=True, slots=True)
class _Mark:
    """How everything stood at an end of the measured time."""

    at_s: float
    cpu_s: float  # of all threads
    resident_mb: float
    status: PipelineStatus


class Probe:
    """``attach`` it once.  It measures by itself; ``done`` is set when it has seen enough."""

    def __init__(self, seconds: float, warm_up_s: float) -> None:
        self._seconds = seconds
        self._warm_up_s = warm_up_s
        self._lock = threading.Lock()
        self.pipeline: Pipeline | None = None
        self._begins_s: float | None = None
        self._first: _Mark | None = None
        self._last: _Mark | None = None
        self._results: list[FrameTimes] = []
        self._paints_ms: list[float] = []
        self._peak_mb = 0.0
        self._first_pose_s: float | None = None
        self.example: FrameResult | None = None  # the latest one with a face
        self.done = threading.Event()

    def attach(self, pipeline: Pipeline) -> None:
        """Measure this pipeline; only the first one counts."""
        if self.pipeline is None:
            self.pipeline = pipeline
            pipeline.subscribe(self._measured)

    @property
    def has_results(self) -> bool:
        """Whether the first result has come."""
        return self._begins_s is not None

    @property
    def status(self) -> PipelineStatus | None:
        """As it was at the end of the measured time."""
        return self._last.status if self._last else None

    def painted(self, latency_ms: float) -> None:
        """A frame was painted so long after its capture; for the thread of the window."""
        with self._lock:
            if self._first is not None and self._last is None:
                self._paints_ms.append(latency_ms)

    def finish(self) -> None:
        """The source has ended: what has been seen so far is the measurement."""
        with self._lock:
            if self._first is not None and self._last is None:
                self._end()

    def _measured(self, result: FrameResult) -> None:
        with self._lock:
            if self._last is not None:
                return
            if result.faces:
                self.example = result
                if self._first_pose_s is None:
                    self._first_pose_s = process_age_s(time.time())
            if self._begins_s is None:
                self._begins_s = result.finished_s + self._warm_up_s
            if self._first is not None:
                self._results.append(FrameTimes.of(result))
                if result.finished_s >= self._first.at_s + self._seconds:
                    self._end()
            elif result.finished_s >= self._begins_s:
                self._first = self._mark()

    def _end(self) -> None:
        self._last = self._mark()
        self._peak_mb = peak_mb()
        self.done.set()

    def _mark(self) -> _Mark:
        assert self.pipeline is not None
        return _Mark(now_s(), time.process_time(), resident_mb(), self.pipeline.status())

    def live(self, window: bool) -> Live | None:
        """The measurement; None when there was no result.  Call it once the pipeline is closed."""
        first, last, times = self._first, self._last, self._results
        if first is None or last is None or not times or last.status.source_info is None:
            return None
        span = last.at_s - first.at_s
        cpu_s = last.cpu_s - first.cpu_s
        captured = last.status.captured - first.status.captured
        return Live(
            source=last.status.source_info,
            seconds=span,
            window=window,
            stages_ms=Stages(
                wait=Spread.of([t.latency_ms - t.detect_ms - t.infer_ms for t in times]),
                detect=Spread.of([t.detect_ms for t in times]),
                infer=Spread.of([t.infer_ms for t in times if t.has_face]),
                capture_to_result=Spread.of([t.latency_ms for t in times]),
                capture_to_paint=Spread.of(self._paints_ms) if window else None,
            ),
            rates=Rates(captured / span, len(times) / span, len(self._paints_ms) / span if window else None),
            frames=Frames(
                captured=captured,
                results=len(times),
                with_face=sum(t.has_face for t in times),
                skipped=last.status.skipped - first.status.skipped,
                lost=last.status.lost - first.status.lost,
            ),
            recording=self._recording(),
            memory=Memory(first.resident_mb, last.resident_mb, self._peak_mb),
            cpu_s_per_result=cpu_s / len(times),
            cpu_cores=cpu_s / span,
            launch_to_first_pose_s=self._first_pose_s,
        )

    def _recording(self) -> Recording | None:
        stats = self.pipeline.status().recording if self.pipeline is not None else None
        if stats is None:
            return None
        return Recording(stats.frames, stats.dropped, stats.bytes / 1e6, stats.error)


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """A result's times alone: the frames themselves would pile up."""

    detect_ms: float
    infer_ms: float
    latency_ms: float
    has_face: bool

    @classmethod
    def of(cls, result: FrameResult) -> FrameTimes:
        """The times of one result."""
        return cls(result.detect_ms, result.infer_ms, result.latency_ms, bool(result.faces))
