"""What the network should answer, as tensors, and how a mirror, a crop and a turn change it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from extractor.decode import angles_from_matrix, rotation_matrix
from extractor.training.learning.framing import Framing
from extractor.training.rendering.labels import MIRROR, fit_parallel
from extractor.training.shards import Heads


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Labels of B heads in the coordinates of their picture (image or crop), in the conventions' frames."""

    rotation: Tensor  # (B, 3, 3) head to camera
    kp: Tensor  # (B, K, 3) neutral shape, head frame
    moved: Tensor  # (B, K, 3) with expression, head frame
    points: Tensor  # (B, K, 2) true projections
    scale: Tensor  # (B,)
    t: Tensor  # (B, 2)
    visible: Tensor  # (B, K) 0 or 1
    tone: Tensor  # (B,) 0 dark, 1 medium, 2 light
    glasses: Tensor  # (B,) 1 with, 0 without, -1 unknown
    shape_known: Tensor  # (B,) 1 where kp, moved, scale and t are known: on rendered heads
    points_trust: Tensor  # (B,) what the points count, 0 to 1

    def __len__(self) -> int:
        return len(self.rotation)

    @property
    def angles_deg(self) -> Tensor:
        """(B, 3) pitch, yaw, roll."""
        return angles_from_matrix(self.rotation)

    @property
    def exp(self) -> Tensor:
        """(B, K, 3) the expression's displacement in the camera-aligned frame, in units of ``kp``."""
        return (self.moved - self.kp) @ self.rotation.mT

    @classmethod
    def of(cls, heads: Heads) -> Targets:
        """Labels of whole pictures."""
        scale, t = fit_parallel(heads)

        def single(x: object) -> Tensor:
            return torch.as_tensor(x, dtype=torch.float32)

        return cls(
            rotation=single(heads.rotation),
            kp=single(heads.neutral),
            moved=single(heads.deformed),
            points=single(heads.points),
            scale=single(scale),
            t=single(t),
            visible=single(heads.visible),
            tone=torch.as_tensor(heads.tone, dtype=torch.long),
            glasses=torch.as_tensor(heads.glasses, dtype=torch.long),
            shape_known=torch.ones(len(heads)),
            points_trust=torch.ones(len(heads)),
        )

    def take(self, rows: Tensor | slice) -> Targets:
        return Targets(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def to(self, device: torch.device) -> Targets:
        return Targets(**{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})

    @classmethod
    def join(cls, parts: list[Targets]) -> Targets:
        return cls(**{f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(cls)})

    def mirror(self, rows: Tensor) -> Targets:
        """Mirror the pictures where ``rows`` (B,) is true: left and right change names."""
        order = torch.as_tensor(MIRROR, device=rows.device)
        flip = torch.tensor([-1.0, 1.0, 1.0], device=rows.device)

        def pick(mirrored: Tensor, plain: Tensor) -> Tensor:
            return torch.where(rows.view(-1, *[1] * (plain.ndim - 1)), mirrored, plain)

        return replace(
            self,
            rotation=pick(flip[:, None] * self.rotation * flip, self.rotation),
            kp=pick(self.kp[:, order] * flip, self.kp),
            moved=pick(self.moved[:, order] * flip, self.moved),
            points=pick(self.points[:, order] * flip[:2], self.points),
            t=pick(self.t * flip[:2], self.t),
            visible=pick(self.visible[:, order], self.visible),
        )

    def crop(self, framing: Framing) -> Targets:
        """The labels in the coordinates of crops; ``framing.mirrored`` is applied first."""
        plain = self.mirror(framing.mirrored)
        zero = torch.zeros_like(framing.roll_deg)
        turn = rotation_matrix(torch.stack([zero, zero, -framing.roll_deg], dim=-1))
        # The lens bends points but not the parallel projection that scale and t stand for.
        straight = replace(framing, lens=zero)
        return replace(
            plain,
            rotation=turn @ plain.rotation,
            points=framing.to_crop(plain.points),
            scale=plain.scale / framing.half,
            t=straight.to_crop(plain.t[:, None])[:, 0],
        )
