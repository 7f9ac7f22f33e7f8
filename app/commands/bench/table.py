"""The report as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from app.commands.bench.report import BenchReport, EngineTime, Live, Peer, Spread


def as_table(report: BenchReport) -> str:
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
    yield f"{'network alone, one crop':<40}{'median ms':>12}{'p95 ms':>10}{'CPU ms':>10}"
    for engine in report.engines:
        yield _engine(engine)
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
    return f"{name:<40}{times}{cpu:>10}{many}"


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
