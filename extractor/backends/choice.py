"""``auto``: the engine that is fastest here, measured once for each network and remembered.

Only on a CPU, and only where an engine beside torch is installed; torch runs on everything else.
What was measured is kept in the user's cache for these weights, versions, processor and threads.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from extractor.backends.base import Backend, EngineError
from extractor.backends.cache import GRAPH_VERSION, write_cached
from extractor.backends.devices import available_devices, cpu_name
from extractor.backends.engines import ENGINES, installed_engines, installed_packages
from extractor.report import sha256_of
from extractor.user_cache import cache_folder

log = logging.getLogger(__name__)

WARM_UP_RUNS = 3
RUNS = 30
MOST_S = 2.0  # an engine
REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """The fastest engine and what each took for one crop, normalisation and decoding included."""

    engine: str
    run_ms: Mapping[str, float]

    @property
    def reason(self) -> str:
        """Why this engine: the times measured."""
        times = ", ".join(f"{name} {ms:.1f}" for name, ms in sorted(self.run_ms.items(), key=lambda item: item[1]))
        return f"the fastest measured here (ms a crop: {times})"


def auto_backend(
    weights: Path, device: str, threads: int | None, make: Callable[[str], Backend], *, measure: bool = True
) -> Backend:
    """The fastest of what ``make`` makes by an engine's name.  Raises what it raises for torch.

    With ``measure`` False nothing is measured: where that has not been done before it is a guess, ready in a second.
    """
    if "torch" not in installed_packages():
        return _likely(make)
    if not is_a_choice(weights, device):
        return make("torch")
    choice = remembered(weights, threads)
    if choice is not None:
        try:
            return _chosen(make(choice.engine), choice)
        except EngineError as error:
            log.warning("%s", error)
    if not measure:
        return _likely(make)
    backend, choice = measure_all(make)
    remember(weights, threads, choice)
    return _chosen(backend, choice)


def _chosen(backend: Backend, choice: Choice) -> Backend:
    """The backend, which says in ``info`` why it was chosen."""
    backend.info = dataclasses.replace(backend.info, chosen=choice.reason)
    return backend


def _likely(make: Callable[[str], Backend]) -> Backend:
    """The first of the engines' guesses that can be made; else torch."""
    guesses = [name for name in installed_engines() if ENGINES[name].guess]
    for name in sorted(guesses, key=lambda name: ENGINES[name].guess):
        try:
            return make(name)
        except EngineError as error:
            log.info("%s", error)
    return make("torch")


def is_a_choice(weights: Path, device: str) -> bool:
    """Whether engines compete at all: on a CPU, with readable weights, where one beside torch is installed."""
    on_cpu = device == "cpu" or (device == "auto" and available_devices()[0].id == "cpu")
    return len(installed_packages()) > 1 and on_cpu and weights.is_file()


def remembered(weights: Path, threads: int | None) -> Choice | None:
    """The choice measured for these weights on this machine, if there is one."""
    entry = _read().get(_key(weights, threads))
    if not isinstance(entry, dict):
        return None
    engine, run_ms = entry.get("engine"), entry.get("run_ms")
    if engine not in ENGINES or not isinstance(run_ms, dict):
        return None
    if not all(isinstance(ms, (int, float)) for ms in run_ms.values()):
        return None
    return Choice(str(engine), {str(name): float(ms) for name, ms in run_ms.items()})


def remember(weights: Path, threads: int | None, choice: Choice) -> None:
    """For ``remembered``.  A cache that can't be written only costs the time to measure again."""
    key = _key(weights, threads)
    values = {**{k: v for k, v in _read().items() if k != key}, key: dataclasses.asdict(choice)}
    kept = dict(list(values.items())[-REMEMBERED:])
    with contextlib.suppress(OSError):
        write_cached(_file(), json.dumps(kept, indent=1).encode())


def measure_all(make: Callable[[str], Backend], say: Callable[[str], None] = lambda _: None) -> tuple[Backend, Choice]:
    """Time every installed engine; the winner stays open, the others are closed.  Torch must work.

    ``say`` hears which one is at work.
    """
    run_ms: dict[str, float] = {}
    best: Backend | None = None
    for name in installed_engines():
        say(name)
        try:
            backend = make(name)
        except EngineError as error:
            if name == "torch":
                raise
            # A precision that the processor or the weights don't have is no fault of theirs.
            log.log(logging.DEBUG if ENGINES[name].precision else logging.WARNING, "%s", error)
            continue
        run_ms[name] = _time(backend)
        if run_ms[name] == min(run_ms.values()):
            best, backend = backend, best
        if backend is not None:
            backend.close()
    assert best is not None
    return best, Choice(min(run_ms, key=run_ms.__getitem__), run_ms)


def _time(backend: Backend) -> float:
    """Milliseconds for one crop: the quickest run, as a busy machine only ever makes one slower."""
    side = backend.spec.crop.input_size
    crop = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    for _ in range(WARM_UP_RUNS):
        backend.run(crop)
    times: list[float] = []
    ends = time.perf_counter() + MOST_S
    while len(times) < RUNS and (not times or time.perf_counter() < ends):
        begun = time.perf_counter()
        backend.run(crop)
        times.append((time.perf_counter() - begun) * 1e3)
    return min(times)


def _key(weights: Path, threads: int | None) -> str:
    """Everything on which the order of the engines may depend."""
    facts = [
        sha256_of(weights),
        sorted(installed_engines().items()),
        cpu_name(),
        os.cpu_count(),
        threads,
        GRAPH_VERSION,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _file() -> Path:
    return cache_folder() / "engines.json"


def _read() -> dict[str, object]:
    try:
        values = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none yet, or it is damaged: measuring again replaces it
        return {}
    return values if isinstance(values, dict) else {}
