"""The app's crop on rendered heads, without running a detector: a model of MediaPipe's face boxes.

Measured with the app's short-range detector on 1,470 rendered heads (999 of them in the webcam range),
in units of the parallel projection's scale: the box's longer side is 1.318 (quartiles 1.25 and 1.39,
deviation of its logarithm 0.081, over all poses 0.116); its centre is the projection of the head-frame
point (0, 0.122, 0.05) with a deviation of 0.05 and 0.06 box sides in x and y, up to 0.076 beyond 60
degrees of yaw.  Training draws from somewhat wider distributions, so that the full-range model, the
tracker and late boxes are covered too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from extractor.types import CropSpec

BOX_SIDE = 1.318
BOX_CENTRE = (0.0, 0.122, 0.05)
SIDE_SPREAD = 0.12
CENTRE_SPREAD = 0.075
ROLL_SPREAD_DEG = 9.0
LENS_SPREAD = 0.03
BOX_LATE = 0.025  # of a box's side: what tracking and smoothing do to the detector's boxes


@dataclass(frozen=True, slots=True, eq=False)
class Framing:
    """How B crops are cut: ``image = centre + half * turn(roll) @ lens(crop)``, all in [-1, 1] coordinates."""

    centre: Tensor  # (B, 2) image coordinates
    half: Tensor  # (B,) half the crop's side
    roll_deg: Tensor  # (B,) the image content turns by minus this
    lens: Tensor  # (B,) k of ``lens(g) = g * (1 + k |g|^2)``
    mirrored: Tensor  # (B,) bool: the picture is mirrored first

    def take(self, rows: Tensor) -> Framing:
        return Framing(self.centre[rows], self.half[rows], self.roll_deg[rows], self.lens[rows], self.mirrored[rows])

    def to_image(self, crop: Tensor) -> Tensor:
        """Crop coordinates (B, N, 2) to coordinates of the (mirrored) image."""
        bent = crop * (1 + self.lens[:, None, None] * crop.square().sum(-1, keepdim=True))
        return self.centre[:, None] + self.half[:, None, None] * (bent @ _turn(self.roll_deg).mT)

    def to_crop(self, image: Tensor) -> Tensor:
        """Coordinates of the (mirrored) image (B, N, 2) to crop coordinates."""
        bent = (image - self.centre[:, None]) / self.half[:, None, None] @ _turn(self.roll_deg)
        crop = bent
        for _ in range(12):  # fixed point of a mild distortion
            crop = bent / (1 + self.lens[:, None, None] * crop.square().sum(-1, keepdim=True))
        return crop


def box_framing(rotation: Tensor, scale: Tensor, t: Tensor, spec: CropSpec | None = None) -> Framing:
    """The crop of the expected box: rotation (B, 3, 3), scale (B,), t (B, 2) of the parallel projection."""
    return _framing(rotation, scale, t, spec or CropSpec(), None)


def sample_framing(
    rotation: Tensor, scale: Tensor, t: Tensor, generator: torch.Generator, spec: CropSpec | None = None
) -> Framing:
    """Crops as the app may cut them, turned and bent a little; half of the pictures are mirrored."""
    return _framing(rotation, scale, t, spec or CropSpec(), generator)


def from_boxes(
    framing: Framing, boxes: Tensor, generator: torch.Generator, share: float, spec: CropSpec | None = None
) -> Framing:
    """Some of the crops as the app cuts them from the detector's ``boxes`` (B, 3), a little late or smoothed.

    ``share`` of those whose box is known; their mirroring, roll and lens stay.
    """
    spec = spec or CropSpec()
    batch, device = len(boxes), boxes.device

    def dice(draw: Callable[..., Tensor], *shape: int) -> Tensor:
        return draw(shape, generator=generator, device=generator.device).to(device)

    chosen = (dice(torch.rand, batch) < share) & boxes.isfinite().all(1)
    side = boxes[:, 2] * (dice(torch.randn, batch) * BOX_LATE).exp()
    x = torch.where(framing.mirrored, -boxes[:, 0], boxes[:, 0])
    centre = (
        torch.stack([x, boxes[:, 1] - spec.up * side], dim=1) + side[:, None] * dice(torch.randn, batch, 2) * BOX_LATE
    )
    return replace(
        framing,
        centre=torch.where(chosen[:, None], centre, framing.centre),
        half=torch.where(chosen, spec.side * side / 2, framing.half),
    )


def _framing(rotation: Tensor, scale: Tensor, t: Tensor, spec: CropSpec, generator: torch.Generator | None) -> Framing:
    batch, device = len(scale), scale.device

    def normal(spread: float, *shape: int) -> Tensor:
        if generator is None:
            return torch.zeros(shape, device=device)
        # Cut at 2.5 deviations: a crop that misses the face teaches nothing.
        drawn = torch.randn(shape, generator=generator, device=generator.device).clamp(-2.5, 2.5)
        return drawn.to(device) * spread

    mirrored = torch.zeros(batch, dtype=torch.bool, device=device)
    if generator is not None:
        mirrored = (torch.rand(batch, generator=generator, device=generator.device) < 0.5).to(device)
    sign = torch.where(mirrored, -1.0, 1.0)
    point = torch.tensor(BOX_CENTRE, device=device)
    box = BOX_SIDE * scale * normal(SIDE_SPREAD, batch).exp()
    centre = scale[:, None] * (rotation @ point)[:, :2] + t
    centre = torch.stack([centre[:, 0] * sign, centre[:, 1]], dim=1) + box[:, None] * normal(CENTRE_SPREAD, batch, 2)
    centre = centre - torch.stack([torch.zeros_like(box), spec.up * box], dim=1)
    return Framing(
        centre=centre,
        half=spec.side * box / 2,
        roll_deg=normal(ROLL_SPREAD_DEG, batch),
        lens=normal(LENS_SPREAD, batch),
        mirrored=mirrored,
    )


def _turn(angle_deg: Tensor) -> Tensor:
    """(B, 2, 2) clockwise in the image."""
    a = torch.deg2rad(angle_deg)
    return torch.stack([torch.stack([a.cos(), -a.sin()], -1), torch.stack([a.sin(), a.cos()], -1)], -2)
