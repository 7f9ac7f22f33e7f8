"""One training run: batches, steps, the averaged network, and a state from which it goes on exactly."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from extractor.model import MotionExtractor
from extractor.training.augment import PhotoFaults, cut, degrade
from extractor.training.errors import TrainingError
from extractor.training.framing import Framing, box_framing, from_boxes, sample_framing
from extractor.training.losses import distillation, losses
from extractor.training.photo_pool import PhotoPool
from extractor.training.pool import HeadPool
from extractor.training.schedule import Phase, RunSettings
from extractor.training.surroundings import surrounded
from extractor.training.targets import Targets

STATE_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops (B, 3, S, S) in [0, 1] and their labels; the last ``twins`` are mirrored twins of the first ``twins``."""

    crops: Tensor
    targets: Targets
    twins: int


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
        amp: bool = False,
        compiled: bool = False,
        teacher: MotionExtractor | None = None,
    ) -> None:
        self.pool, self.photos, self.settings, self.amp = pool, photos, settings, amp
        self.device = pool.device
        self.network = network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.teacher = None if teacher is None else teacher.to(self.device).eval().requires_grad_(False)
        self._forward: Any = torch.compile(self.network) if compiled else self.network
        self.optimiser = make_optimiser(self.network, settings)
        self.step_number, self.seen = 0, 0
        # Rows are drawn on the CPU, faults where the pictures are.
        self._rows = torch.Generator().manual_seed(settings.seed)
        self._faults = torch.Generator(device=self.device).manual_seed(settings.seed + 1)

    @property
    def done(self) -> bool:
        return self.seen >= self.settings.samples

    @property
    def phase(self) -> Phase:
        return self.settings.phase_at(self.seen)

    def next_batch(self) -> Batch:
        """Rendered heads and photographs in their shares, and mirrored twins of the first heads at the end."""
        phase = self.phase
        photographs = round(phase.batch * self.settings.photographs) if self.photos is not None else 0
        heads = self._rendered(phase.batch - photographs, phase.size)
        if self.photos is None or not photographs:
            return heads
        crops, targets = self._photographed(self.photos, photographs, phase.size)
        first = len(heads.crops) - heads.twins
        return Batch(
            torch.cat([heads.crops[:first], crops, heads.crops[first:]]),
            Targets.join([heads.targets.take(slice(first)), targets, heads.targets.take(slice(first, None))]),
            heads.twins,
        )

    def _rendered(self, count: int, size: int) -> Batch:
        """Heads by chance; a share of them again as mirrored twins, with another expression where there is one."""
        twins = int(count * self.settings.twins / (1 + self.settings.twins))
        first = torch.randint(len(self.pool), (count - twins,), generator=self._rows)
        rows = torch.cat([first, self.pool.siblings(first[:twins])])
        plain = self.pool.targets.take(first.to(self.device))
        framing = sample_framing(plain.rotation, plain.scale, plain.t, self._faults)
        framing = from_boxes(framing, self.pool.boxes[first.to(self.device)], self._faults, self.settings.boxes)
        whole = self.pool.targets.take(rows.to(self.device))
        framing = with_twins(framing, twins)
        crops = cut(self.pool.images(rows), framing, size)
        return Batch(degrade(crops, self._faults, self.settings.faults), whole.crop(framing), twins)

    def _photographed(self, photos: PhotoPool, count: int, size: int) -> tuple[Tensor, Targets]:
        """Photographs with other surroundings; everything is drawn and cut on the CPU."""
        rows = photos.draw(count, self._rows)
        framing = photos.framing(rows, self._rows)
        crops = surrounded(photos, self.pool, rows, framing, size, self._rows).to(self.device)
        targets = photos.targets.take(rows).crop(framing).to(self.device)
        return degrade(crops, self._faults, self.settings.photo_faults), targets

    def step(self) -> dict[str, Tensor]:
        """One optimisation step on the next batch; returns the loss and its terms, detached, on the device."""
        return self.learn(self.next_batch())

    def learn(self, batch: Batch) -> dict[str, Tensor]:
        """One optimisation step on this batch."""
        rate = self.settings.rate_at(self.seen)
        for group in self.optimiser.param_groups:
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
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimiser.step()
        self.step_number += 1
        self.seen += len(crops)
        self._average(len(crops))
        return {"loss": loss.detach(), **terms}

    def save(self, path: Path, further: dict[str, object] | None = None) -> None:
        """Write the whole state; the file appears whole or not at all.  ``model`` in it is the averaged network."""
        spec = {"backbone": self.network.backbone, "num_kp": self.network.num_kp, "num_bins": self.network.num_bins}
        state = {
            "model": self.averaged.detector.state_dict(),
            **spec,
            "input_size": self.phase.size,
            "state_version": STATE_VERSION,
            "network": self.network.detector.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step_number,
            "seen": self.seen,
            "generators": [self._rows.get_state(), self._faults.get_state()],
            "torch_rng": torch.get_rng_state(),
            **(further or {}),
        }
        partial = path.with_name(path.name + ".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a saved state; raises ``TrainingError`` where it is another network's or damaged."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            if state["backbone"] != self.network.backbone or state["state_version"] != STATE_VERSION:
                raise TrainingError(f"{path} belongs to another run: its network is {state['backbone']}.")
            self.network.detector.load_state_dict(state["network"])
            self.averaged.detector.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step_number, self.seen = int(state["step"]), int(state["seen"])
            self._rows.set_state(state["generators"][0])
            if state["generators"][1].shape == self._faults.get_state().shape:  # else it ran on another kind of device
                self._faults.set_state(state["generators"][1])
            torch.set_rng_state(state["torch_rng"])
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


def with_twins(framing: Framing, twins: int) -> Framing:
    """The framings and, behind them, mirror images of the first ``twins``."""
    return replace(
        framing,
        centre=torch.cat(
            [framing.centre, framing.centre[:twins] * torch.tensor([-1.0, 1.0], device=framing.centre.device)]
        ),
        half=torch.cat([framing.half, framing.half[:twins]]),
        roll_deg=torch.cat([framing.roll_deg, -framing.roll_deg[:twins]]),
        lens=torch.cat([framing.lens, framing.lens[:twins]]),
        mirrored=torch.cat([framing.mirrored, ~framing.mirrored[:twins]]),
    )


def make_optimiser(network: nn.Module, settings: RunSettings) -> torch.optim.Optimizer:
    """AdamW; biases, norms and GRN's parameters don't decay (as ConvNeXtV2 was trained)."""
    decay: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (decay if parameter.ndim > 1 and "grn" not in name else plain).append(parameter)
    groups = [{"params": decay, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), foreach=True)


def fixed_batch(pool: HeadPool, rows: Tensor, size: int, seed: int, faults: PhotoFaults) -> Batch:
    """The app's crops of given heads with the same faults every time: for evaluation and tests."""
    generator = torch.Generator().manual_seed(seed)
    plain = pool.targets.take(rows.to(pool.device))
    framing = box_framing(plain.rotation, plain.scale, plain.t)
    crops = degrade(cut(pool.images(rows), framing, size), generator, faults)
    return Batch(crops, plain.crop(framing), 0)
