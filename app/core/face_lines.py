"""Which keypoints are joined by lines, from their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
