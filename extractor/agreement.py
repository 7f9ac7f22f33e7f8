"""Do two computations of one network agree?  Said in degrees, shares of the crop and of the expression's spread.

Engines, precisions and processors round differently: what may differ by how much is stated here, once, in
what a person sees, over crops of faces.  Raw outputs, or pictures of noise, on which a network is unsure
of everything, would tell processors apart and not a right engine from a damaged one.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extractor.types import Floats, HostMotion


class Difference(NamedTuple):
    """How far one computation is from another, root mean squares over crops."""

    degrees: float  # of the angles
    crop: float  # of the driven keypoints, in sides of the crop
    expression: float  # of exp, to its spread over the crops

    def within(self, most: Difference) -> bool:
        """Whether nothing is larger than in ``most``; what isn't a number is."""
        return all(value <= allowed for value, allowed in zip(self, most, strict=True))

    @property
    def summary(self) -> str:
        """For a person."""
        return f"{self.degrees:.2f} degrees, {self.crop:.2%} of the crop, {self.expression:.0%} of the expression"


MOST = {
    "float32": Difference(0.05, 0.0005, 0.01),
    "bfloat16": Difference(0.2, 0.003, 0.06),
    "float16": Difference(0.2, 0.003, 0.06),
    "int8": Difference(0.5, 0.012, 0.2),
}
"""The most that each precision may differ from torch's float32.

Measured with lite and tiny, with oneDNN told to be five generations of processors (AVX2, AVX-512, its VNNI, bfloat16,
float16): float32 nothing, bfloat16 at most 0.04, 0.0009, 0.013, int8 0.14, 0.0038, 0.061.  Of lite's layers each
was made to give nothing: that is beyond int8's limits but for the three of one block, which does little.  Since lite
sees 160 pixels its bins are sharper: int8 moves its angles by 0.2 degrees, and OpenVINO's bfloat16, which rounds more
often than torch's (0.02), by 0.24 on a Zen 5, so it computes in float32 there.
"""


def difference(found: HostMotion, expected: HostMotion) -> Difference:
    """Compare what was made of the same crops, several of them."""
    spread = _rms(expected.exp - expected.exp.mean(axis=0))
    return Difference(
        _rms(found.angles_deg - expected.angles_deg),
        _rms((found.driven - expected.driven)[..., :2]) / 2,  # the crop's edges are -1 and +1
        _rms(found.exp - expected.exp) / max(spread, 1e-9),
    )


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def check_faces(side: int) -> NDArray[np.uint8]:
    """(6, side, side, 3): moments of the demo, cut as the pipeline cuts them, made as large as the network wants."""
    faces = _faces().astype(np.float32)
    small = faces.shape[1]
    at = np.clip((np.arange(side) + 0.5) * small / side - 0.5, 0, small - 1)
    low = np.minimum(at.astype(int), small - 2)
    share = (at - low).astype(np.float32)
    rows = faces[:, low] * (1 - share)[:, None, None] + faces[:, low + 1] * share[:, None, None]
    both = rows[:, :, low] * (1 - share)[:, None] + rows[:, :, low + 1] * share[:, None]
    return np.ascontiguousarray(np.rint(both).astype(np.uint8))


@functools.cache
def _faces() -> NDArray[np.uint8]:
    """(6, 96, 96, 3)."""
    with resources.files("extractor").joinpath("check_faces.npz").open("rb") as file, np.load(file) as stored:
        faces: NDArray[np.uint8] = stored["faces"]
    return faces
