"""What a run does when: input sizes, batches, learning rate, average; all as functions of the samples seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from extractor.training.errors import TrainingError
from extractor.training.learning.augment import PhotoFaults
from extractor.training.learning.losses import LossWeights
from extractor.types import CropSpec


@dataclass(frozen=True, slots=True)
class Phase:
    """From ``start`` (share of all samples) on: pixels of the input and heads a batch."""

    start: float
    size: int
    batch: int

    @classmethod
    def parse(cls, text: str) -> Phase:
        """``START:SIZE:BATCH``, for instance ``0.6:96:48``; raises ``TrainingError``."""
        try:
            start, size, batch = text.split(":")
            phase = cls(float(start), int(size), int(batch))
        except ValueError:
            raise TrainingError(f"A phase is START:SIZE:BATCH, such as 0.6:96:48, not {text!r}.") from None
        if not 0 <= phase.start < 1 or phase.size % 32 or phase.size < 32 or phase.batch < 2:
            raise TrainingError(
                f"A phase starts in [0, 1), has a size that 32 divides and a batch of 2 or more: {text!r}."
            )
        return phase


PHOTO_FAULTS = PhotoFaults(
    occluders=0.12, gradients=0.15, low_light=0.05, colour=0.4, white_balance=0.1, texture=0.05, blur=0.25, shrink=0.2,
    noise=0.35, jpeg=0.4,
)  # fmt: skip
"""Photographs have faults of their own."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that decides a run's result, besides its data and its first weights."""

    samples: int = 3_000_000
    phases: tuple[Phase, ...] = (Phase(0.0, 96, 48),)
    learning_rate: float = 1e-3  # at a batch of 64; it goes with the root of the batch
    warmup: int = 20_000  # samples
    weight_decay: float = 0.05
    average: float = 0.997  # of the exponential moving average, a step at a batch of 64
    clip: float = 4.0  # norm of the gradient
    twins: float = 0.25  # share of a batch that is shown again, mirrored
    boxes: float = 0.5  # share of crops cut by the detector's own boxes, where they are known
    photographs: float = 0.65  # share of a batch, where there are any
    drop_path: float = 0.0
    spread_deg: float = 2.0  # of the bins' labels; much less and bins of 3 degrees shift the mean
    seed: int = 1
    faults: PhotoFaults = field(default_factory=PhotoFaults)
    photo_faults: PhotoFaults = field(default_factory=lambda: PHOTO_FAULTS)
    weights: LossWeights = field(default_factory=LossWeights)
    crop: CropSpec = field(default_factory=CropSpec)  # its input size is the phases'
    distil: float = 0.0  # weight of a teacher's answers

    def phase_at(self, seen: int) -> Phase:
        share = seen / self.samples
        return [phase for phase in sorted(self.phases, key=lambda p: p.start) if phase.start <= share][-1]

    def rate_at(self, seen: int) -> float:
        """Linear warm-up, then a cosine to a hundredth (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
        share = min(1.0, seen / self.samples)
        cosine = 0.5 * (1 + math.cos(math.pi * share))
        ready = min(1.0, (seen + 1) / max(1, self.warmup))
        return self.learning_rate * ready * (0.99 * cosine + 0.01) * math.sqrt(self.phase_at(seen).batch / 64)

    def average_at(self, step: int, batch: int) -> float:
        """Short at first, so that the first weights are forgotten."""
        return min(math.pow(self.average, batch / 64), (1 + step) / (20 + step))
