"""The published constants of ConvNeXtV2.  No torch: engines that need none know a network by these."""

from __future__ import annotations

from typing import NamedTuple

EPS = 1e-6
"""The number that every normalisation adds to its divisor."""

STRIDE = 32
"""The stem divides height and width by 4 and three downsampling layers by 2 each."""


class Size(NamedTuple):
    """Blocks and channels of the four stages."""

    depths: tuple[int, int, int, int]
    dims: tuple[int, int, int, int]


SIZES = {
    "atto": Size((2, 2, 6, 2), (40, 80, 160, 320)),
    "femto": Size((2, 2, 6, 2), (48, 96, 192, 384)),
    "pico": Size((2, 2, 6, 2), (64, 128, 256, 512)),
    "nano": Size((2, 2, 8, 2), (80, 160, 320, 640)),
    "tiny": Size((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": Size((3, 3, 27, 3), (96, 192, 384, 768)),  # V1's small: V2 was published without one
    "base": Size((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": Size((3, 3, 27, 3), (192, 384, 768, 1536)),
    "huge": Size((3, 3, 27, 3), (352, 704, 1408, 2816)),
}
"""The published sizes by name; the default is tiny."""


def size_by_name(name: str) -> Size:
    """The size called ``name``, with or without ``convnextv2_`` in front; ValueError where there is none."""
    size = SIZES.get(name.removeprefix("convnextv2_"))
    if size is None:
        raise ValueError(f"There is no ConvNeXtV2 size called {name!r}; the sizes are {', '.join(SIZES)}.")
    return size
