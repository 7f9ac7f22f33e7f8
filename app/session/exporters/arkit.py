"""``arkit.csv``: the face's motion by the names of ARKit's blendshapes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.session.exporters.base import Exporter, Progress
from app.session.motion import open_motion
from app.session.session import Session
from app.session.table import MISSING_REASONS
from extractor import files
from extractor.blendshapes import CARRIED, blendshapes
from extractor.types import KEYPOINT_NAMES

COLUMNS = ("frame", "timestamp_s", "face_id", *CARRIED, "missing", "face_name")
_EVERY = 1000


class ArkitCsv(Exporter):
    """A row a frame of the primary face: the blendshapes that the weights carry, 0 to 1, of ``extractor.blendshapes``.

    At rest, where all are 0, is the median of every keypoint over the frames of this face: a person's face is at rest
    most of the time, and nobody need have pressed ``X``.
    Cells are empty where nothing was measured, and the last column says why.
    """

    name = "arkit"
    label = "ARKit blendshapes (CSV)"
    file = "arkit.csv"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        table = session.table.whole
        records = open_motion(session.motion_path).below(len(table))
        names = session.manifest.header.keypoint_names
        if names is None or not set(KEYPOINT_NAMES) <= set(names):
            raise SessionError(
                f"The session {session.folder} has keypoints without names, so nobody knows which of them is the mouth."
            )
        frames = records["frame"].astype(np.int64)
        rest, moved = from_rest(records, np.asarray(table.face_id)[frames])
        row_of = np.full(len(table), -1)
        row_of[frames] = np.arange(len(frames))
        called = session.identities.names
        with files.create_text(folder / self.file) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for k, row in enumerate(row_of):
                known = blendshapes(rest[row], moved[row], names) if row >= 0 else {}
                cells = (f"{known[name]:.4f}" if name in known else "" for name in CARRIED)
                face_id, why = int(table.face_id[k]), MISSING_REASONS[table.missing[k]]
                whose, name = (face_id, called.get(face_id, "")) if row >= 0 else ("", "")
                writer.writerow((k, f"{table.timestamp_s[k]:.6f}", whose, *cells, why, name))
                if k % _EVERY == 0:
                    progress(k, len(table))
        progress(len(table), len(table))


def from_rest(records: NDArray[Any], face_ids: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(M, K, 3) each, in the head frame: the shape at rest of each record's face, and the displacements from it."""
    exp, rotation = records["exp"].astype(np.float64), records["rotation"].astype(np.float64)
    shapes = records["kp"] + exp @ rotation
    rest = np.empty_like(shapes)
    for face_id in np.unique(face_ids):
        own = face_ids == face_id
        rest[own] = np.median(shapes[own], axis=0)
    return rest, shapes - rest
