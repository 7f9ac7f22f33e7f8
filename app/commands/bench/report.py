"""The result as frozen records.  Field names carry their units; the JSON has the same names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.capture.source import SourceInfo
from extractor.values import finite

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile (linear between ranks) of ``count`` values, one a frame."""

    median: float
    p95: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None where there is nothing to take a median of."""
        if not len(values):
            return None
        median, p95 = np.percentile(np.asarray(values, np.float64), (50, 95))
        return cls(float(median), float(p95), len(values))


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer that measured."""

    cpu: str
    logical_cores: int
    usable_cores: int  # that this process may run on
    memory_gb: float
    os: str
    load_1min: float | None  # when the command began; None where the system keeps none
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Network:
    """The weights, and how they were run."""

    weights: str  # the file's name
    sha256: str
    summary: str
    engine: str
    device: str
    device_name: str
    dtype: str
    chosen: str  # why this engine, where it was not asked for


@dataclass(frozen=True, slots=True)
class Stages:
    """Milliseconds a frame, on the monotonic clock.

    ``wait``: from capture until the inference thread takes the frame; ``detect``: face detector and
    tracker; ``infer``: crop, network and decoding, of frames with a face; ``capture_to_result`` is
    their sum.  ``capture_to_paint`` ends when Qt has painted the frame, not when the screen shows it.
    """

    wait: Spread | None
    detect: Spread | None
    infer: Spread | None
    capture_to_result: Spread | None
    capture_to_paint: Spread | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second, over the whole measured time."""

    captured: float
    results: float
    painted: float | None


@dataclass(frozen=True, slots=True)
class Frames:
    """Counts over the measured time."""

    captured: int
    results: int
    with_face: int
    skipped: int  # replaced by a newer frame before the network was free
    lost: int  # by the source, from gaps in its numbering


@dataclass(frozen=True, slots=True)
class Recording:
    """The figures of the whole recording, which began before the measured time."""

    frames: int
    dropped: int  # captured, but the writer was behind
    megabytes: float
    error: str


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes (10^6 bytes): at the beginning and the end of the measured time, and the most until then."""

    start_mb: float
    end_mb: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Live:
    """The pipeline playing a source in real time."""

    source: SourceInfo
    seconds: float
    window: bool
    stages_ms: Stages
    rates: Rates
    frames: Frames
    recording: Recording | None
    memory: Memory
    cpu_s_per_result: float  # user and system time of all threads
    cpu_cores: float  # the same per second: how many cores were busy
    launch_to_first_pose_s: float | None  # from the start of the process


@dataclass(frozen=True, slots=True)
class EngineTime:
    """One crop at a time through a backend: normalise, network, decode; nothing else running in this program."""

    engine: str
    device: str
    dtype: str
    threads: int  # that it may use on the CPU
    network_ms: Spread | None
    cpu_ms: float | None  # a run, of all threads; None on an accelerator
    error: str = ""  # one sentence why it could not be measured
    paced_ms: Spread | None = None  # as often as frames came: its weights have left the cache, the cores have slept
    batch: int = 1  # crops at a time for the next one
    images_per_s: float | None = None  # None on a CPU, where more at a time bring nothing


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program's way from a frame to its result beside ours, on the same frames, in turns."""

    name: str
    frames: int
    ours_ms: Spread | None  # detector, tracker, crop, network, decode
    peer_ms: Spread | None
    ratio: float  # ours / peer, medians
    ours_cpu_ms: float  # a frame, of all threads
    peer_cpu_ms: float
    ours_found: int  # frames with a face
    peer_found: int


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All that ``bench`` measured; its JSON has these names."""

    when_utc: str
    machine: Machine
    network: Network
    live: Live
    engines: tuple[EngineTime, ...]
    peer: Peer | None
    overhead: float | None  # crop, network and decoding, live, over the network alone at the same pace; medians

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json``; numbers that are not finite become null."""
        values: dict[str, Any] = finite({"schema": SCHEMA, **dataclasses.asdict(self)})
        return values


def as_table(report: BenchReport) -> str:
    """As lines for a person."""
    return "\n".join(_lines(report))


