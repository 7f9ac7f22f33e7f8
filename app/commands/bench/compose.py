"""The parts of a measurement, one after the other, so that none disturbs another."""

from __future__ import annotations

import datetime
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.capture.grants import granted_instead
from app.commands.bench.engines import time_engines
from app.commands.bench.live import run_headless, run_in_window
from app.commands.bench.machine import describe_machine
from app.commands.bench.options import BenchOptions
from app.commands.bench.peer import compare
from app.commands.bench.probe import Probe
from app.commands.bench.report import BenchReport, EngineTime, Live, Network
from app.core.errors import UserError
from app.pipeline import PipelineStatus
from app.pipeline.network_choice import THREADS


def measure(options: BenchOptions) -> BenchReport:
    """Run the pipeline live, then the network by itself, then the peer, one after the other.

    Raises UserError when nothing can be measured, WeightsError and DeviceError.
    """
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    machine = describe_machine()
    probe = Probe(options.seconds, options.warm_up_s)
    where = "in the window" if options.window else "without a window"
    _report(f"playing {options.source} {where} for {options.seconds:g} s")
    run = run_in_window if options.window else run_headless
    with tempfile.TemporaryDirectory(prefix="motionscope-bench-") as folder:
        run(options, probe, Path(folder) / "recording" if options.record else None)
        live = probe.live(options.window)
    status = probe.status
    if live is None or status is None:
        raise UserError(f"{options.source} ended before anything could be measured.")
    instead = granted_instead(live.source)
    if instead:
        _report(instead)
    _report("timing the network")
    engines = time_engines(options, probe.example, live.rates.captured)
    peer = None
    if options.peer is not None:
        _report(f"comparing with {options.peer}")
        peer = compare(options)
    network = _network(status)
    return BenchReport(when, machine, network, live, engines, peer, _overhead(live, network, engines))


def _overhead(live: Live, network: Network, engines: Sequence[EngineTime]) -> float | None:
    infer = live.stages_ms.infer
    for engine in engines:
        ran_live = (engine.engine.partition("-")[0], engine.dtype) == (network.engine, network.dtype)
        if ran_live and engine.threads == THREADS and engine.paced_ms is not None and infer is not None:
            return infer.median / engine.paced_ms.median
    return None


def _network(status: PipelineStatus) -> Network:
    info, report = status.network, status.report
    assert info is not None
    assert report is not None
    return Network(
        weights=report.path.name,
        sha256=report.sha256,
        summary=report.summary,
        engine=info.engine,
        device=info.device,
        device_name=info.device_name,
        dtype=info.dtype,
        chosen=info.chosen,
    )


def _report(text: str) -> None:
    """Progress goes to stderr: stdout holds the result only."""
    print(f"motionscope: {text}", file=sys.stderr, flush=True)
