"""Inference engines behind one protocol, ``extractor.backends.base.Backend``."""

from __future__ import annotations

from os import PathLike

from extractor.backends.base import Backend, BackendInfo
from extractor.backends.devices import Device, DeviceError, available_devices

__all__ = ["Backend", "BackendInfo", "Device", "DeviceError", "available_devices", "create_backend"]


def create_backend(
    weights: str | PathLike[str] | None = None, device: str = "auto", threads: int | None = None
) -> Backend:
    """Load ``weights`` (a path, ``"default"``, ``"lite"``; None: default) onto ``device``.

    Devices are ``"auto"`` and the ids of ``available_devices()``.  ``threads`` bounds the CPU threads of one
    ``run`` (None: as many as the engine likes); fewer than there are cores, where others work beside it:
    two of two cores took ten times as long as one while a core was busy.  Raises ``WeightsError`` or
    ``DeviceError``, both ValueErrors with one sentence for the user.
    """
    from extractor.backends.torch_backend import TorchBackend  # torch takes seconds to import
    from extractor.weights import find_weights

    return TorchBackend(find_weights(weights), device, threads)
