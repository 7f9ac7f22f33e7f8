"""Batches of rendered heads and photographs; each is a function of the settings, the step and what lies on disk."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from extractor.training.learning.augment import PhotoFaults, cut, degrade
from extractor.training.learning.framing import Framing, box_framing, from_boxes, sample_framing
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.schedule import RunSettings
from extractor.training.learning.surroundings import surrounded
from extractor.training.learning.targets import Targets
from extractor.types import CropSpec

REFRESH_S = 300.0
"""How often a worker looks for new shards."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops (B, 3, S, S) in [0, 1] and their labels; the last ``twins`` are mirrored twins of the first ``twins``."""

    crops: Tensor
    targets: Targets
    twins: int


class Batches:
    """Makes the batch of any step, here (``make``) or in processes of their own (``stream``)."""

    def __init__(self, pool: HeadPool, photos: PhotoPool | None, settings: RunSettings) -> None:
        self.pool, self.photos, self.settings = pool, photos, settings
        self.device = pool.device
        # Rows are drawn on the CPU, faults where the pictures are.
        self._rows, self._faults = torch.Generator(), torch.Generator(device=self.device)

    def make(self, step: int, seen: int) -> Batch:
        """Rendered heads and photographs in their shares, and mirrored twins of the first heads at the end."""
        phase = self.settings.phase_at(seen)
        self._rows.manual_seed(2 * (self.settings.seed * 10_000_019 + step))
        self._faults.manual_seed(2 * (self.settings.seed * 10_000_019 + step) + 1)
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

    def stream(self, step: int, seen: int, workers: int) -> Iterator[Batch]:
        """The batches from this step on, made ahead by ``workers`` processes."""
        return iter(DataLoader(_Stream(self, step, seen), batch_size=None, num_workers=workers, prefetch_factor=4))

    def _rendered(self, count: int, size: int) -> Batch:
        """Heads by chance; a share of them again as mirrored twins, with another expression where there is one."""
        twins = int(count * self.settings.twins / (1 + self.settings.twins))
        first = torch.randint(len(self.pool), (count - twins,), generator=self._rows)
        rows = torch.cat([first, self.pool.siblings(first[:twins])])
        plain = self.pool.targets.take(first.to(self.device))
        framing = sample_framing(plain.rotation, plain.scale, plain.t, self._faults, self.settings.crop)
        framing = from_boxes(
            framing, self.pool.boxes[first.to(self.device)], self._faults, self.settings.boxes, self.settings.crop
        )
        whole = self.pool.targets.take(rows.to(self.device))
        framing = with_twins(framing, twins)
        crops = cut(self.pool.images(rows), framing, size)
        return Batch(degrade(crops, self._faults, self.settings.faults), whole.crop(framing), twins)

    def _photographed(self, photos: PhotoPool, count: int, size: int) -> tuple[Tensor, Targets]:
        """Photographs with other surroundings; what is drawn and cut is so on the CPU."""
        rows = photos.draw(count, self._rows)
        framing = photos.framing(rows, self._rows, self.settings.crop)
        crops = surrounded(photos, self.pool, rows, framing, size, self._rows).to(self.device)
        targets = photos.targets.take(rows).crop(framing).to(self.device)
        return degrade(crops, self._faults, self.settings.photo_faults), targets


class _Stream(IterableDataset[Batch]):
    """Worker k of n makes the steps k, k + n, ... in order, so that together they come in the order of the steps."""

    def __init__(self, batches: Batches, step: int, seen: int) -> None:
        self._batches, self._step, self._seen = batches, step, seen

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        number, count = (info.id, info.num_workers) if info else (0, 1)
        torch.set_num_threads(1)
        if info:  # a signal to the whole group is the run's own to answer; a worker ends with it
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, signal.SIG_IGN)
        step, seen, refreshed = self._step, self._seen, time.monotonic()
        while True:
            if step % count == (self._step + number) % count:
                yield self._batches.make(step, seen)
            seen += self._batches.settings.phase_at(seen).batch
            step += 1
            if time.monotonic() - refreshed > REFRESH_S:
                self._batches.pool.refresh()
                refreshed = time.monotonic()


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


def fixed_batch(pool: HeadPool, rows: Tensor, spec: CropSpec, seed: int, faults: PhotoFaults) -> Batch:
    """The app's crops of given heads with the same faults every time: for evaluation and tests."""
    generator = torch.Generator().manual_seed(seed)
    plain = pool.targets.take(rows.to(pool.device))
    framing = box_framing(plain.rotation, plain.scale, plain.t, spec)
    crops = degrade(cut(pool.images(rows), framing, spec.input_size), generator, faults)
    return Batch(crops, plain.crop(framing), 0)
