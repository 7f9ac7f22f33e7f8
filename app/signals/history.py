"""The last minutes of every plotted number, written by the inference thread, read by the docks."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.derived import DERIVED
from app.core.frames import FaceResult, FrameResult
from app.core.rotation import angles_of, geodesic_deg
from app.core.tilt import as_shown
from extractor.types import POSE_HEADS

COLUMNS = (
    "time_s",
    "pitch_deg", "yaw_deg", "roll_deg",
    "pitch_std_deg", "yaw_std_deg", "roll_std_deg",
    "exp_magnitude",
    "true_pitch_deg", "true_yaw_deg", "true_roll_deg",
    "measured_pitch_deg", "measured_yaw_deg", "measured_roll_deg", "measured_exp_magnitude",
    "brow_magnitude", "eye_magnitude", "mouth_magnitude",
    "tx", "ty", "scale",
    "latency_ms", "quality",
    "x_cm", "y_cm", "z_cm", "x_std_cm", "y_std_cm", "z_std_cm", "distance_cm",
    *(signal.name for signal in DERIVED),
    "keypoint_0_x_px", "measured_keypoint_0_x_px",
    "difference_pitch_deg", "difference_yaw_deg", "difference_roll_deg", "difference_angle_deg",
    "face_id",
)  # fmt: skip
"""``time_s`` is the frame's capture time on the monotonic clock; truth is NaN outside the demo.

Numbers are as shown: filtered and recentred where somebody asked for it; those called
``measured_`` are before the filter.  Measured and true angles are relative to the same reference
as those shown, so that the curves can be compared; ``measured_exp_magnitude`` is as recorded, also
where a person's rest is taken off the one shown.  The last ones are the derived signals, by the
names of ``app.core.derived.DERIVED``, and where in the frame the first keypoint is: what the filter does to one.
``difference_`` is the second network minus the first, both as measured, and the angle of the rotation between them.
``face_id`` says whose numbers they are.
"""

FACE = COLUMNS.index("face_id")

CAPACITY = 18_000  # five minutes at 60 results a second


def row_of(result: FrameResult) -> Sequence[float]:
    """The plotted numbers of the primary face; NaN where there is no face, so that a curve breaks there."""
    truth = result.shown_truth or (np.nan, np.nan, np.nan)
    shown, measured = result.shown_primary, result.primary
    if shown is None or measured is None or not shown.face.pose_trained:
        known = {"time_s": result.frame.captured_s, "latency_ms": result.latency_ms}
        known |= {f"true_{axis}_deg": angle for axis, angle in zip(POSE_HEADS, truth, strict=True)}
        return [known.get(name, np.nan) for name in COLUMNS]
    face = shown.face
    angles = measured.angles
    if result.reference is not None or result.tilt is not None:
        angles = angles_of(as_shown(measured.rotation, result.reference, result.tilt), near=shown.angles)
    return (
        result.frame.captured_s, *shown.angles, *face.std, face.exp_magnitude, *truth,
        *angles, measured.exp_magnitude, face.brow_magnitude, face.eye_magnitude, face.mouth_magnitude,
        float(face.t[0]), float(face.t[1]), face.scale, result.latency_ms, face.quality,
        *shown.position, shown.position.distance_cm,
        *shown.derived.values(), float(face.keypoints[0, 0]), float(measured.keypoints[0, 0]),
        *_difference(measured, result.second_primary), face.face_id,
    )  # fmt: skip


def _difference(first: FaceResult, second: FaceResult | None) -> Sequence[float]:
    if second is None or not (first.pose_trained and second.pose_trained):
        return (np.nan,) * 4
    angle = geodesic_deg(first.rotation, second.rotation)
    return *(b - a for a, b in zip(first.angles, second.angles, strict=True)), angle


def face_changes(ids: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of (n,) face numbers, NaN without a face, at which another face begins than the one before."""
    known = np.flatnonzero(np.isfinite(ids))
    changed: NDArray[np.intp] = known[1:][np.diff(ids[known]) != 0]
    return changed


def faces_of(rows: NDArray[np.float64]) -> list[int]:
    """The numbers of the faces in rows of ``History``, in the order of their coming."""
    ids = rows[:, FACE]
    return list(dict.fromkeys(ids[np.isfinite(ids)].astype(int).tolist()))


def of_newest_face(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those since the last change of the primary face: a mean over two people's poses says nothing."""
    changes = face_changes(rows[:, FACE])
    return rows[changes[-1] :] if len(changes) else rows


def broken_at_faces(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with a row without numbers wherever the face changes, so that no line joins two people."""
    changes = face_changes(rows[:, FACE])
    if not len(changes):
        return rows
    gaps = np.full((len(changes), rows.shape[1]), np.nan)
    gaps[:, 0] = rows[changes, 0]
    return np.insert(rows, changes, gaps, axis=0)


class History:
    """A ring of the last ``capacity`` rows, and beside it the expression of every keypoint.

    Each row is written twice, ``capacity`` apart: so the last rows always lie in one piece, and
    reading copies nothing but them.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        # Written to at once: taken page by page, it would grow for ten minutes and more, like a leak.
        self._rows = np.full((2 * capacity, len(COLUMNS)), np.nan)
        self._expression = np.empty((2 * capacity, 0), np.float32)
        self.count = 0  # rows ever appended since ``clear``; tells a plot whether anything is new

    def append(self, result: FrameResult) -> None:
        """Add the numbers of a result."""
        row = row_of(result)
        shown = result.shown_primary
        face = shown.face if shown is not None else None
        lengths = np.linalg.norm(face.exp, axis=1) if face is not None and face.pose_trained else np.nan
        with self._lock:
            if face is not None and self._expression.shape[1] != len(face.exp):  # other weights
                self._expression = np.full((2 * self._capacity, len(face.exp)), np.nan, np.float32)
            place = self.count % self._capacity
            for i in (place, place + self._capacity):
                self._rows[i] = row
                self._expression[i] = lengths
            self.count += 1

    def clear(self) -> None:
        """Forget all numbers."""
        with self._lock:
            self.count = 0

    def last(self, seconds: float) -> NDArray[np.float64]:
        """A copy of the rows of the last ``seconds`` before the newest, (n, len(COLUMNS)), oldest first."""
        with self._lock:
            return self._rows[self._span(seconds)].copy()

    def last_expression(self, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
        """Times (n,), the length of each keypoint's displacement (n, K), and the face (n,), oldest first; NaN without.

        As shown, in units of the neutral keypoints.  K is 0 before the first face.
        """
        with self._lock:
            span = self._span(seconds)
            return self._rows[span, 0].copy(), self._expression[span].copy(), self._rows[span, FACE].copy()

    def _span(self, seconds: float) -> slice:
        n = min(self.count, self._capacity)
        start = self.count % self._capacity if self.count > self._capacity else 0
        if not n:
            return slice(0, 0)
        times = self._rows[start : start + n, 0]
        return slice(start + int(np.searchsorted(times, times[-1] - seconds)), start + n)
