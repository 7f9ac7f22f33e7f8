"""MediaPipe's FaceMesh as an estimator: the mesh of the installed wheel, laid on an average face.

It gives 478 points in space and no pose.  Twenty-four of them are the project's keypoints, and the rotation that takes
the average mesh to them is the pose (``extractor.face_mesh``).  Nothing is downloaded: the model lies in the wheel.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.faces.mediapipe_import import import_mediapipe
from app.faces.native_log import native_log_filtered
from extractor.estimator import Capabilities, Estimates
from extractor.face_mesh import FACE_MESH, in_project_frame, keypoints, mesh_points, mesh_rotation
from extractor.types import KEYPOINT_NAMES, CropSpec

CROP = CropSpec(side=2.7, up=0.0, input_size=256)
"""Its own detector must find the face in the crop, for which it needs room around it."""

LEAST_SCORE = 0.3  # there is a face in the crop: the app's detector has found it


class FaceMeshEstimator:
    """See the module."""

    def __init__(self) -> None:
        import_mediapipe()
        import mediapipe
        from mediapipe.python.solutions.face_mesh import FaceMesh

        with native_log_filtered():
            self._mesh: Any = FaceMesh(
                static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=LEAST_SCORE
            )
            self._mesh.process(np.zeros((CROP.input_size, CROP.input_size, 3), np.uint8))  # the first run is slow
        self._silent = False  # it talks until it has found the first face
        self.capabilities = Capabilities(
            name=FACE_MESH,
            summary="MediaPipe FaceMesh: head pose and 24 keypoints, no uncertainty and no expression",
            engine=f"mediapipe {importlib.metadata.version('mediapipe')}",
            model=Path(mediapipe.__file__).parent / "modules/face_landmark/face_landmark_with_attention.tflite",
            crop=CROP,
            num_kp=len(KEYPOINT_NAMES),
            keypoint_names=KEYPOINT_NAMES,
        )

    def estimate(self, crops: NDArray[np.uint8]) -> Estimates:
        """See ``Estimator.estimate``."""
        points = np.full((len(crops), len(KEYPOINT_NAMES), 3), np.nan, np.float32)
        for i, crop in enumerate(crops):
            found = self._landmarks(np.ascontiguousarray(crop))
            if found:
                points[i] = keypoints(mesh_points(found[0].landmark))
        rotation = in_project_frame(mesh_rotation(points))
        return Estimates(rotation.astype(np.float32), points[..., :2])

    def _landmarks(self, crop: NDArray[np.uint8]) -> Any:
        with contextlib.nullcontext() if self._silent else native_log_filtered():
            found = self._mesh.process(crop).multi_face_landmarks
        self._silent = self._silent or bool(found)
        return found

    def close(self) -> None:
        """See ``Estimator.close``."""
        mesh, self._mesh = self._mesh, None
        if mesh is not None:
            mesh.close()
