"""``motion.npz``: what the network gave for each frame, for programs that move hair or portraits."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.session.exporters.base import Exporter, Progress
from app.session.motion import open_motion
from app.session.session import Session
from app.session.table import MISSING_REASONS
from extractor import files


class MotionArrays(Exporter):
    """NumPy arrays without pickles, M rows: one for each frame in which the primary face was measured.

    ``frame`` (M,) says which; ``timestamp_s`` (M,) when.  The seven heads as the network gave them:
    ``pitch``, ``yaw``, ``roll`` (M, 66) logits, ``t`` (M, 3), ``exp`` and ``kp`` (M, K, 3), ``scale``
    (M,).  Decoded: ``R`` (M, 3, 3) head to camera, so that a point is ``scale * (R @ kp + exp) + t``
    in crop coordinates (t's z ignored), and ``crop_to_frame`` (M, 2, 3) maps those to pixels.
    ``keypoint_names`` (K,) where they have any.  ``missing``, of all frames, says why one has no pose:
    a place in ``missing_words``.  ``quality`` (M,) is NaN where it isn't known.  ``face_id`` (M,); where faces have
    names, ``named_faces`` (P,) and ``face_names`` (P,).
    """

    name = "npz"
    label = "Raw motion (NumPy)"
    file = "motion.npz"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        arrays = _arrays(session)
        # What np.savez does, but told how far it is; the records stay on the disk and are copied in pieces.
        with files.create(folder / self.file) as file, zipfile.ZipFile(file, "w", allowZip64=True) as archive:
            for done, (name, array) in enumerate(arrays.items()):
                progress(done, len(arrays))
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)  # type: ignore[no-untyped-call]
        progress(len(arrays), len(arrays))


def _arrays(session: Session) -> dict[str, NDArray[Any]]:
    records = open_motion(session.motion_path).below(len(session.table))
    arrays = {name: records[name] for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp", "crop_to_frame")}
    arrays |= {"missing": session.table.missing, "missing_words": np.array(MISSING_REASONS)}
    names = session.manifest.header.keypoint_names
    if names is not None and len(names) == records["kp"].shape[1]:
        arrays["keypoint_names"] = np.array(names)
    frame = records["frame"].astype(np.int64)
    arrays |= {"quality": session.table.quality[frame], "R": records["rotation"]}
    arrays |= {"face_id": session.table.face_id[frame]}
    if called := session.identities.names:
        arrays |= {"named_faces": np.array(list(called)), "face_names": np.array(list(called.values()))}
    return {"frame": frame, "timestamp_s": session.table.timestamp_s[frame], **arrays}
