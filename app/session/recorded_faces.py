"""Recorded numbers turned back into the records that are drawn: one frame at a time, nothing is read ahead."""

from __future__ import annotations

import bisect
import math

import numpy as np
from numpy.typing import NDArray

from app.core.frames import Box, Detection, FaceResult, Floats
from app.core.position import Position
from app.core.rotation import rotation_of
from app.session.motion import MotionRecords
from app.session.table import Table
from extractor.decode_arrays import expression_magnitudes
from extractor.types import POSE_HEADS, REGIONS, Angles


def recorded_face(
    table: Table, row: int, names: tuple[str, ...] | None, motion: NDArray[np.void] | None = None
) -> FaceResult | None:
    """The face in a row of a table; None where no pose was measured.

    ``names``: the keypoints', None where they have no meaning.  ``motion``: the frame's record of
    ``motion.bin``, of which a table has no columns: bins, expression by keypoint, the crop.
    Without it these are empty or NaN.
    """
    box = table.box[row].astype(float)
    if not table.success[row] or not np.isfinite(box).all():
        return None
    angles = Angles(*(float(angle) for angle in table.angles_deg[row]))
    keypoints = table.keypoints[row]
    tx, ty, scale = (float(table.column(name)[row]) for name in ("tx", "ty", "scale"))
    t = np.array([tx, ty, 0.0], np.float32)
    rotation = rotation_of(angles)
    crop = _crop(box, keypoints, t)
    kp = exp = np.zeros((table.num_kp, 3), np.float32)
    logits = np.zeros((3, 0), np.float32)
    parts: tuple[float, ...] = (math.nan,) * 3
    if motion is not None and motion["exp"].shape == (table.num_kp, 3):
        kp, exp, t, rotation, crop = (
            np.array(motion[name]) for name in ("kp", "exp", "t", "rotation", "crop_to_frame")
        )
        logits = np.stack([motion[name] for name in POSE_HEADS])
        magnitudes = expression_magnitudes(exp[None], names)
        parts = tuple(float(magnitudes[region][0]) for region in REGIONS)
    return FaceResult(
        face_id=int(table.face_id[row]),
        detection=Detection(Box(*box.tolist()), float(table.column("detection_score")[row])),
        crop_to_frame=crop,
        angles=angles,
        std=Angles(*(float(std) for std in table.std_deg[row])),
        rotation=rotation,
        kp=kp,
        exp=exp,
        scale=scale,
        t=t,
        keypoints=keypoints,
        exp_magnitude=float(table.column("exp_magnitude")[row]),
        brow_magnitude=parts[0],
        eye_magnitude=parts[1],
        mouth_magnitude=parts[2],
        logits=logits,
        quality=float(table.column("quality")[row]),
        position=Position.of(table.position[row], ()),
    )


def _crop(box: NDArray[np.float64], keypoints: Floats, t: Floats) -> Floats:
    """A stand-in for the crop that the table doesn't hold.

    It puts the head's origin, which is where unnamed keypoints have their axes, into the middle of
    the keypoints, or of the box where there are none.
    """
    half = float(max(box[2], box[3])) * 1.075
    middle = box[:2] + box[2:] / 2
    if len(keypoints) and np.isfinite(keypoints).all():
        middle = keypoints.mean(axis=0)
    origin = middle - half * np.nan_to_num(t[:2])
    return np.array([[half, 0.0, origin[0]], [0.0, half, origin[1]]], np.float32)


def motion_of(motion: MotionRecords, frame: int) -> NDArray[np.void] | None:
    """The record of a frame, found by halving: eighteen looks in a file of two hours; None without one."""
    records = motion.records
    k = bisect.bisect_left(range(len(records)), frame, key=lambda i: int(records[i]["frame"]))
    if k < len(records) and int(records[k]["frame"]) == frame:
        record: NDArray[np.void] = records[k]
        return record
    return None
