"""A computation over buffers that never move, for batches of one size: a captured graph on CUDA, else the same steps.

A graph replays with the addresses it was captured with (docs.pytorch.org/docs/stable/notes/cuda.html,
"CUDA Graphs"), so input and output have buffers of their own, pinned on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LARGEST_BATCH = 64
WARM_UP_RUNS = 3  # before the capture, on a stream of their own, as libraries allocate at their first calls


def batch_sizes() -> Iterator[int]:
    """Those that get buffers of their own, so that their number is bounded; others are filled up to the next one."""
    size = 1
    while size <= LARGEST_BATCH:
        yield size
        size *= 2


class StaticBatch:
    """``compute`` for up to ``shape[0]`` crops; a graph on CUDA, the same steps without one elsewhere."""

    def __init__(
        self, compute: Callable[[Tensor], Tensor], shape: tuple[int, ...], width: int, device: torch.device
    ) -> None:
        """``compute``: uint8 of ``shape`` on the device to float32 (shape[0], ``width``) there."""
        self._compute = compute
        pinned = device.type == "cuda"
        self._host_in = torch.zeros(shape, dtype=torch.uint8, pin_memory=pinned)
        self._host_out = torch.zeros((shape[0], width), dtype=torch.float32, pin_memory=pinned)
        self._device_in = torch.zeros(shape, dtype=torch.uint8, device=device)
        self._graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            self._capture(device)

    def run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(b, width) of (b, ...) crops, b at most the batch's size; the array is the caller's own."""
        count = len(crops)
        self._host_in.numpy()[:count] = crops
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()
            torch.cuda.current_stream(self._device_in.device).synchronize()
        return self._host_out.numpy()[:count].copy()

    def _step(self) -> None:
        self._device_in.copy_(self._host_in, non_blocking=True)
        self._host_out.copy_(self._compute(self._device_in), non_blocking=True)

    def _capture(self, device: torch.device) -> None:
        with torch.cuda.device(device):
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP_RUNS):
                    self._step()
            torch.cuda.current_stream().wait_stream(aside)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._step()
            self._graph = graph
