"""What the review window says of a frame."""

from __future__ import annotations

import math

from app.session.session import Session
from app.session.table import Missing
from app.ui.review.content import Content
from app.ui.widgets.formatting import degrees, spread, unsigned

WHY = {
    Missing.NOTHING: "not measured",
    Missing.NO_FACE: "no face found",
    Missing.SKIPPED: "not measured: skipped while recording",
    Missing.FAILED: "not measured: the detector or the network failed",
    Missing.UNTRAINED: "no pose: the weights' pose heads are untrained",
    Missing.UNKNOWN: "not measured: nobody knows why",
    Missing.DAMAGED: "not measured: a part of this picture is lost in the file",
}
"""What is said of a frame without a pose."""


def numbers_of(session: Session, content: Content, frame: int) -> list[str]:
    """What was measured in a frame; with the other table's difference where there is one."""
    table = session.table
    if not table.success[frame]:
        return [WHY[Missing(int(table.missing[frame]))]]
    parts = []
    for k, name in ((1, "yaw"), (0, "pitch"), (2, "roll")):
        value, std = float(content.series.angles_deg[frame, k]), float(table.std_deg[frame, k])
        text = f"{name} {degrees(value)} {spread(std)}"
        if content.second is not None:
            other = float(content.second.series.angles_deg[frame, k])
            text = f"{name} {degrees(value)} (Δ {degrees(other - value)})"
        parts.append(text)
    parts.append(f"expression {unsigned(float(table.exp_magnitude[frame]), 3)}")
    quality = float(table.quality[frame])
    if math.isfinite(quality):
        parts.append(f"quality {unsigned(quality, 2)}{' (low)' if session.low_quality[frame] else ''}")
    return parts
