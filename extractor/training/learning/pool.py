"""Pictures and labels of many shards, at hand for batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from extractor.training.errors import TrainingError
from extractor.training.face_frame import in_face_frame
from extractor.training.geometry import Array
from extractor.training.learning.targets import Targets
from extractor.training.shards import Heads, Shard, find_shards

RESIDENT_LIMIT = 150_000
"""Heads kept on a device where no limit is given: 29 GB at 256 pixels."""


class HeadPool:
    """Rendered heads by number, 0 to ``len - 1``.

    ``resident`` keeps the decoded pictures on the device (256 x 256 pixels: 5 heads a megabyte), which a
    GPU needs; otherwise each batch decodes its own.  ``refresh`` takes in shards that have appeared since,
    so that rendering and training can run side by side; at the limit they take the oldest ones' places.
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
        self._limit = limit if limit is not None or not self.resident else RESIDENT_LIMIT
        self._shards: list[Shard] = []
        self._buffer: Tensor | None = None  # (limit, 3, S, S) uint8, when resident
        self._known: set[Path] = set()
        self._oldest = 0
        self._starts = np.zeros(1, np.int64)
        self.refresh()

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def names(self) -> list[str]:
        """The shards in use."""
        return [shard.path.name for shard in self._shards]

    def refresh(self) -> int:
        """Take in new shards and return how many heads came; raises ``TrainingError`` when there are none at all."""
        came = 0
        for path in (p for folder in self.folders for p in find_shards(folder)):
            if path in self._known:
                continue
            self._known.add(path)
            came += self._append_or_replace(Shard(path))
        if not self._shards:
            raise TrainingError(f"No shard has as few heads as the pool may hold ({self._limit}).")
        if came:
            self.heads = in_face_frame(Heads.join([shard.heads for shard in self._shards]))
            self.targets = Targets.of(self.heads).to(self.device)
            self.boxes = torch.as_tensor(self.heads.box, dtype=torch.float32, device=self.device)
            self._siblings = siblings(self.heads.person, self._starts)
        return came

    def images(self, rows: Tensor) -> Tensor:
        """uint8 pictures (B, 3, S, S) on the device."""
        if self._buffer is not None:
            return self._buffer[rows.to(self.device)]
        where = rows.cpu().numpy()
        shard = np.searchsorted(self._starts, where, side="right") - 1
        inner = where - self._starts[shard]
        pictures = [self._shards[s].image(int(i)) for s, i in zip(shard, inner, strict=True)]
        return one_size(pictures).to(self.device)

    def siblings(self, rows: Tensor) -> Tensor:
        """For each head another picture of the same person in the same pose, or the head itself."""
        return torch.from_numpy(self._siblings[rows.cpu().numpy()])

    def _append_or_replace(self, shard: Shard) -> int:
        """Append a shard, or put it in the oldest one's place; returns how many heads came."""
        if self._limit is None or len(self) + len(shard) <= self._limit:
            start = len(self)
            self._shards.append(shard)
            self._starts = np.append(self._starts, start + len(shard))
        else:
            if not self._shards or len(self._shards[self._oldest]) != len(shard):
                return 0  # another length would move everything behind it
            start = int(self._starts[self._oldest])
            self._shards[self._oldest] = shard
            self._oldest = (self._oldest + 1) % len(self._shards)
        if self.resident:
            self._upload(shard, start)
        return len(shard)

    def _upload(self, shard: Shard, start: int) -> None:
        pictures = torch.from_numpy(np.stack([shard.image(i) for i in range(len(shard))])).permute(0, 3, 1, 2)
        if self._buffer is None:
            size = (self._limit or len(shard), *pictures.shape[1:])
            self._buffer = torch.zeros(size, dtype=torch.uint8, device=self.device)
        if self._buffer.shape[1:] != pictures.shape[1:]:
            raise TrainingError(f"The heads in {shard.path} have another size in pixels than those before them.")
        self._buffer[start : start + len(shard)] = pictures.to(self.device)


def one_size(pictures: Sequence[Array]) -> Tensor:
    """uint8 (B, 3, S, S), channels last in memory, of pictures (S', S', 3); smaller ones are enlarged."""
    side = max(len(picture) for picture in pictures)
    same = [x if len(x) == side else cv2.resize(x, (side, side), interpolation=cv2.INTER_LINEAR) for x in pictures]
    return torch.from_numpy(np.stack(same)).permute(0, 3, 1, 2)


def siblings(person: Array, starts: Array) -> Array:
    """(n,) the neighbour with the same person, inside a shard; itself where there is none."""
    n = len(person)
    other = np.arange(n)
    same = np.zeros(n, bool)
    same[1:] = person[1:] == person[:-1]
    same[starts[(starts > 0) & (starts < n)]] = False  # numbers repeat from shard to shard
    later = np.flatnonzero(same)
    other[later], other[later - 1] = later - 1, later
    return other
