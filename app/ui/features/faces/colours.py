"""A colour for each face where there are several: Okabe and Ito's palette, which any colour vision tells apart.

Over a picture, so the same in the light and the dark look; numbers stand beside the colours, for
nobody should need them.
"""

from __future__ import annotations

from PyQt6.QtGui import QColor

FACE_COLOURS = tuple(
    QColor(name)
    for name in ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#FFFFFF")
)  # fmt: skip
"""M. Okabe and K. Ito, Color Universal Design, 2008, with white for their black."""


def face_colour(face_id: int) -> QColor:
    """Faces keep their colour as long as their number."""
    return FACE_COLOURS[face_id % len(FACE_COLOURS)]


def ink_on(colour: QColor) -> QColor:
    """Black or white, whichever is read better on ``colour`` (relative luminance as in WCAG 2)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    luminance = 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
    return QColor("#000000") if luminance > 0.179 else QColor("#ffffff")
