"""torch: on CUDA in half precision as one CUDA graph, on Apple's GPU and the CPU in float32, on request bfloat16.

On CUDA everything from the uint8 crops to the raw heads is one graph for each batch size: upload from a
pinned buffer, normalisation, network (channels-last, float16; heads float32), download into a pinned
buffer.  A run is then two copies on the host and one launch.
"""

from __future__ import annotations

import logging
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from extractor.agreement import MOST, check_faces, difference
from extractor.backends.base import BackendInfo, EngineError, LoadedBackend, require_crops, require_decodable
from extractor.backends.devices import Device, DeviceError, available_devices, find_device
from extractor.backends.static_batch import LARGEST_BATCH, StaticBatch, batch_sizes
from extractor.decode_arrays import decode_arrays
from extractor.model import MotionExtractor
from extractor.types import HEADS, Floats, HostMotion, head_widths
from extractor.values import first_line

log = logging.getLogger(__name__)

HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}


class TorchBackend(LoadedBackend):
    """``extractor.backends.base.Backend`` on a torch device."""

    def __init__(
        self,
        weights: str | PathLike[str],
        device: str = "auto",
        threads: int | None = None,
        precision: str = "",
    ) -> None:
        """Raises ``WeightsError``, ``DeviceError`` and ``EngineError``.

        ``auto`` takes the first device that really works.  ``threads`` is torch's own setting, so it holds
        for the whole process.  ``precision``: ``float32``, ``float16``, ``bfloat16``; empty: what suits the device.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        candidates = available_devices() if device == "auto" else (find_device(device),)
        network = MotionExtractor.from_checkpoint(weights)
        assert network.report is not None
        self.report = network.report
        require_decodable(network.report)
        self._precision = precision
        for candidate in candidates:
            try:
                self._start(network, candidate)
                break
            except (RuntimeError, AssertionError) as error:  # out of memory, or a card this torch was not built for
                sentence = f"The device {candidate.id} ({candidate.name}) can't be used: {first_line(error)}."
                if candidate is candidates[-1]:
                    raise DeviceError(sentence) from error
                log.warning(sentence)

    def _start(self, network: MotionExtractor, device: Device) -> None:
        """Move the network and run it once, so that a device that can't fails now and the first frame is quick."""
        self._device = torch.device(device.id)
        self._graphs = self._device.type == "cuda"
        self._batches: dict[int, StaticBatch] = {}
        self._widths = tuple(head_widths(self.spec.num_kp, self.spec.num_bins).values())
        network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network: MotionExtractor | None = network
        dtype = self._precision or ("float16" if self._graphs else "float32")
        if dtype in HALVES:
            dtype = self._halved(network, dtype)
        self.info = BackendInfo("torch", device.id, device.name, dtype)
        side = self.spec.crop.input_size
        self.run(np.zeros((1, side, side, 3), np.uint8))

    @torch.inference_mode()
    def _halved(self, network: MotionExtractor, wanted: str) -> str:
        """Put the backbone into half precision where that keeps the numbers; the precision it has then.

        The last norm and the heads stay float32: 66 bins of up to 97.5 degrees need more than ten bits.
        """
        if wanted == "bfloat16" and self._device.type == "cpu" and not _cpu_has_bfloat16():
            raise EngineError("This processor does not compute in bfloat16: choose the engine torch.")
        crops = torch.from_numpy(check_faces(self.spec.crop.input_size)).to(self._device)
        self._dtype = torch.float32
        expected = self._decoded(self._compute(crops).cpu().numpy())
        for name in dict.fromkeys((wanted, "bfloat16")):
            self._dtype = HALVES[name]
            for part in (network.detector.downsample_layers, network.detector.stages):
                part.to(dtype=self._dtype)
            if difference(self._decoded(self._compute(crops).cpu().numpy()), expected).within(MOST[name]):
                return name
        for part in (network.detector.downsample_layers, network.detector.stages):
            part.to(dtype=torch.float32)
        self._dtype = torch.float32
        log.warning("These weights can't be computed in half precision, so they are not.")
        return "float32"

    _dtype = torch.float32

    def _compute(self, pixels: Tensor) -> Tensor:
        """Everything that a graph holds: (B, S, S, 3) uint8 on the device to its raw heads side by side, float32."""
        assert self._network is not None
        # Interleaved RGB is channels-last memory already; the conversion keeps it.
        images = pixels.permute(0, 3, 1, 2).to(self._dtype).div_(255.0)
        heads: dict[str, Tensor] = self._network(images)
        return torch.cat([heads[name] for name in HEADS], dim=1)  # so they come in one transfer, not in seven

    def _decoded(self, packed: Floats) -> HostMotion:
        ends = np.cumsum(self._widths)[:-1]
        heads = dict(zip(HEADS, np.split(packed, ends, axis=1), strict=True))
        return decode_arrays(heads, self.spec.keypoint_names)

    @torch.inference_mode()
    def run(self, crops: NDArray[np.uint8]) -> HostMotion:
        """See ``Backend.run``."""
        if self._network is None:
            raise RuntimeError("This backend is closed.")
        require_crops(crops, self.spec.crop.input_size)
        if self._graphs:
            packed = self._run_static(crops)
        else:
            # torch shares the array's memory: it wants it contiguous, and warns where it may not write.
            pixels = torch.from_numpy(np.require(crops, requirements=["C", "W"])).to(self._device)
            packed = self._compute(pixels).cpu().numpy()
        return self._decoded(packed)

    def _run_static(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """In batches of the sizes that graphs are kept for, at most ``LARGEST_BATCH`` at a time."""
        width = sum(self._widths)
        packed = np.empty((len(crops), width), np.float32)
        for start in range(0, len(crops), LARGEST_BATCH):
            part = crops[start : start + LARGEST_BATCH]
            size = next(size for size in batch_sizes() if size >= len(part))
            if size not in self._batches:
                shape = (size, *crops.shape[1:])
                self._batches[size] = StaticBatch(self._compute, shape, width, self._device)
            packed[start : start + len(part)] = self._batches[size].run(part)
        return packed

    def close(self) -> None:
        """See ``Backend.close``; a second call does nothing."""
        self._network = None
        self._batches.clear()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _cpu_has_bfloat16() -> bool:
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
