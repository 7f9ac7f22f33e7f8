"""Frozen records that leave the network: shapes, units and signs are fixed here.

Camera frame: x right, y down, z away from the viewer.  ``R = Rz(roll) @ Ry(yaw) @ Rx(pitch)``
maps the head frame to the camera frame; pitch + looks down, yaw + turns the nose to the
image's left, roll + is clockwise in the image.  Angles are degrees at every public boundary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

HEADS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")
"""The seven heads, in the order in which the network returns them."""

POSE_HEADS = ("pitch", "yaw", "roll")

NUM_BINS = 66
BIN_DEGREES = 3.0
FIRST_BIN_DEGREES = -97.5
"""66 bins of 3 degrees, centres -97.5 to +97.5 (Ruiz et al. 2018, arXiv:1710.00925, and LivePortrait)."""

KEYPOINT_NAMES = (
    "nose_tip", "nasion", "subnasale",
    "eye_inner_l", "eye_inner_r", "eye_outer_l", "eye_outer_r",
    "lid_up_l", "lid_up_r", "lid_low_l", "lid_low_r",
    "brow_inner_l", "brow_inner_r", "brow_mid_l", "brow_mid_r", "brow_outer_l", "brow_outer_r",
    "mouth_l", "mouth_r", "lip_up", "lip_low", "chin", "alar_l", "alar_r",
)  # fmt: skip
"""Meaning of the 24 keypoints of the project's own weights (l and r are the subject's)."""


REGIONS: Mapping[str, tuple[str, ...]] = {
    "brow": ("brow_",),
    "eye": ("eye_", "lid_"),
    "mouth": ("mouth_", "lip_"),
}
"""The keypoints of each region of the face, by the beginning of their names."""


def region_keypoints(names: Sequence[str], region: str) -> tuple[int, ...]:
    """Indices of the keypoints that belong to ``region``, a key of ``REGIONS``."""
    return tuple(i for i, name in enumerate(names) if name.startswith(REGIONS[region]))


def head_widths(num_kp: int, num_bins: int) -> dict[str, int]:
    """Outputs of each head, in the order of ``HEADS``."""
    widths = {"t": 3, "scale": 1, "kp": 3 * num_kp, "exp": 3 * num_kp, **dict.fromkeys(POSE_HEADS, num_bins)}
    return {name: widths[name] for name in HEADS}


class Angles(NamedTuple):
    """Pitch, yaw and roll in degrees."""

    pitch_deg: float
    yaw_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class CropSpec:
    """The square a network was trained on, in units of the detector box's longer side.

    ``side`` is the square's side, ``up`` how far its centre lies above the box centre,
    ``input_size`` the pixels the square is resized to.  These are for weights that say nothing; the shipped ones have
    their own in their metadata.
    """

    side: float = 2.15
    up: float = 0.054
    input_size: int = 256


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """The input and output format of a checkpoint."""

    backbone: str
    num_kp: int
    num_bins: int
    crop: CropSpec
    keypoint_names: tuple[str, ...] | None  # None: the points have no fixed meaning


class _Sized(Protocol):
    @property
    def shape(self) -> Any: ...


ArrayT = TypeVar("ArrayT", bound=_Sized)


@dataclass(frozen=True, slots=True)
class Motion(Generic[ArrayT]):
    """Decoded motion of a batch of B crops, float32: torch tensors from ``decode``, NumPy arrays from a backend.

    K is ``num_kp``, N is ``num_bins``.  ``driven`` is in crop coordinates: x right, y down,
    the crop's edges at -1 and +1.  ``exp`` is the expression displacement in the
    camera-aligned frame in units of ``kp``; the magnitudes are root mean squares of its
    length, over all keypoints or over the named region (NaN where keypoints have no names).
    """

    angles_deg: ArrayT  # (B, 3) pitch, yaw, roll
    std_deg: ArrayT  # (B, 3) spread of the bins, per axis
    rotation: ArrayT  # (B, 3, 3) head to camera
    kp: ArrayT  # (B, K, 3) neutral shape, head frame
    exp: ArrayT  # (B, K, 3)
    scale: ArrayT  # (B,)
    t: ArrayT  # (B, 3), z ignored
    driven: ArrayT  # (B, K, 3)
    exp_magnitude: ArrayT  # (B,)
    brow_magnitude: ArrayT  # (B,)
    eye_magnitude: ArrayT  # (B,)
    mouth_magnitude: ArrayT  # (B,)
    logits: ArrayT  # (B, 3, N) pitch, yaw, roll as the network gave them

    def __len__(self) -> int:
        return int(self.angles_deg.shape[0])


Floats = NDArray[np.float32]
HostMotion = Motion[Floats]
"""The result of a backend: NumPy arrays on the host."""
