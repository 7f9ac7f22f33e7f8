"""JPEG's losses in torch, a quality for every picture: chroma at half size, quantised 8x8 cosine transforms.

The tables stand in ITU-T T.81, Annex K, and are scaled by quality as libjpeg does.  Entropy coding loses
nothing and is left out.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *(99,) * 32,
)  # fmt: skip


def compress(x: Tensor, quality: Tensor) -> Tensor:
    """Pictures (B, 3, S, S) in [0, 1], S a multiple of 16, after JPEG of ``quality`` (B,)."""
    x = x.clamp(0, 1)
    r, g, b = (x * 255).unbind(1)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    cb, cr = (b - luma) / 1.772, (r - luma) / 1.402
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    luma = _quantise(luma[:, None] - 128, LUMA, scale) + 128
    chroma = _quantise(F.avg_pool2d(torch.stack([cb, cr], 1), 2), CHROMA, scale)
    cb, cr = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False).unbind(1)
    y = luma[:, 0]
    back = torch.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], 1) / 255
    return back.clamp(0, 1)


def _quantise(x: Tensor, table: tuple[int, ...], scale: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    basis = _cosines(x.device)
    steps = torch.tensor(table, dtype=torch.float32, device=x.device).view(8, 8)
    steps = (steps * scale[:, None, None]).round().clamp(1, 255).view(batch, 1, 1, 1, 8, 8)
    blocks = x.reshape(batch, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    coefficients = basis @ blocks @ basis.T
    coefficients = (coefficients / steps).round() * steps
    return (basis.T @ coefficients @ basis).transpose(3, 4).reshape(batch, channels, height, width)


def _cosines(device: torch.device) -> Tensor:
    """(8, 8) the orthonormal cosine transform."""
    k = torch.arange(8, dtype=torch.float32, device=device)
    basis = torch.cos(math.pi / 8 * (k[None] + 0.5) * k[:, None]) / 2
    basis[0] /= math.sqrt(2)
    return basis
