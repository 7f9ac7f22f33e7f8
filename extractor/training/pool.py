"""Pictures and labels of many shards, at hand for batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from extractor.training.errors import TrainingError
from extractor.training.shards import Heads, Shard, find_shards
from extractor.training.targets import Targets


class HeadPool:
    """Rendered heads by number, 0 to ``len - 1``.

    ``resident`` keeps the decoded pictures on the device (256 x 256 pixels: 5 heads a megabyte), which a
    GPU needs; otherwise each batch decodes its own.  ``refresh`` takes in shards that have appeared since,
    so that rendering and training can run side by side.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        device: torch.device,
        *,
        resident: bool | None = None,
        limit: int | None = None,
    ) -> None:
        self.folders = tuple(folders)
        self.device = device
        self.resident = device.type != "cpu" if resident is None else resident
        self._limit = limit
        self._shards: list[Shard] = []
        self._images: list[Tensor] = []
        self._broken: set[Path] = set()
        self._starts = np.zeros(1, np.int64)
        self.refresh()

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def names(self) -> list[str]:
        """The shards in use, in order."""
        return [shard.path.name for shard in self._shards]

    def refresh(self) -> int:
        """Take in new shards and return how many heads came with them; raises ``TrainingError`` when there are none."""
        known, before = {shard.path for shard in self._shards}, len(self)
        for path in (p for folder in self.folders for p in find_shards(folder)):
            if path in known or (self._limit is not None and len(self) >= self._limit):
                continue
            shard = Shard(path)
            self._shards.append(shard)
            if self.resident:
                pictures = np.stack([shard.image(i) for i in range(len(shard))])
                if self._images and self._images[0].shape[2:] != pictures.shape[1:3]:
                    raise TrainingError(f"The heads in {path} have another size in pixels than those before them.")
                self._images.append(torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().to(self.device))
            self._starts = np.cumsum([0, *(len(s) for s in self._shards)])
        self._index()
        return len(self) - before

    def _index(self) -> None:
        self.heads = Heads.join([shard.heads for shard in self._shards])
        self.targets = Targets.of(self.heads).to(self.device)
        self._siblings = siblings(self.heads.person, self._starts)

    def images(self, rows: Tensor) -> Tensor:
        """uint8 pictures (B, 3, S, S) on the device."""
        where = rows.cpu().numpy()
        shard = np.searchsorted(self._starts, where, side="right") - 1
        inner = where - self._starts[shard]
        if self.resident:
            return torch.stack([self._images[s][i] for s, i in zip(shard, inner, strict=True)])
        pictures = np.stack([self._shards[s].image(int(i)) for s, i in zip(shard, inner, strict=True)])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(self.device)

    def siblings(self, rows: Tensor) -> Tensor:
        """For each head another picture of the same person in the same pose, or the head itself."""
        return torch.from_numpy(self._siblings[rows.cpu().numpy()])


def siblings(person: np.ndarray, starts: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """(n,) the neighbour with the same person, inside a shard; itself where there is none."""
    n = len(person)
    other = np.arange(n)
    same = np.zeros(n, bool)
    same[1:] = person[1:] == person[:-1]
    same[starts[(starts > 0) & (starts < n)]] = False  # numbers repeat from shard to shard
    later = np.flatnonzero(same)
    other[later], other[later - 1] = later - 1, later
    return other
