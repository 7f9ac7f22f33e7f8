"""From pictures in a pool to crops as cameras would show them, in batches, on any device.

First the geometry (one resampling with area averaging), then photographic faults in the order in which
they arise: light, lens, sensor, processing, compression.  Every random number comes from one generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from extractor.training.learning.framing import Framing
from extractor.training.learning.jpeg import compress

KERNEL = 9  # pixels of blur kernels
LEAST_PIXELS = 48  # the smallest face picture that is enlarged to the input


def cut(images: Tensor, framing: Framing, size: int) -> Tensor:
    """Crops (B, 3, size, size) in [0, 1] of uint8 pictures (B, 3, S, S); beyond the edges they are replicated."""
    covered = framing.half * images.shape[-1] / size  # pixels of the picture along a crop's pixel
    if images.device.type == "cpu":
        return cut_by_opencv(images, framing, size, [samples_along(pixels) for pixels in covered.tolist()])
    return cut_by_torch(images, framing, size, samples_along(float(covered.max())))


def samples_along(covered: float) -> int:
    """Samples of a crop's pixel along an axis, which are averaged."""
    return min(4, max(1, math.ceil(covered - 0.25)))


def cut_by_torch(images: Tensor, framing: Framing, size: int, fine: int) -> Tensor:
    n = size * fine
    line = (torch.arange(n, device=images.device, dtype=torch.float32) + 0.5) / n * 2 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    grid = framing.to_image(torch.stack([x, y], dim=-1).view(1, -1, 2).expand(len(images), -1, -1))
    sign = torch.where(framing.mirrored, -1.0, 1.0)[:, None]
    grid = torch.stack([grid[..., 0] * sign, grid[..., 1]], dim=-1).view(len(images), n, n, 2)
    crops = F.grid_sample(images.float() / 255, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return F.avg_pool2d(crops, fine) if fine > 1 else crops


def cut_by_opencv(images: Tensor, framing: Framing, size: int, fine: Sequence[int]) -> Tensor:
    """The same in 8-bit numbers, with as many samples as each picture needs: on a CPU a fifth of the time."""
    to_pixels = images.shape[-1] / 2
    pictures = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
    crops = np.empty((len(images), size, size, 3), np.uint8)
    turn = torch.deg2rad(framing.roll_deg)
    numbers = torch.stack(
        [
            *framing.centre.T,
            framing.half,
            turn.cos(),
            turn.sin(),
            framing.lens,
            torch.where(framing.mirrored, -1.0, 1.0),
        ]
    )
    for i, (cx, cy, half, cos, sin, lens, sign) in enumerate(numbers.T.tolist()):
        n = size * fine[i]
        line = (np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1
        x, y = line[None], line[:, None]
        bent = half * to_pixels * (1 + lens * (x**2 + y**2))
        across = sign * ((cos * x - sin * y) * bent + (cx * to_pixels)) + (to_pixels - 0.5)
        down = (sin * x + cos * y) * bent + (cy * to_pixels + to_pixels - 0.5)
        found = cv2.remap(pictures[i], across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if fine[i] > 1:
            cv2.resize(found, (size, size), dst=crops[i], interpolation=cv2.INTER_AREA)
        else:
            crops[i] = found
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


@dataclass(frozen=True, slots=True)
class PhotoFaults:
    """How often each fault occurs; ``strength`` scales them all (0: none)."""

    strength: float = 1.0
    occluders: float = 0.2
    gradients: float = 0.25
    low_light: float = 0.1
    colour: float = 0.6
    white_balance: float = 0.2
    grey: float = 0.12
    gamma: float = 0.3
    texture: float = 0.15
    blur: float = 0.35
    shrink: float = 0.3
    sharpen: float = 0.25
    noise: float = 0.6
    jpeg: float = 0.5


def degrade(x: Tensor, generator: torch.Generator, faults: PhotoFaults) -> Tensor:
    """Photographic faults on (B, 3, S, S) in [0, 1]; the result is rounded to 8 bits."""
    if faults.strength <= 0:
        return x
    dice = _Dice(generator, len(x), x.device, faults.strength)
    x = _apply_to_share(faults.occluders, x, dice, _cover)
    x = _light(x, dice, faults)
    x = _colours(x, dice, faults)
    x = _apply_to_share(faults.texture, x, dice, _texture)
    x = _apply_to_share(faults.blur, x, dice, _blur)
    x = _shrink(x, dice, faults.shrink)
    x = _apply_to_share(faults.noise, x, dice, _noise)
    x = _apply_to_share(faults.sharpen, x, dice, _sharpen)
    x = _apply_to_share(faults.jpeg, x, dice, lambda part, few: compress(part, few.uniform(20, 92)))
    return (x.clamp(0, 1) * 255).round() / 255


class _Dice:
    """Random numbers, one a picture."""

    def __init__(self, generator: torch.Generator, batch: int, device: torch.device, strength: float) -> None:
        self._generator, self._batch, self._device = generator, batch, device
        self.strength = strength

    def of(self, batch: int) -> _Dice:
        """The same for so many pictures."""
        return _Dice(self._generator, batch, self._device, self.strength)

    def _on_device(self, x: Tensor) -> Tensor:
        return x.to(self._device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        drawn = torch.rand((self._batch, *shape), generator=self._generator, device=self._generator.device)
        return self._on_device(drawn) * (high - low) + low

    def normal(self, spread: float, *shape: int) -> Tensor:
        drawn = torch.randn((self._batch, *shape), generator=self._generator, device=self._generator.device)
        return self._on_device(drawn) * (spread * self.strength)

    def chance(self, share: float) -> Tensor:
        return self.uniform(0, 1) < share * min(self.strength, 1.0)

    def pick(self, count: int) -> int:
        return int(torch.randint(count, (), generator=self._generator, device=self._generator.device))


def _choose_rows(rows: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(rows.view(-1, 1, 1, 1), yes, no)


def _apply_to_share(share: float, x: Tensor, dice: _Dice, fault: Callable[[Tensor, _Dice], Tensor]) -> Tensor:
    """The fault on a ``share`` of the pictures; the others cost nothing."""
    rows = dice.chance(share).nonzero()[:, 0]
    return x.index_copy(0, rows, fault(x[rows], dice.of(len(rows)))) if len(rows) else x


def _cover(x: Tensor, dice: _Dice) -> Tensor:
    """One or two boxes or ellipses, plain or grainy, most of them at the edge."""
    size = x.shape[-1]
    line = torch.linspace(-1, 1, size, device=x.device)
    v, u = torch.meshgrid(line, line, indexing="ij")
    for share in (1.0, 0.4):
        half, centre = dice.uniform(0.08, 0.5, 2), dice.uniform(-1.1, 1.1, 2)
        angle = dice.uniform(0, math.pi)[:, None, None]
        du, dv = u - centre[:, 0, None, None], v - centre[:, 1, None, None]
        a = (du * angle.cos() + dv * angle.sin()) / half[:, 0, None, None]
        b = (dv * angle.cos() - du * angle.sin()) / half[:, 1, None, None]
        box = dice.chance(0.5)[:, None, None]
        inside = torch.where(box, torch.maximum(a.abs(), b.abs()), (a.square() + b.square()).sqrt()) < 1
        inside = inside & dice.chance(share)[:, None, None]
        grain = dice.normal(1.0, 1, size, size) * dice.uniform(0, 0.15)[:, None, None, None]
        paint = dice.uniform(0, 1, 3)[:, :, None, None] + grain
        x = torch.where(inside[:, None], paint.clamp(0, 1), x)
    return x


def _light(x: Tensor, dice: _Dice, faults: PhotoFaults) -> Tensor:
    """Exposure, contrast, light that changes colour and strength across the picture, darkness."""
    x = x * dice.normal(0.25).exp()[:, None, None, None] + dice.normal(0.05)[:, None, None, None]
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * dice.normal(0.2).exp()[:, None, None, None] + mean
    line = torch.linspace(-1, 1, x.shape[-1], device=x.device)
    v, u = torch.meshgrid(line, line, indexing="ij")
    slope = dice.normal(0.12, 3, 2) + dice.normal(0.35, 1, 2)
    field = (slope[..., 0, None, None] * u + slope[..., 1, None, None] * v).exp()
    x = _choose_rows(dice.chance(faults.gradients), x * field, x)
    dark = dice.uniform(0.08, 0.4)[:, None, None, None]
    return _choose_rows(dice.chance(faults.low_light), x * dark, x).clamp(0, 1.2)


def _colours(x: Tensor, dice: _Dice, faults: PhotoFaults) -> Tensor:
    cast = torch.where(dice.chance(faults.white_balance)[:, None], dice.normal(0.25, 3), dice.normal(0.09, 3))
    x = x * cast.exp()[:, :, None, None]
    grey = x.mean(1, keepdim=True)
    x = _choose_rows(dice.chance(faults.colour), grey + (x - grey) * dice.uniform(0.3, 1.5)[:, None, None, None], x)
    x = _choose_rows(dice.chance(faults.grey), grey.expand_as(x), x).clamp(0, 1)
    bent = (x + 1e-4) ** dice.normal(0.35).exp()[:, None, None, None]
    return _choose_rows(dice.chance(faults.gamma), bent, x)


def _texture(x: Tensor, dice: _Dice) -> Tensor:
    """A random 3x3 filter that mixes colours and changes surfaces but no shapes, blended with the picture.

    Rendered skin and hair aren't real ones; what is learned should not hang on them (RandConv: Xu et al. 2021,
    arXiv:2007.13003).  The result keeps each picture's mean and contrast.
    """
    batch, channels, height, width = x.shape
    weight = dice.normal(1.0, channels * channels * 9).view(batch * channels, channels, 3, 3)
    padded = F.pad(x, (1,) * 4, mode="replicate").reshape(1, batch * channels, height + 2, width + 2)
    mixed = F.conv2d(padded, weight, groups=batch).view_as(x)
    mean, spread = x.mean((1, 2, 3), keepdim=True), x.std((1, 2, 3), keepdim=True)
    mixed = (mixed - mixed.mean((2, 3), keepdim=True)) / mixed.std((2, 3), keepdim=True).clamp_min(1e-4)
    share = dice.uniform(0.2, 0.7)[:, None, None, None]
    return (x + (mixed * spread + mean - x) * share).clamp(0, 1)


def _sharpen(x: Tensor, dice: _Dice) -> Tensor:
    """What webcams do to look crisp: the difference to a blurred copy is added, so edges get halos."""
    blurred = F.avg_pool2d(F.pad(x, (1,) * 4, mode="replicate"), 3, stride=1)
    return x + (x - blurred) * dice.uniform(0.3, 2.0)[:, None, None, None]


def _blur(x: Tensor, dice: _Dice) -> Tensor:
    """A kernel a picture: Gaussian, a disc (defocus) or a line (motion)."""
    unit = x.shape[-1] / 128
    half = KERNEL // 2
    line = torch.arange(KERNEL, device=x.device, dtype=torch.float32) - half
    v, u = (axis[None] for axis in torch.meshgrid(line, line, indexing="ij"))
    sigma = (dice.uniform(0.3, 1.7) * unit)[:, None, None].clamp_min(0.3)
    gauss = torch.exp(-(u**2 + v**2) / (2 * sigma**2))
    disc = torch.sigmoid(4 * ((sigma * 1.6) - (u**2 + v**2).sqrt()))
    angle = dice.uniform(0, math.pi)[:, None, None]
    along, across = u * angle.cos() + v * angle.sin(), v * angle.cos() - u * angle.sin()
    reach = (dice.uniform(0.8, 4.0) * unit)[:, None, None].clamp(0.5, half)
    streak = torch.sigmoid(4 * (reach - along.abs())) * torch.exp(-(across**2) / 0.5)
    kind = dice.uniform(0, 1)[:, None, None]
    kernel = torch.where(kind < 0.5, gauss, torch.where(kind < 0.7, disc, streak))
    kernel = kernel / kernel.sum((1, 2), keepdim=True)
    batch, channels, height, width = x.shape
    padded = F.pad(x, (half,) * 4, mode="replicate").reshape(1, batch * channels, height + 2 * half, width + 2 * half)
    weight = kernel.repeat_interleave(channels, dim=0)[:, None]
    return F.conv2d(padded, weight, groups=batch * channels).view_as(x)


def _shrink(x: Tensor, dice: _Dice, share: float) -> Tensor:
    """Far faces: a quarter of the batch at a time is made small, by one factor, and enlarged again."""
    size = x.shape[-1]
    least = min(LEAST_PIXELS, size) * 3 // 4
    rows = dice.chance(share)
    parts = []
    for part, chosen in zip(x.chunk(4), rows.chunk(4), strict=True):
        small = least + dice.pick(max(1, size - least))
        low = F.interpolate(part, size=(small, small), mode="area")
        parts.append(
            _choose_rows(chosen, F.interpolate(low, size=(size, size), mode="bilinear", align_corners=False), part)
        )
    return torch.cat(parts)


def _noise(x: Tensor, dice: _Dice) -> Tensor:
    """Read-out noise and shot noise, which grows with the light; coloured or grey, fine or blotchy."""
    size = x.shape[-1]
    coloured = dice.chance(0.5)[:, None, None, None]
    field = torch.where(coloured, dice.normal(1.0, 3, size, size), dice.normal(1.0, 1, size, size))
    blotchy = F.avg_pool2d(F.pad(field, (1,) * 4, mode="replicate"), 3, stride=1) * 2
    field = _choose_rows(dice.chance(0.3), blotchy, field)
    sigma = dice.uniform(1, 14)[:, None, None, None] / 255
    shot = dice.uniform(0, 1)[:, None, None, None]
    return x + field * sigma * (shot * x.clamp_min(0.02).sqrt() * 1.5 + 1 - shot)
