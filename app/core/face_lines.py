"""The lines that are drawn at a face, whoever draws them: by Qt in the window, by OpenCV in files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

AXIS_LENGTH = 0.55
"""Of the pose axes, in the face box's longer side."""

_CHAINS = (
    *(
        chain
        for side in "lr"
        for chain in (
            (f"brow_inner_{side}", f"brow_mid_{side}", f"brow_outer_{side}"),
            (
                f"eye_inner_{side}", f"lid_up_{side}", f"eye_outer_{side}", f"lid_low_{side}", f"eye_inner_{side}",
            ),
        )
    ),
    ("nasion", "nose_tip"),
    ("alar_l", "nose_tip", "alar_r", "subnasale", "alar_l"),
    ("mouth_l", "lip_up", "mouth_r", "lip_low", "mouth_l"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaceLines:
    """Chains of keypoint indices, each to be drawn as one polyline."""

    chains: tuple[tuple[int, ...], ...]
    jaw: tuple[int, int, int] | None  # outer eye, chin, outer eye: a curve that only the chin belongs to


@lru_cache(maxsize=8)
def face_lines(names: tuple[str, ...] | None) -> FaceLines:
    """The chains whose points all have a name; none where keypoints have no names."""
    index = {name: i for i, name in enumerate(names or ())}
    chains = [tuple(index[name] for name in chain) for chain in _CHAINS if all(name in index for name in chain)]
    jaw = ("eye_outer_l", "chin", "eye_outer_r")
    left, chin, right = (index.get(name, -1) for name in jaw)
    return FaceLines(tuple(chains), (left, chin, right) if min(left, chin, right) >= 0 else None)


def box_corners(x: float, y: float, width: float, height: float) -> list[Points]:
    """Four polylines, (3, 2) each: the face stays free to be seen."""
    arm = min(width, height) * 0.14
    return [
        np.array([(left + sx * arm, top), (left, top), (left, top + sy * arm)])
        for left, sx in ((x, 1), (x + width, -1))
        for top, sy in ((y, 1), (y + height, -1))
    ]


def face_curves(points: Points, lines: FaceLines) -> list[Points]:
    """Polylines, (M, 2) each, through the keypoints, (K, 2)."""
    curves = [points[list(chain)] for chain in lines.chains]
    return curves if lines.jaw is None else [*curves, _jaw(*points[list(lines.jaw)])]


def _jaw(left: Points, chin: Points, right: Points) -> Points:
    """A curve around the chin, between where the outer eye corners' lines meet the jaw."""
    middle = (left + right) / 2
    down = chin - middle
    t = np.linspace(0, 1, 17)[:, None]
    sides = []
    for eye in (left, right):
        side = eye - middle
        start, first = eye + 0.62 * down - 0.06 * side, eye + 0.85 * down - 0.2 * side
        second = chin + 0.45 * side
        sides.append((1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * chin)
    return np.concatenate([sides[0], sides[1][-2::-1]])
