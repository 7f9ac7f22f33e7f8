"""ConvNeXtV2, top to bottom: sizes, normalisations, block, network, and the heads on it.

After Woo et al., "ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders"
(CVPR 2023, arXiv:2301.00808).  Parameter names and epsilons are as in the published code, so that
published checkpoints fit without renaming.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from extractor.backbone_sizes import EPS, Size, size_by_name
from extractor.types import HEADS, head_widths


class LayerNorm(nn.Module):
    """Normalises over the channels, which come last (B, H, W, C) or first (B, C, H, W).

    The statistics are taken over C alone, at each pixel.
    """

    def __init__(
        self,
        channels: int,
        eps: float = EPS,
        data_format: Literal["channels_last", "channels_first"] = "channels_last",
    ) -> None:
        super().__init__()
        if data_format not in ("channels_last", "channels_first"):
            raise ValueError(f"data_format must be channels_last or channels_first, not {data_format!r}.")
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps
        self.data_format = data_format

    def forward(self, x: Tensor) -> Tensor:
        if self.data_format == "channels_first":
            # A view both ways where the memory is channels-last already, as it is in this network.
            x = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, self.eps)
            return x.permute(0, 3, 1, 2)
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class GRN(nn.Module):
    """Global response normalisation of (B, H, W, C): each channel's energy against the mean energy.

    ``G = ||X||_2`` over height and width, ``N = G / (mean_C(G) + 1e-6)``, ``gamma * (X * N) + beta + X``
    (section 3.3 of the paper).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        # A sum of squares over thousands of pixels overflows in half precision.
        energy: Tensor = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True, dtype=_at_least_single(x.dtype))
        relative = energy / (energy.mean(dim=-1, keepdim=True) + EPS)
        out: Tensor = self.gamma * (x * relative.to(x.dtype)) + self.beta + x
        return out


class DropPath(nn.Module):
    """Stochastic depth: in training, drops a sample's whole residual branch with probability ``rate``.

    What is kept is scaled by ``1 / (1 - rate)``, so that the expectation stays (Huang et al. 2016,
    arXiv:1603.09382).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"The drop path rate must be at least 0 and below 1, not {rate}.")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if self.rate == 0.0 or not self.training:
            return x
        keep = 1.0 - self.rate
        mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        return x * (mask / keep)


class Block(nn.Module):
    """Depthwise 7x7, norm, expansion by four, GELU, GRN, projection, residual; (B, C, H, W) in and out."""

    def __init__(self, channels: int, drop_path: float = 0.0) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, kernel_size=7, padding=3, groups=channels)
        self.norm = LayerNorm(channels)
        self.pwconv1 = nn.Linear(channels, 4 * channels)  # a 1x1 convolution, channels last
        self.act = nn.GELU()
        self.grn = GRN(4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        y = self.dwconv(x).permute(0, 2, 3, 1)
        y = self.norm(y)
        y = self.act(self.pwconv1(y))
        y = self.pwconv2(self.grn(y))
        out: Tensor = x + self.drop_path(y.permute(0, 3, 1, 2))
        return out


class ConvNeXtV2(nn.Module):
    """Images (B, 3, H, W), H and W multiples of 32, to pooled features (B, C)."""

    def __init__(self, size: Size, drop_path_rate: float = 0.0) -> None:
        super().__init__()
        depths, dims = size
        self.num_features = dims[-1]

        stem = nn.Sequential(
            nn.Conv2d(3, dims[0], kernel_size=4, stride=4),
            LayerNorm(dims[0], data_format="channels_first"),
        )
        self.downsample_layers = nn.ModuleList([stem])
        for narrow, wide in pairwise(dims):
            self.downsample_layers.append(
                nn.Sequential(
                    LayerNorm(narrow, data_format="channels_first"),
                    nn.Conv2d(narrow, wide, kernel_size=2, stride=2),
                )
            )

        last = sum(depths) - 1
        rates = iter([drop_path_rate * i / last for i in range(last + 1)])  # deeper blocks drop more often
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(channels, next(rates)) for _ in range(depth)))
            for depth, channels in zip(depths, dims, strict=True)
        )
        self.norm = nn.LayerNorm(dims[-1], eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(downsample(x))
        # Global average pooling.  In a half-precision network the norm and what follows may be in single precision.
        pooled = x.mean(dim=(-2, -1), dtype=_at_least_single(x.dtype))
        features: Tensor = self.norm(pooled.to(self.norm.weight.dtype))
        return features


class Detector(ConvNeXtV2):
    """The backbone with the heads ``fc_kp`` ... ``fc_exp`` on its pooled features."""

    def __init__(self, num_kp: int, num_bins: int, backbone: str, drop_path_rate: float = 0.0) -> None:
        super().__init__(size_by_name(backbone), drop_path_rate)
        for name, width in head_widths(num_kp, num_bins).items():
            self.add_module(f"fc_{name}", nn.Linear(self.num_features, width))
        self.apply(init_weights)

    def head(self, name: str) -> nn.Linear:
        """The head called ``name`` in ``HEADS``."""
        head = self.get_submodule(f"fc_{name}")
        assert isinstance(head, nn.Linear)
        return head

    def forward(self, x: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        features = super().forward(x)
        return {name: self.head(name)(features) for name in HEADS}


def init_weights(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """The published initialisation: normal with deviation 0.02 cut at two, biases zero."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.trunc_normal_(module.weight, std=0.02, generator=generator)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _at_least_single(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
