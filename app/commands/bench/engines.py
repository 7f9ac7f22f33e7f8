"""The network by itself, one crop at a time."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
from numpy.typing import NDArray

from app.capture.pacing import Pacer
from app.commands.bench.options import BenchOptions
from app.commands.bench.report import EngineTime, Spread
from app.core.clock import now_s
from app.core.frames import FrameResult
from app.core.system import usable_cores
from app.faces.crop import crop_square, extract
from app.faces.estimators import create
from app.pipeline.network_choice import THREADS
from extractor.backends import Backend, DeviceError, EngineError, installed_engines

WARM_UP_RUNS = 5
RUNS = (10, 300)  # at least and at most
MOST_S = 3.0
SLOWEST_S = 1.0  # between two runs
BATCH = 64  # on an accelerator


def time_engines(options: BenchOptions, example: FrameResult | None, fps: float) -> tuple[EngineTime, ...]:
    """With every core, and with as many threads as the live pipeline uses; ``fps``: how often that got a frame.

    What can't run is in the result with its reason, unless it is the only engine asked for.
    """
    every = options.engines == "all"
    names = list(installed_engines()) if every else [options.engine]
    times = []
    for name in names:
        for threads in sorted({THREADS, usable_cores()}):
            try:
                times.append(_time(options, name, threads, example, fps))
            except (DeviceError, EngineError) as error:
                if not every:
                    raise
                times.append(EngineTime(name, options.device, "", threads, None, None, str(error)))
    return tuple(times)


def _time(options: BenchOptions, engine: str, threads: int, example: FrameResult | None, fps: float) -> EngineTime:
    backend = create(options.weights, options.device, threads, engine)
    try:
        measured = time_backend(backend, a_crop(backend, example), threads, min(options.seconds, MOST_S), fps)
        return measured if engine == "auto" else dataclasses.replace(measured, engine=engine)
    finally:
        backend.close()


def a_crop(backend: Backend, example: FrameResult | None) -> NDArray[np.uint8]:
    """(1, S, S, 3) as the pipeline would cut it from the example; mid grey where there is none."""
    spec = backend.spec.crop
    if example is None or not example.faces:
        return np.full((1, spec.input_size, spec.input_size, 3), 128, np.uint8)
    box = example.faces[0].detection.box
    return extract(example.frame.image, crop_square(box, spec))[None]


def time_backend(backend: Backend, crop: NDArray[np.uint8], threads: int, seconds: float, fps: float) -> EngineTime:
    """Time ``run`` with so many CPU threads: for ``seconds`` without a pause, and as long ``fps`` times a second."""
    for _ in range(WARM_UP_RUNS):
        backend.run(crop)
    cpu_started = time.process_time()
    times = _times_ms(backend, crop, seconds)
    cpu_ms = (time.process_time() - cpu_started) * 1e3 / len(times)
    info = backend.info
    spread, paced = Spread.of(times), Spread.of(_times_ms(backend, crop, seconds, fps))
    timed = EngineTime(info.engine, info.device, info.dtype, threads, spread, cpu_ms, paced_ms=paced)
    if info.device == "cpu":
        return timed
    rate = images_per_s(backend, np.repeat(crop, BATCH, axis=0), seconds)
    return dataclasses.replace(timed, cpu_ms=None, batch=BATCH, images_per_s=rate)


def _times_ms(backend: Backend, crop: NDArray[np.uint8], seconds: float, fps: float | None = None) -> list[float]:
    """The times of runs for so long: as often as a camera's frames come, or one after the other."""
    pacer, times = Pacer(), list[float]()
    started = now_s()
    while len(times) < RUNS[0] or (len(times) < RUNS[1] and now_s() - started < seconds):
        if fps is not None:
            pacer.wait(len(times) / fps, SLOWEST_S)
        begun = now_s()
        backend.run(crop)
        times.append((now_s() - begun) * 1e3)
    return times


def images_per_s(backend: Backend, crops: NDArray[np.uint8], seconds: float) -> float:
    """How many images a second go through when they come as many at a time as ``crops``; by the median run."""
    for _ in range(WARM_UP_RUNS):
        backend.run(crops)
    times: list[float] = []
    started = now_s()
    while len(times) < RUNS[0] or now_s() - started < seconds:
        begun = now_s()
        backend.run(crops)
        times.append(now_s() - begun)
    return len(crops) / float(np.median(times))
