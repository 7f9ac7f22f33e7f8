"""What the review window says of a frame."""

from __future__ import annotations

import contextlib
import math

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.core.position import NOWHERE
from app.session.table import Missing
from app.ui.review.content import Content
from app.ui.review.loading import Loaded
from app.ui.widgets.formatting import ANGLES, degrees, spread, unsigned

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
WORTH_MEASURING = 0.2  # share of skipped frames from which on measuring again is proposed


def skipped_text(missing: NDArray[np.int8]) -> str:
    """What to do where the network left many frames out while recording; nothing where not.  ``missing`` (N,)."""
    skipped = int(np.count_nonzero(missing == Missing.SKIPPED))
    if skipped < WORTH_MEASURING * max(len(missing), 1):
        return ""
    return f"{skipped} of {len(missing)} frames were left out; Ctrl+M measures every one."


def numbers_of(loaded: Loaded, content: Content, frame: int) -> list[str]:
    """What was measured in a frame; with the other table's difference where there is one."""
    table = loaded.rows
    if not table.success[frame]:
        why = Missing(int(table.missing[frame]))
        return [f"{loaded.called} was not found" if loaded.called and why is Missing.NO_FACE else WHY[why]]
    parts = []
    for name, k in ANGLES.items():
        value, std = float(content.series.angles_deg[frame, k]), float(table.std_deg[frame, k])
        text = f"{name} {degrees(value)} {spread(std)}"
        if content.second is not None:
            other = float(content.second.series.angles_deg[frame, k])
            text = f"{name} {degrees(value)} (Δ {degrees(other - value)})"
        parts.append(text)
    parts.append(f"expression {unsigned(float(table.exp_magnitude[frame]), 3)}")
    quality = float(table.quality[frame])
    if math.isfinite(quality):
        parts.append(f"quality {unsigned(quality, 2)}{' (low)' if loaded.low_quality[frame] else ''}")
    with contextlib.suppress(SessionError):  # the picture says it
        faces = loaded.session.faces_of(frame)
        position = next((face.position for face in faces if loaded.face in (None, face.face_id)), NOWHERE)
        if math.isfinite(position.z_cm):
            parts.append(f"distance {unsigned(position.distance_cm, 0, ' cm')}")
    return parts
