"""One training run: batches, steps, the averaged network, and a state from which it goes on exactly."""

from __future__ import annotations

import contextlib
import copy
import io
import types
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from extractor.files import write_whole
from extractor.model import MotionExtractor
from extractor.training.errors import TrainingError
from extractor.training.learning.batches import Batch, Batches
from extractor.training.learning.losses import distillation, losses
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.schedule import Phase, RunSettings

STATE_VERSION = 2


class Trainer:
    """``step`` until ``done``; ``save`` and ``load`` keep a run that was killed.

    The network's weights are float32; with ``amp`` its arithmetic is bfloat16.
    """

    def __init__(
        self,
        network: MotionExtractor,
        pool: HeadPool,
        settings: RunSettings,
        *,
        photos: PhotoPool | None = None,
        workers: int = 0,
        amp: bool = False,
        compiled: bool = False,
        teacher: MotionExtractor | None = None,
    ) -> None:
        self.pool, self.settings, self.amp = pool, settings, amp
        self.device = pool.device
        self.network = network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.teacher = None if teacher is None else teacher.to(self.device).eval().requires_grad_(False)
        if amp and self.device.type == "cpu" and not torch.cpu._is_amx_tile_supported():
            convolve_in_float32(self.network)
        self._forward: Any = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.optimisers = make_optimisers(self.network, settings)
        self.step_number, self.seen = 0, 0
        self._batches = Batches(pool, photos, settings)
        self._workers = workers
        self._stream: Iterator[Batch] | None = None

    @property
    def done(self) -> bool:
        return self.seen >= self.settings.samples

    @property
    def phase(self) -> Phase:
        return self.settings.phase_at(self.seen)

    def next_batch(self) -> Batch:
        """The batch of this step; ``workers`` made it while the steps before were learned."""
        if not self._workers:
            return self._batches.make(self.step_number, self.seen)
        if self._stream is None:
            self._stream = self._batches.stream(self.step_number, self.seen, self._workers)
        return next(self._stream)

    def step(self) -> dict[str, Tensor]:
        """One optimisation step on the next batch; returns the loss and its terms, detached, on the device."""
        return self.learn(self.next_batch())

    def learn(self, batch: Batch) -> dict[str, Tensor]:
        """One optimisation step on this batch."""
        rate = self.settings.rate_at(self.seen)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        self.network.train()
        crops = batch.crops.contiguous(memory_format=torch.channels_last)
        with self._precision():
            heads = self._forward(crops)
        loss, terms = losses(heads, batch.targets, self.settings.weights, self.settings.spread_deg, batch.twins)
        if self.teacher is not None and self.settings.distil > 0:
            with torch.no_grad(), self._precision():
                aims = self.teacher(crops)
            terms["distil"] = distillation(heads, aims, self.settings.weights)
            loss = loss + self.settings.distil * terms["distil"]
            terms["distil"] = terms["distil"].detach()
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step_number += 1
        self.seen += len(crops)
        self._average(len(crops))
        return {"loss": loss.detach(), **terms}

    def save(self, path: Path) -> None:
        """Write the whole state; the file appears whole or not at all.  ``model`` in it is the averaged network."""
        state = {
            "model": self.averaged.detector.state_dict(),
            "backbone": self.network.backbone,
            "num_kp": self.network.num_kp,
            "num_bins": self.network.num_bins,
            "crop": asdict(replace(self.settings.crop, input_size=self.phase.size)),
            "state_version": STATE_VERSION,
            "network": self.network.detector.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step_number,
            "seen": self.seen,
            "torch_rng": torch.get_rng_state(),
        }
        content = io.BytesIO()
        torch.save(state, content)
        write_whole(path, content.getvalue())

    def load(self, path: Path) -> None:
        """Go on from a saved state; raises ``TrainingError`` where it is another network's or damaged."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            if state["backbone"] != self.network.backbone or state["state_version"] != STATE_VERSION:
                raise TrainingError(f"{path} belongs to another run: its network is {state['backbone']}.")
            self.network.detector.load_state_dict(state["network"])
            self.averaged.detector.load_state_dict(state["model"])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(saved)
            self.step_number, self.seen = int(state["step"]), int(state["seen"])
            torch.set_rng_state(state["torch_rng"])
            self._stream = None
        except TrainingError:
            raise
        except Exception as error:  # a cut file makes torch raise almost anything
            raise TrainingError(f"The training state {path} can't be read ({str(error).splitlines()[0]}).") from error

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.amp else contextlib.nullcontext()

    def _average(self, batch: int) -> None:
        keep = self.settings.average_at(self.step_number, batch)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), 1 - keep)


def convolve_in_float32(network: nn.Module) -> None:
    """Take the convolutions out of autocast.

    The gradients of a bfloat16 convolution have no fast kernel on a processor without tiles (AMX); matrix products do.
    On a Zen 5, milliseconds a sample at 128 pixels: all in float32 25, all in bfloat16 49, this mixture 16.
    """

    def forward(convolution: nn.Conv2d, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            c = convolution
            return F.conv2d(x.float(), c.weight, c.bias, c.stride, c.padding, c.dilation, c.groups)

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.forward = types.MethodType(forward, module)  # type: ignore[method-assign]


def make_optimisers(network: nn.Module, settings: RunSettings) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for the rest; both take the same learning rate.

    Muon (Jordan et al. 2024) makes each step's singular values alike; scaled to AdamW's size (Liu et al. 2025,
    arXiv:2502.16982).  Biases, norms and GRN's parameters don't decay (as ConvNeXtV2 was trained).
    """
    matrices: list[nn.Parameter] = []
    decay: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        kind = matrices if "pwconv" in name and parameter.ndim == 2 else decay
        (kind if parameter.ndim > 1 and "grn" not in name else plain).append(parameter)
    rate, shrink = settings.learning_rate, settings.weight_decay
    groups = [{"params": decay, "weight_decay": shrink}, {"params": plain, "weight_decay": 0.0}]
    return [
        torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), foreach=True),
        torch.optim.Muon(matrices, lr=rate, weight_decay=shrink, adjust_lr_fn="match_rms_adamw"),
    ]
