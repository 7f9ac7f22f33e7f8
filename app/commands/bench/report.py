"""The result as frozen records.  Field names carry their units; the JSON has the same names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.capture.source import SourceInfo

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
    cpu: str
    logical_cores: int
    usable_cores: int  # that this process may run on
    memory_gb: float
    os: str
    load_1min: float | None  # when the command began; None where the system keeps none
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Network:
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
    """Of the whole recording, which began before the measured time."""

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
    when_utc: str
    machine: Machine
    network: Network
    live: Live
    engines: tuple[EngineTime, ...]
    peer: Peer | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json``; numbers that are not finite become null."""
        values: dict[str, Any] = {"schema": SCHEMA, **dataclasses.asdict(self)}
        plain: dict[str, Any] = _plain(values)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
