"""The filter's presets: how steady against how quick, measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.core.one_euro import OneEuro


@dataclass(frozen=True, slots=True)
class FilterPreset:
    """One setting of the filter for everything it steadies; None: nothing is filtered."""

    name: str
    tip: str
    rotation: OneEuro | None = None  # speed in degrees a second
    keypoints: OneEuro | None = None  # in sides of the face box a second
    expression: OneEuro | None = None  # in units of the neutral face a second


PRESETS: tuple[FilterPreset, ...] = (
    FilterPreset("off", "Show the numbers as they are measured"),
    FilterPreset(
        "research", "Half the jitter, never more than a frame late",
        OneEuro(3.0, 0.2), OneEuro(3.0, 20.0), OneEuro(3.0, 500.0),
    ),
    FilterPreset(
        "gaming", "Steady at rest, a third of a frame late in quick turns",
        OneEuro(0.8, 0.2), OneEuro(0.8, 20.0), OneEuro(0.8, 500.0),
    ),
    FilterPreset(
        "streaming", "Calmest to look at, up to three frames late",
        OneEuro(0.5, 0.05), OneEuro(0.5, 5.0), OneEuro(0.5, 100.0),
    ),
)  # fmt: skip
"""Measured at 30 frames a second with 0.2 degrees of white noise on each axis, which is what the network leaves
on a quiet face (0.14 to 0.21 on two talking ones, by second differences): jitter as the standard deviation about
a head at rest, lag as the phase of sinusoidal yaw, quick (30 degrees at 0.5 Hz, up to 94 degrees a second) and slow
(5 degrees at 0.25 Hz).

              jitter    lag, quick   lag, slow
    off       0.200°    0 ms         0 ms
    research  0.106°    9 ms         30 ms
    gaming    0.074°    11 ms        44 ms
    streaming 0.053°    27 ms        95 ms

A head that turns with 94 degrees a second moves its nose by about one box side a second, and an expression that
changes fast moves by about a fifth of a bar in a tenth of a second: so keypoints and expression get the same
cutoffs as the rotation, in their own units.
"""

DEFAULT_PRESET = "off"
"""What stands on the screen is then what is recorded, and errors beside a known truth belong to the number shown;
the steadied crop has left little jitter to remove, and a filter is a choice that the person at the screen should make.
"""


CUSTOM = "custom"
CUSTOM_TIP = "Your own cutoffs"

MIN_CUTOFF_HZ = (0.05, 30.0)
"""The least and the greatest cutoff at rest that can be set: below, nothing moves; above, nothing is filtered."""

SPEED_HZ = {"rotation": (0.0, 2.0), "keypoints": (0.0, 200.0), "expression": (0.0, 5000.0)}
"""The least and the greatest cutoff per speed, in Hz per degree, face side or neutral unit a second."""


def custom_text(preset: FilterPreset) -> str:
    """A preset's six numbers, as they are remembered; "off" has the numbers of the quietest change."""
    parts = _parts(preset if preset.rotation is not None else preset_named("research"))
    return " ".join(f"{part.min_cutoff_hz:.4g} {part.cutoff_hz_per_speed:.4g}" for part in parts)


def custom_from(text: str) -> FilterPreset:
    """The custom preset of ``custom_text``; numbers out of range go to its end.  Raises ValueError."""
    numbers = [float(word) for word in text.split()]
    if len(numbers) != 6 or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"six finite numbers make a filter, not {text!r}")
    parts = []
    for i, (low, high) in enumerate(SPEED_HZ.values()):
        cutoff = min(max(numbers[2 * i], MIN_CUTOFF_HZ[0]), MIN_CUTOFF_HZ[1])
        parts.append(OneEuro(cutoff, min(max(numbers[2 * i + 1], low), high)))
    return FilterPreset(CUSTOM, CUSTOM_TIP, *parts)


def _parts(preset: FilterPreset) -> tuple[OneEuro, OneEuro, OneEuro]:
    rotation = preset.rotation
    assert rotation is not None
    return rotation, preset.keypoints or rotation, preset.expression or rotation


def tip_of(name: str) -> str:
    """The description of a preset, or of the custom one."""
    return CUSTOM_TIP if name == CUSTOM else preset_named(name).tip


def preset_named(name: str) -> FilterPreset:
    """Raises ValueError where there is none of that name."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise ValueError(f"There is no filter preset {name!r}; there are {', '.join(preset.name for preset in PRESETS)}.")
