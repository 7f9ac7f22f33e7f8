"""``openface.csv``: the columns that OpenFace 2 writes for ``FeatureExtraction -pose``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.quality import is_low
from app.core.tilt import levelled_cm
from app.session.exporters.base import Exporter, Progress, faces_of_frames
from app.session.session import Session
from app.session.table import MISSING_REASONS, Table, number_field
from extractor import files

COLUMNS = (
    "frame", "face_id", "timestamp", "confidence", "success",
    "pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz", "missing", "face_name",
)  # fmt: skip

"""OpenFace's, and at the end why a frame has no pose, as in ``frames.csv``, and what the face was called in review."""

_NOTHING = ("",) * 6
_EVERY = 1000


def openface_angles(angles_deg: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """OpenFace's pitch, yaw and roll in radians, (N, 3), of ours in degrees, (N, 3).

    OpenFace's camera frame is ours (x right, y down, z away) and so are its signs: a head that is
    lowered has a positive pose_Rx, one turned to the subject's right, the image's left, a positive
    pose_Ry.  But it composes ``R = Rx Ry Rz`` (``Utilities/RotationHelpers.h``), where ours is
    ``Rz Ry Rx``: the three numbers differ as soon as two of them aren't zero.
    """
    sp, sy, sr = np.sin(np.deg2rad(angles_deg, dtype=np.float64)).T
    cp, cy, cr = np.cos(np.deg2rad(angles_deg, dtype=np.float64)).T
    r00, r01, r02 = cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp
    r12, r22 = sr * sy * cp - cr * sp, cy * cp
    # atan2 rather than asin for yaw: asin loses half the digits near 90 degrees.
    return np.stack([np.arctan2(-r12, r22), np.arctan2(r02, np.hypot(r00, r01)), np.arctan2(-r01, r00)], axis=-1)


class OpenFaceCsv(Exporter):
    """One row a face and frame; a frame without a face has one with ``success`` 0 and ``confidence`` 0.

    ``confidence`` is the quality (``app.core.quality``), and ``success`` 0 also where that is below the weights'
    threshold: as in OpenFace the numbers then stand there nevertheless.  Where the quality isn't known,
    ``confidence`` is the detector's score.
    Frames count from 1, as OpenFace's do.  ``pose_T*`` are millimetres; they and ``pose_R*`` stay empty where nothing
    was measured: OpenFace's 0 there would read as a face that looks into the camera.  Where the camera's tilt is known,
    both are what a level camera would have measured.
    """

    name = "openface"
    label = "OpenFace-compatible CSV"
    file = "openface.csv"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        tables = [table.whole for table in (session.table, session.faces) if table is not None]
        angles = {id(table): openface_angles(session.levelled_deg(table)) for table in tables}
        tilt = session.manifest.header.camera_tilt
        positions = {id(table): levelled_cm(table.position[:, :3], tilt) for table in tables}
        confidence = {id(table): _confidence(table) for table in tables}
        low = {
            id(table): is_low(table.column("quality"), session.manifest.header.quality_threshold) for table in tables
        }
        names = session.identities.names
        with files.create_text(folder / self.file) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for k, faces in enumerate(faces_of_frames(session)):
                time = f"{session.table.timestamp_s[k]:.6f}"
                if not faces:
                    writer.writerow((k + 1, 0, time, 0, 0, *_NOTHING, MISSING_REASONS[session.table.missing[k]], ""))
                for table, row in faces:
                    sure, pose = number_field(confidence[id(table)][row], 4), angles[id(table)][row]
                    place = (number_field(10 * float(cm), 1) for cm in positions[id(table)][row])
                    numbers = (*place, *(number_field(angle, 6) for angle in pose))
                    success = int(not low[id(table)][row])
                    face_id = int(table.face_id[row])
                    writer.writerow((k + 1, face_id, time, sure, success, *numbers, "", names.get(face_id, "")))
                if k % _EVERY == 0:
                    progress(k, len(session.table))


def _confidence(table: Table) -> NDArray[np.float32]:
    """(N,) from 0 to 1."""
    quality = table.column("quality")
    return np.where(np.isnan(quality), table.column("detection_score"), quality)
