"""What lies around a tightly cut face: the network must learn nothing from where a photograph ends.

Faces of tight photographs are laid over rendered heads of nearly the same pose, over other backgrounds or over a
blurred copy of themselves, with soft edges.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from extractor.training.learning.augment import cut
from extractor.training.learning.framing import Framing
from extractor.training.learning.photo_pool import TIGHT, PhotoPool
from extractor.training.learning.pool import HeadPool

ON_HEADS, ON_BACKGROUNDS, ON_BLUR = 0.25, 0.15, 0.15
"""Shares of tight photographs; the rest stays as it is."""

NEAREST = 6
"""One of so many rendered heads of the nearest poses is taken."""


def surrounded(
    photos: PhotoPool, heads: HeadPool, rows: Tensor, framing: Framing, size: int, generator: torch.Generator
) -> Tensor:
    """Crops (B, 3, size, size) of photographs with other surroundings."""
    images = photos.images(rows)
    crops = cut(images, framing, size)
    dice = torch.rand(len(rows), generator=generator)
    dice = torch.where(photos.source[rows] == TIGHT, dice, 1.0)
    contents = photos.contents(rows, images)
    cover = soft_edges(contents, framing, size, generator)
    for low, share, background in (
        (0.0, ON_HEADS, _heads), (ON_HEADS, ON_BACKGROUNDS, _backgrounds), (ON_HEADS + ON_BACKGROUNDS, ON_BLUR, _blur),
    ):  # fmt: skip
        chosen = ((dice >= low) & (dice < low + share)).nonzero()[:, 0]
        if len(chosen):
            how = framing.take(chosen)
            under = background(photos, heads, rows[chosen], how, images[chosen], contents[chosen], size, generator)
            over = crops[chosen]
            crops[chosen] = under + cover[chosen] * (over - under)
    return crops


def soft_edges(contents: Tensor, framing: Framing, size: int, generator: torch.Generator) -> Tensor:
    """(B, 1, size, size) 1 inside ``contents`` (B, 4), falling to 0 at its edges; its corners are rounded."""
    n = len(contents)
    few = size // 2
    line = (torch.arange(few, dtype=torch.float32) + 0.5) / few * 2 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    places = framing.to_image(torch.stack([x, y], -1).view(1, -1, 2).expand(n, -1, -1))
    places = places * torch.stack([torch.where(framing.mirrored, -1.0, 1.0), torch.ones(n)], 1)[:, None]
    centre, half = (contents[:, 2:] + contents[:, :2]) / 2, (contents[:, 2:] - contents[:, :2]) / 2
    power = torch.rand(n, 1, generator=generator) * 7 + 3
    away = ((places - centre[:, None]) / half[:, None]).abs().clamp_min(1e-3)
    away = away.pow(power[..., None]).sum(-1).pow(1 / power)
    soft = torch.rand(n, 1, generator=generator) * 0.15 + 0.05
    cover = ((1 - away) / soft).clamp(0, 1).view(n, 1, few, few)
    return F.interpolate(cover, (size, size), mode="bilinear", align_corners=False)


def _heads(
    photos: PhotoPool, heads: HeadPool, rows: Tensor, framing: Framing, _: Tensor, __: Tensor, size: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Crops of rendered heads of the nearest pose whose keypoints lie where the photographs' do."""
    poses = heads.targets.rotation.cpu().flatten(1)
    # The trace of A'B grows as the angle between them shrinks.
    near = (photos.targets.rotation[rows].flatten(1) @ poses.T).topk(min(NEAREST, len(heads)), dim=1).indices
    head = near[torch.arange(len(rows)), torch.randint(near.shape[1], (len(rows),), generator=generator)]
    sign = torch.stack([torch.where(framing.mirrored, -1.0, 1.0), torch.ones(len(rows))], 1)
    photo_points, head_points = photos.targets.points[rows], heads.targets.points[head]
    photo_centre, head_centre = photo_points.mean(1), head_points.mean(1)
    larger = (head_points - head_centre[:, None]).square().sum((1, 2)).sqrt()
    larger = larger / (photo_points - photo_centre[:, None]).square().sum((1, 2)).sqrt()
    to_centre = (photo_centre * sign - framing.centre) * larger[:, None]
    how = Framing(
        head_centre * sign - to_centre, framing.half * larger, framing.roll_deg, framing.lens, framing.mirrored
    )
    return cut(heads.images(head), how, size)


def _backgrounds(
    photos: PhotoPool, heads: HeadPool, rows: Tensor, framing: Framing, _: Tensor, __: Tensor, size: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Parts of rendered pictures away from their middle."""
    n = len(rows)
    angle = torch.rand(n, generator=generator) * 2 * torch.pi
    centre = torch.stack([angle.cos(), angle.sin()], 1) * 0.8
    half = torch.rand(n, generator=generator) * 0.5 + 0.3
    how = Framing(centre, half, framing.roll_deg, torch.zeros(n), framing.mirrored)
    return cut(heads.images(torch.randint(len(heads), (n,), generator=generator)), how, size)


def _blur(
    photos: PhotoPool, heads: HeadPool, rows: Tensor, framing: Framing, images: Tensor, contents: Tensor, size: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """The photographs themselves, filling the crop, out of focus."""
    sign = torch.stack([torch.where(framing.mirrored, -1.0, 1.0), torch.ones(len(rows))], 1)
    centre = (contents[:, 2:] + contents[:, :2]) / 2 * sign
    half = (contents[:, 2:] - contents[:, :2]).amin(1) / 2
    how = Framing(centre, half, framing.roll_deg, torch.zeros(len(rows)), framing.mirrored)
    small = cut(images, how, max(8, size // 16))
    return F.interpolate(small, (size, size), mode="bicubic", align_corners=False).clamp(0, 1)
