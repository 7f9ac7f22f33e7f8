"""Inference engines behind one protocol, ``extractor.backends.base.Backend``."""

from __future__ import annotations

from os import PathLike

from extractor.backends.base import Backend, BackendInfo
from extractor.backends.devices import Device, DeviceError, available_devices
from extractor.backends.engines import ENGINES, EngineError, installed_engines, require_engine

__all__ = [
    "ENGINES",
    "Backend",
    "BackendInfo",
    "Device",
    "DeviceError",
    "EngineError",
    "available_devices",
    "create_backend",
    "installed_engines",
]


def create_backend(
    weights: str | PathLike[str] | None = None,
    device: str = "auto",
    threads: int | None = None,
    engine: str = "auto",
) -> Backend:
    """Load ``weights`` (a path, ``"default"``, ``"lite"``; None: default) onto ``device``.

    Devices are ``"auto"`` and the ids of ``available_devices()``.  ``threads`` bounds the CPU threads of one
    ``run`` (None: as many as the engine likes); fewer than there are cores, where others work beside it:
    two of two cores took ten times as long as one while a core was busy.  ``engine`` is a key of
    ``ENGINES`` or ``"auto"``, which is torch.  Raises ``WeightsError``, ``DeviceError`` or ``EngineError``,
    all of them ValueErrors with one sentence for the user.
    """
    if engine == "auto":
        engine = "torch"
    require_engine(engine)
    from extractor.weights import find_weights  # torch takes seconds to import

    path = find_weights(weights)
    if engine == "onnxruntime":
        from extractor.backends.onnx_backend import OnnxBackend

        return OnnxBackend(path, device, threads)
    if engine == "openvino":
        from extractor.backends.openvino_backend import OpenVinoBackend

        return OpenVinoBackend(path, device, threads)
    from extractor.backends.torch_backend import TorchBackend

    return TorchBackend(path, device, threads)
