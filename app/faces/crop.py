"""From a face box to the network's input, and back: pure geometry and one resize.

Frame coordinates are continuous: pixel (i, j) covers [i, i+1) x [j, j+1), so a frame's edges
are 0 and its width or height.  Crop coordinates are the network's: x right, y down,
the crop's edges at -1 and +1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.frames import Box, Floats, Image
from extractor.types import CropSpec


@dataclass(frozen=True, slots=True)
class CropTransform:
    """A square of whole frame pixels, resized to ``size`` pixels; never rotated.

    The square lies on whole pixels because a resize of a slice is then exactly the affine given
    here.  It may leave the frame.
    """

    left: int
    top: int
    side: int  # frame pixels, at least 1
    size: int  # pixels of the network's input, at least 1

    @classmethod
    def from_affine(cls, crop_to_frame: NDArray[np.floating[Any]], size: int) -> CropTransform:
        """The square whose ``crop_to_frame`` is this (2, 3), for an input of ``size`` pixels."""
        half = float(crop_to_frame[0, 0])
        left, top = (float(v) - half for v in crop_to_frame[:, 2])
        return cls(round(left), round(top), round(2 * half), size)

    @property
    def crop_to_frame(self) -> Floats:
        """(2, 3) affine from crop coordinates to frame coordinates."""
        half = self.side / 2
        return np.array([[half, 0, self.left + half], [0, half, self.top + half]], np.float32)


def crop_square(box: Box, spec: CropSpec) -> CropTransform:
    """The square for a face box: side ``spec.side`` times its longer side, ``spec.up`` of it above its centre.

    Snapped to whole pixels, which moves an edge by at most half a pixel.
    """
    longer = max(box.w, box.h)
    side = max(1, round(spec.side * longer))
    left = round(box.x + box.w / 2 - side / 2)
    top = round(box.y + box.h / 2 - spec.up * longer - side / 2)
    return CropTransform(left, top, side, spec.input_size)


def box_behind(crop_to_frame: NDArray[np.floating[Any]], spec: CropSpec) -> Box:
    """The square face box whose crop by ``spec`` has this affine, (2, 3): ``crop_square`` gives the same crop again.

    A network with another ``spec`` gets its own crop of the same face from it.
    """
    side = 2 * float(crop_to_frame[0, 0])
    longer = side / spec.side
    x, y = (float(v) for v in crop_to_frame[:, 2])
    return Box(x - longer / 2, y + spec.up * longer - longer / 2, longer, longer)


def extract_all(image_bgr: Image, transforms: Sequence[CropTransform], size: int) -> Image:
    """(n, S, S, 3): ``extract`` of each, written into one array; ``size`` is S, as in all of them."""
    crops = np.empty((len(transforms), size, size, 3), np.uint8)
    for crop, transform in zip(crops, transforms, strict=True):
        extract(image_bgr, transform, crop)
    return crops


def extract(image_bgr: Image, transform: CropTransform, out: Image | None = None) -> Image:
    """The square as the network wants it: (S, S, 3) RGB uint8, contiguous; into ``out`` where there is one.

    Outside the frame the nearest pixel of its edge is repeated.  Shrinking averages over areas,
    so fine texture does not alias; enlarging is bilinear.
    """
    height, width = image_bgr.shape[:2]
    left, right, before_x, after_x = _inside(transform.left, transform.side, width)
    top, bottom, before_y, after_y = _inside(transform.top, transform.side, height)
    part = image_bgr[top:bottom, left:right]
    if before_x or after_x or before_y or after_y:
        part = _u8(cv2.copyMakeBorder(part, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE))
    if transform.side != transform.size:
        shrinks = transform.side > transform.size
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        part = _u8(cv2.resize(part, (transform.size, transform.size), interpolation=method))
    return _u8(cv2.cvtColor(part, cv2.COLOR_BGR2RGB, dst=out))


def sharpness_of(crop: Image) -> float:
    """Variance of the Laplacian of a crop (S, S, 3) RGB, in grey levels squared (Pech-Pacheco et al. 2000).

    Blur, darkness and enlargement make it small alike.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def _u8(array: Any) -> Image:
    return np.asarray(array, np.uint8)  # OpenCV's types say any number; no copy is made


def _inside(start: int, side: int, length: int) -> tuple[int, int, int, int]:
    """First and last-plus-one index within [0, length), at least one, and how often each edge is repeated."""
    first = min(max(start, 0), length - 1)
    stop = min(max(start + side, first + 1), length)
    before = min(max(first - start, 0), side - 1)
    return first, stop, before, side - before - (stop - first)
