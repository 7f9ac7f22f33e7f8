"""MediaPipe's face mesh on still pictures; ``extractor.face_mesh`` makes keypoints and poses of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from extractor.face_mesh import mesh_points
from extractor.training.errors import TrainingError
from extractor.training.geometry import Array


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

    def __exit__(self, *error: object) -> None:
        self._model.close()

    def find(self, picture: Array) -> Array | None:
        """(478, 3) of an (S, S, 3) uint8 RGB picture whose edges are -1 and +1; the depth has the same unit."""
        found = self._model.process(np.ascontiguousarray(picture)).multi_face_landmarks
        if not found:
            return None
        return mesh_points(found[0].landmark)
