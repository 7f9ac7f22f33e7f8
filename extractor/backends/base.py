"""The protocol of an inference engine; each engine has a file beside this one and a row of ``engines``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from extractor.report import LoadReport, UnusableError, WeightsError
from extractor.types import NUM_BINS, HostMotion, NetworkSpec


class EngineError(UnusableError):
    """An engine that isn't installed or can't run the network; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """Engine, device and precision, as text for the window and for ``session.json``."""

    engine: str  # "torch", "onnxruntime", "openvino"
    device: str  # "cuda:0", "mps", "cpu"
    device_name: str  # "NVIDIA H100", "AMD EPYC"
    dtype: str  # "float32", "bfloat16", "float16", "int8"
    chosen: str = ""  # why this engine, with the times measured; empty where it was asked for
    made_again: tuple[str, ...] = ()  # files of its cache that were found damaged

    @property
    def summary(self) -> str:
        """One line for a person."""
        why = f"; {self.chosen}" if self.chosen else ""
        damage = f"; its damaged cache was made again ({', '.join(self.made_again)})" if self.made_again else ""
        return f"runs with {self.engine} on {self.device_name} ({self.device}, {self.dtype}){why}{damage}"


class Backend(Protocol):
    """Crops in, decoded motion out.  One thread at a time may call ``run``.

    ``info`` (``BackendInfo``) says what runs where, ``report`` (``LoadReport``) what the weights hold.
    """

    info: BackendInfo
    report: LoadReport

    @property
    def spec(self) -> NetworkSpec:
        """The input and output format of the weights."""
        ...

    def run(self, crops: NDArray[np.uint8]) -> HostMotion:
        """Normalise, run and decode crops.

        Args:
            crops: (B, S, S, 3), RGB, uint8, S being ``spec.crop.input_size``; B may be 0.

        Returns:
            The motion of each crop, as NumPy arrays.

        Raises:
            ValueError: ``crops`` has another shape or type.
        """
        ...

    def close(self) -> None:
        """Free the device's memory; ``run`` must not be called again."""
        ...


class LoadedBackend:
    """The common part of backends, once these two are set."""

    info: BackendInfo
    report: LoadReport

    @property
    def spec(self) -> NetworkSpec:
        return self.report.spec


def require_crops(crops: NDArray[np.uint8], side: int) -> None:
    """Raise ValueError unless the crops are uint8 of shape (B, side, side, 3)."""
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (side, side, 3):
        raise ValueError(f"Crops must be uint8 of shape (B, {side}, {side}, 3), not {crops.dtype} {crops.shape}.")


def require_decodable(report: LoadReport) -> None:
    """Raise ``WeightsError`` unless degrees are defined for the network's bins."""
    if report.spec.num_bins != NUM_BINS:
        reason = f"its pose heads have {report.spec.num_bins} bins, and degrees are defined for {NUM_BINS}"
        raise WeightsError.of(report.path, reason)
