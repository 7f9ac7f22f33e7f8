"""The filter's presets: how steady against how quick, measured."""

from __future__ import annotations

from dataclasses import dataclass

from app.signals.one_euro import OneEuro

__all__ = ["DEFAULT_PRESET", "PRESETS", "FilterPreset", "preset_named"]


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
"""What stands on the screen is then what is recorded, and errors beside a known truth are those of the number shown;
the steadied crop has left little jitter to remove, and a filter is a choice that the person at the screen should make.
"""


def preset_named(name: str) -> FilterPreset:
    """Raises ValueError where there is none of that name."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise ValueError(f"There is no filter preset {name!r}; there are {', '.join(preset.name for preset in PRESETS)}.")