def _lines(report: BenchReport) -> Iterator[str]:
    machine, network = report.machine, report.network
    load = "" if machine.load_1min is None else f", load {machine.load_1min:.1f} at the start"
    cores = f"{machine.usable_cores} of {machine.logical_cores} cores"
    yield f"machine     {machine.cpu}, {cores}, {machine.memory_gb:.0f} GB"
    yield f"            {machine.os}{load}"
    yield "versions    " + ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    yield f"weights     {network.weights}: {network.summary}"
    yield f"engine      {network.engine} on {network.device_name} ({network.device}), {network.dtype}"
    if network.chosen:
        yield f"            {network.chosen}"
    yield from _live(report.live)
    yield ""
    rate = f"at {report.live.rates.captured:.0f} a second"
    yield f"{'network alone, one crop':<40}{'median ms':>12}{'p95 ms':>10}{'CPU ms':>10}{rate:>18}{'p95 ms':>10}"
    for engine in report.engines:
        yield _engine(engine)
    if report.overhead is not None:
        yield f"ratio       {report.overhead:.2f}: crop, network and decoding over the network alone at the same pace"
    if report.peer is not None:
        yield from _peer(report.peer)


def _live(live: Live) -> Iterator[str]:
    source, frames, stages = live.source, live.frames, live.stages_ms
    how = ["in the window" if live.window else "without a window", *(["recording"] if live.recording else [])]
    yield f"source      {source.name}, {source.width}x{source.height} at {source.fps:g} frames/s, {' and '.join(how)}"
    yield f"measured    {live.seconds:.1f} s after the warm-up"
    yield ""
    yield f"{'stage':<40}{'median ms':>12}{'p95 ms':>10}{'frames':>10}"
    yield _row("capture to start of analysis", stages.wait)
    yield _row("face detector and tracker", stages.detect)
    yield _row("crop, network and decoding", stages.infer)
    yield _row("capture to result", stages.capture_to_result)
    if live.window:
        yield _row("capture to paint", stages.capture_to_paint)
    yield ""
    painted = "" if live.rates.painted is None else f", painted {live.rates.painted:.1f}"
    yield f"frames/s    captured {live.rates.captured:.1f}, results {live.rates.results:.1f}{painted}"
    yield (
        f"frames      captured {frames.captured}, measured {frames.results}, with a face {frames.with_face}, "
        f"skipped {frames.skipped}, lost {frames.lost}"
    )
    if live.recording is not None:
        recording = live.recording
        error = f", {recording.error}" if recording.error else ""
        yield f"recording   {recording.frames} frames, {recording.megabytes:.1f} MB, dropped {recording.dropped}{error}"
    memory = live.memory
    rest = f"{memory.start_mb:.0f} MB at the start, {memory.end_mb:.0f} MB at the end"
    yield f"memory      peak {memory.peak_mb:.0f} MB, {rest}"
    yield f"CPU         {live.cpu_s_per_result:.3f} s per result, {live.cpu_cores:.2f} cores busy"
    if live.launch_to_first_pose_s is not None:
        yield f"start       {live.launch_to_first_pose_s:.1f} s from launch to the first pose"


def _row(name: str, spread: Spread | None) -> str:
    if spread is None:
        return f"{name:<40}{'-':>12}{'-':>10}{0:>10}"
    return f"{name:<40}{spread.median:>12.1f}{spread.p95:>10.1f}{spread.count:>10}"


def _engine(engine: EngineTime) -> str:
    if engine.network_ms is None:
        return f"{engine.engine:<40} {engine.error}"
    threads = f"{engine.threads} thread{'s' * (engine.threads != 1)}"
    name = f"{engine.engine}, {engine.device}, {engine.dtype}, {threads}"
    cpu = "-" if engine.cpu_ms is None else f"{engine.cpu_ms:.1f}"
    many = "" if engine.images_per_s is None else f"   {engine.images_per_s:.0f} images/s, {engine.batch} at a time"
    digits = 1 if engine.images_per_s is None else 3  # an accelerator takes less than a millisecond
    times = f"{engine.network_ms.median:>12.{digits}f}{engine.network_ms.p95:>10.{digits}f}"
    paced = (
        "" if engine.paced_ms is None else f"{engine.paced_ms.median:>18.{digits}f}{engine.paced_ms.p95:>10.{digits}f}"
    )
    return f"{name:<40}{times}{cpu:>10}{paced}{many}"


def _peer(peer: Peer) -> Iterator[str]:
    yield ""
    yield f"{'frame to result, in turns':<40}{'median ms':>12}{'p95 ms':>10}{'CPU ms':>10}{'faces':>14}"
    for name, spread, cpu_ms, found in (
        ("motionscope", peer.ours_ms, peer.ours_cpu_ms, peer.ours_found),
        (peer.name, peer.peer_ms, peer.peer_cpu_ms, peer.peer_found),
    ):
        median, p95 = (spread.median, spread.p95) if spread else (float("nan"), float("nan"))
        yield f"{name:<40}{median:>12.1f}{p95:>10.1f}{cpu_ms:>10.1f}{f'{found} of {peer.frames}':>14}"
    yield f"ratio       {peer.ratio:.2f} times the time of {peer.name}"
