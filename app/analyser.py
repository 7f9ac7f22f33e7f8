"""One frame's way from picture to numbers: detector -> tracker -> crop -> backend -> FrameResult."""

from __future__ import annotations

import numpy as np

from app.core.clock import now_s
from app.core.frames import Detection, FaceResult, Frame, FrameResult
from app.faces.crop import CropTransform, crop_square, extract
from app.faces.detector import FaceDetector
from app.faces.tracker import FaceTracker, TrackedFace
from extractor.backends.base import Backend
from extractor.types import Angles, Motion

SURE_STD_DEG = 14.0
"""Spread of the yaw bins up to which there is a face in the crop.

Pitch and roll can't tell: beside a profile their spread is large by nature.  Measured with the
bootstrap weights, 10th to 90th percentile: frontal heads 5.2 to 7.3, profiles beyond 80 degrees
9.9 to 14.6, crops without a face 10.3 to 49.8 (median 18.7).
"""


class FaceAnalyser:
    """Finds the faces of a frame and measures them, all of them in one batch.

    Not thread-safe; it owns none of its parts.
    """

    def __init__(self, detector: FaceDetector, tracker: FaceTracker, backend: Backend) -> None:
        self._detector = detector
        self._tracker = tracker
        self._backend = backend

    def analyse(self, frame: Frame) -> FrameResult:
        """The frame's faces, the primary one first; an empty tuple when there is none."""
        started = now_s()
        faces = self._tracker.update(self._detector.detect(frame.image), frame.time_s)
        detected = now_s()
        spec = self._backend.spec.crop
        transforms = [crop_square(face.box, spec) for face in faces]
        results: tuple[FaceResult, ...] = ()
        if faces:
            crops = np.stack([extract(frame.image, transform) for transform in transforms])
            motion = self._backend.run(crops)
            trained = self._backend.report.pose_trained
            results = tuple(
                _face_result(face, transform, motion, i, trained)
                for i, (face, transform) in enumerate(zip(faces, transforms, strict=True))
            )
            for result in results:
                self._follow(result)
        finished = now_s()
        return FrameResult(frame, results, finished, (detected - started) * 1e3, (finished - detected) * 1e3)

    def _follow(self, face: FaceResult) -> None:
        """Let the tracker keep a face that the detector loses next, a profile say, while the network is sure."""
        affine = face.crop_to_frame
        x, y = affine[:, :2] @ face.t[:2] + affine[:, 2]
        sure = face.pose_trained and face.std.yaw_deg <= SURE_STD_DEG
        self._tracker.follow(face.face_id, (float(x), float(y)), face.scale * float(affine[0, 0]), sure)

    def forget(self) -> None:
        """Start anew with other people: the next frame has nothing to do with the last one."""
        self._tracker.reset()


def _face_result(face: TrackedFace, transform: CropTransform, motion: Motion, i: int, trained: bool) -> FaceResult:
    affine = transform.crop_to_frame
    keypoints = motion.driven[i, :, :2].numpy() @ affine[:, :2].T + affine[:, 2]
    return FaceResult(
        face_id=face.face_id,
        detection=Detection(face.detection.box, face.detection.score),
        crop_to_frame=affine,
        angles=Angles(*motion.angles_deg[i].tolist()),
        std=Angles(*motion.std_deg[i].tolist()),
        rotation=motion.rotation[i].numpy(),
        kp=motion.kp[i].numpy(),
        exp=motion.exp[i].numpy(),
        scale=float(motion.scale[i]),
        t=motion.t[i].numpy(),
        keypoints=keypoints,
        exp_magnitude=float(motion.exp_magnitude[i]),
        brow_magnitude=float(motion.brow_magnitude[i]),
        eye_magnitude=float(motion.eye_magnitude[i]),
        mouth_magnitude=float(motion.mouth_magnitude[i]),
        logits=motion.logits[i].numpy(),
        pose_trained=trained,
    )
