"""Inference engines behind one protocol, ``extractor.backends.base.Backend``.

``create_backend`` decides which engine (torch, OpenVINO, ONNX Runtime) runs a network; ``auto`` is in ``choice``.
"""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from pkgutil import resolve_name

from extractor.backends.base import Backend, BackendInfo, EngineError
from extractor.backends.devices import Device, DeviceError, available_devices
from extractor.backends.engines import ENGINES, installed_engines, installed_packages, require_engine
from extractor.shipped import find_weights

__all__ = [
    "ENGINES",
    "Backend",
    "BackendInfo",
    "Device",
    "DeviceError",
    "EngineError",
    "available_devices",
    "create_backend",
    "engine_asked_for",
    "installed_engines",
    "installed_packages",
    "make_backend",
]


def create_backend(
    weights: str | PathLike[str] | None = None,
    device: str = "auto",
    threads: int | None = None,
    engine: str = "auto",
    *,
    measure: bool = True,
) -> Backend:
    """Load weights into the engine that the app uses: crops in, decoded motion out.

    Args:
        weights: A path, ``"default"`` (also None), ``"lite"`` or ``"tiny"``.
        device: ``"auto"``, or the id of one of ``available_devices()``.
        threads: CPU threads of one ``run`` at most; None: as many as the engine likes.  Fewer than there are cores,
            where others work beside it: two of two cores took ten times as long as one while a core was busy.
        engine: A key of ``ENGINES``, or ``"auto"``: what ``MOTIONSCOPE_ENGINE`` names, else the fastest measured here.
        measure: False: where nothing has been measured yet, a good guess instead of a measurement.

    Returns:
        A ``Backend``; ``close`` it in the end.

    Raises:
        WeightsError: The weights can't be used.
        DeviceError: There is no such device.
        EngineError: The engine is not installed, or can't run these weights.
    """
    engine = engine_asked_for(engine)
    path = find_weights(weights)
    if engine != "auto":
        return make_backend(engine, path, device, threads)
    from extractor.backends.choice import auto_backend

    return auto_backend(path, device, threads, lambda name: make_backend(name, path, device, threads), measure=measure)


def engine_asked_for(engine: str) -> str:
    """``engine``, or for ``"auto"`` what ``MOTIONSCOPE_ENGINE`` names."""
    return (os.environ.get("MOTIONSCOPE_ENGINE") or "auto") if engine == "auto" else engine


def make_backend(engine: str, weights: Path, device: str, threads: int | None) -> Backend:
    """Make a backend by its engine's name, as ``create_backend``; raises ``EngineError`` where there is none."""
    require_engine(engine)
    kind = ENGINES[engine]
    backend: Backend = resolve_name(kind.backend)(weights, device, threads, kind.precision)
    return backend
