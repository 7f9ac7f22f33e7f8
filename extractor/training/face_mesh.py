"""The project's keypoints and a head pose from MediaPipe's face mesh with attention (Apache-2.0)."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from extractor.training.errors import TrainingError
from extractor.training.face_frame import MEAN_FACE
from extractor.training.geometry import Array
from extractor.types import KEYPOINT_NAMES

_MIDDLE: dict[str, tuple[int, ...]] = {
    "nose_tip": (1,), "nasion": (168,), "subnasale": (2,), "lip_up": (0,), "lip_low": (17,), "chin": (175, 152),
}  # fmt: skip
_SIDES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "eye_inner": ((362,), (133,)), "eye_outer": ((263,), (33,)), "lid_up": ((386,), (159,)),
    "lid_low": ((374,), (145,)), "brow_inner": ((285,), (55,)), "brow_mid": ((282,), (52,)),
    "brow_outer": ((276, 300), (46, 70)), "mouth": ((291,), (61,)), "alar": ((358,), (129,)),
}  # fmt: skip
VERTICES = tuple(_MIDDLE.get(name) or _SIDES[name[:-2]]["lr".index(name[-1])] for name in KEYPOINT_NAMES)
"""The mesh's vertices for each keypoint; of two the mean is meant."""

_STEADY = [i for i, name in enumerate(KEYPOINT_NAMES) if name.split("_")[0] not in ("lid", "lip", "mouth", "chin")]


def keypoints(mesh: Array) -> Array:
    """(..., 24, 3) of the mesh's vertices (..., 478, 3)."""
    return np.stack([mesh[..., list(each), :].mean(-2) for each in VERTICES], axis=-2)


def mesh_rotation(points: Array) -> Array:
    """(n, 3, 3) head to camera: the mean face laid on the parts of (n, 24, 3) that expressions hardly move."""
    face, found = MEAN_FACE[_STEADY], np.asarray(points, np.float64)[:, _STEADY]
    turns = np.full((len(found), 3, 3), np.nan)
    known = np.isfinite(found).all((1, 2))
    a, b = face - face.mean(0), found[known] - found[known].mean(1, keepdims=True)
    u, _, vt = np.linalg.svd(a.T @ b)
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    turns[known] = np.swapaxes(u @ vt, 1, 2)
    return turns


class FaceMesh:
    """The mesh on still pictures of one face.  Raises ``TrainingError`` where MediaPipe is missing."""

    def __init__(self) -> None:
        try:
            from mediapipe.python.solutions.face_mesh import FaceMesh as Model
        except ImportError as error:
            raise TrainingError(f"The face mesh needs MediaPipe ({error}).") from error
        self._model: Any = Model(
            static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
        )

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model.close()

    def find(self, picture: Array) -> Array | None:
        """(478, 3) of an (S, S, 3) uint8 RGB picture whose edges are -1 and +1; the depth has the same unit."""
        found = self._model.process(np.ascontiguousarray(picture)).multi_face_landmarks
        if not found:
            return None
        mesh = np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float32)
        return mesh * 2 - np.array([1, 1, 0], np.float32)
