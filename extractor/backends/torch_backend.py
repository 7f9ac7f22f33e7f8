"""The reference engine: eager torch in float32 on CUDA, Apple's GPU or the CPU."""

from __future__ import annotations

import logging
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray

from extractor.backends.base import BackendInfo
from extractor.backends.crops import require_crops, require_decodable
from extractor.backends.devices import Device, DeviceError, available_devices, find_device
from extractor.decode import decode
from extractor.model import MotionExtractor
from extractor.types import Motion, NetworkSpec
from extractor.weights import LoadReport

log = logging.getLogger(__name__)


class TorchBackend:
    """``extractor.backends.base.Backend`` on a torch device."""

    def __init__(self, weights: str | PathLike[str], device: str = "auto", threads: int | None = None) -> None:
        """Raises ``WeightsError`` and ``DeviceError``.  ``auto`` takes the first device that really works.

        ``threads`` is torch's own setting, so it holds for the whole process.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        candidates = available_devices() if device == "auto" else (find_device(device),)
        network = MotionExtractor.from_checkpoint(weights)
        assert network.report is not None
        self._report = network.report
        require_decodable(network.report)
        self._network: MotionExtractor | None = network
        for candidate in candidates:
            try:
                self._start(network, candidate)
                break
            except (RuntimeError, AssertionError) as error:  # out of memory, or a card this torch was not built for
                lines = str(error).splitlines() or [type(error).__name__]
                sentence = f"The device {candidate.id} ({candidate.name}) can't be used: {lines[0].rstrip('.')}."
                if candidate is candidates[-1]:
                    raise DeviceError(sentence) from error
                log.warning(sentence)

    def _start(self, network: MotionExtractor, device: Device) -> None:
        """Move the network and run it once, so that a device that can't fails now and the first frame is quick."""
        self._device = torch.device(device.id)
        self._info = BackendInfo("torch", device.id, device.name, "float32")
        network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        side = self.spec.crop.input_size
        self.run(np.zeros((1, side, side, 3), np.uint8))

    @property
    def info(self) -> BackendInfo:
        return self._info

    @property
    def spec(self) -> NetworkSpec:
        return self._report.spec

    @property
    def report(self) -> LoadReport:
        return self._report

    @torch.inference_mode()
    def run(self, crops: NDArray[np.uint8]) -> Motion:
        """See ``Backend.run``."""
        if self._network is None:
            raise RuntimeError("This backend is closed.")
        require_crops(crops, self.spec.crop.input_size)
        # torch shares the array's memory: it wants it contiguous, and warns where it may not write.
        pixels = torch.from_numpy(np.require(crops, requirements=["C", "W"])).to(self._device)
        # Interleaved RGB is channels-last memory already; the conversion to float keeps it.
        images = pixels.permute(0, 3, 1, 2).float().div_(255.0)
        return decode(self._network(images), self.spec.keypoint_names)

    def close(self) -> None:
        """See ``Backend.close``; a second call does nothing."""
        self._network = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
