"""One frame's way from picture to numbers: detector -> tracker -> crop -> backend -> FrameResult."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.core.clock import now_s
from app.core.frames import Detection, FaceResult, Frame, FrameResult, Image
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.core.quality import Evidence, QualityModel
from app.faces.crop import CropTransform, crop_square, extract_all, sharpness_of
from app.faces.detection_schedule import DetectionSchedule
from app.faces.detector import FaceDetector
from app.faces.identity import shape_of
from app.faces.position import position_of
from app.faces.tracker import FaceTracker, Observation, TrackedFace
from extractor.backends.base import Backend
from extractor.types import Angles, HostMotion
from extractor.values import is_number

SURE_STD_DEG = 14.0
"""Spread of the yaw bins up to which there is a face in the crop, for weights that do not say their own.

Weights say it under ``sure_std_deg``: what 95 of 100 rendered heads with an ordinary webcam's faults
stay below, profiles and odd poses included.  Measured: 13.9 with the bootstrap weights, 9.3 with the
femto weights trained on.  Real faces, 10th to 90th percentile of 278 frames: 5.0 to 6.2 and 4.1 to
5.1; what the detector takes for a face in 976 pictures without any: 7.6 to 44.2 and 7.7 to 35.5.
"""

FRONTAL_DEG = 45.0
"""Up to so much yaw the spreads of pitch and roll count too; beside a profile they are large by nature."""

CARRIED = 0.8
"""Where the detector doesn't see the face, the network must be surer than so much of the spread to carry it on."""

OTHERS = 2.0  # the spreads of pitch and roll may be so many times as large as yaw's


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The faces of a frame before the network has seen them."""

    frame: Frame
    faces: tuple[TrackedFace, ...]
    crops: tuple[CropTransform, ...]  # where they are cropped
    detect_ms: float
    looked: bool  # the detector looked at this frame


class FaceAnalyser:
    """Finds the faces of a frame and measures them, all of them in one run of the network.

    Not thread-safe; it owns none of its parts.
    """

    def __init__(
        self,
        detector: FaceDetector,
        tracker: FaceTracker,
        backend: Backend,
        *,
        every_frame: bool = True,
        field_of_view: FieldOfView = ASSUMED,
        face_size: FaceSize | None = None,
    ) -> None:
        """``every_frame``: let the detector look at every frame, rather than follow faces by the network.

        ``field_of_view``: the camera's, with which positions are computed; ``face_size``: of everybody before it,
        None: an adult's average.  Both may be changed at any time.
        """
        self.field_of_view = field_of_view
        self.face_size = face_size
        self._detector = detector
        self.tracker = tracker
        self._backend = backend
        self._schedule = DetectionSchedule(every_frame=every_frame)
        self._sure_std_deg = _sure_std_deg(backend.report.metadata)
        self._quality = QualityModel.of(backend.report.metadata) if backend.report.pose_trained else None

    def analyse(self, frame: Frame) -> FrameResult:
        """The frame's faces, the primary one first; an empty tuple when there is none."""
        return self.finish(self.find(frame))

    def finish(self, found: Found) -> FrameResult:
        """Measure the faces found with the network."""
        started = now_s()
        results: tuple[FaceResult, ...] = ()
        if found.faces and not found.frame.damaged:
            crops = extract_all(found.frame.image, found.crops, self._backend.spec.crop.input_size)
            motion, trained = self._backend.run(crops), self._backend.report.pose_trained
            faces = (
                face_result(face.face_id, face.detection, transform, motion, i, trained)
                for i, (face, transform) in enumerate(zip(found.faces, found.crops, strict=True))
            )
            results = self._settled(
                tuple(self._judged(face, crop, found.frame) for face, crop in zip(faces, crops, strict=True))
            )
        finished = now_s()
        further = self.tracker.further
        hidden = self.tracker.primary is not None and bool(results) and results[0].face_id != self.tracker.primary
        return FrameResult(
            found.frame,
            results,
            finished,
            found.detect_ms,
            (finished - started) * 1e3,
            further=further,
            lacks_primary=hidden,
            quality_threshold=math.nan if self._quality is None else self._quality.threshold,
        )

    def _judged(self, face: FaceResult, crop: Image, frame: Frame) -> FaceResult:
        """The face with its position and quality, where these weights let them be known."""
        height, width = frame.image.shape[:2]
        names = self._backend.spec.keypoint_names
        position = position_of(face, self.field_of_view, width, height, names, self.face_size)
        face = replace(face, position=position)
        if self._quality is None:
            return face
        size = max(face.detection.box.w, face.detection.box.h)
        evidence = Evidence(face.std, face.detection.score, size, sharpness_of(crop))
        return replace(face, quality=self._quality.quality(evidence))

    def find(self, frame: Frame) -> Found:
        """Find the faces by the detector or, in frames that it skips, by the network's last results."""
        started = now_s()
        tracker, time_s = self.tracker, frame.time_s
        # Pictures of a folder have nothing to do with each other.
        looked = self._schedule.due(tracker, time_s) or frame.name is not None
        if looked:
            expected = () if self._schedule.every_frame else tracker.expected(time_s)
            faces = tracker.update(
                self._detector.detect(frame.image, expected, self._schedule.everywhere), time_s
            )  # fmt: skip
        else:
            faces = tracker.carry(time_s)
        spec = self._backend.spec.crop
        transforms = tuple(crop_square(face.box, spec) for face in faces)
        return Found(frame, faces, transforms, (now_s() - started) * 1e3, looked)

    def _settled(self, results: tuple[FaceResult, ...]) -> tuple[FaceResult, ...]:
        """The faces under the numbers they have now that the network has seen them, without those that are none."""
        numbers = self.tracker.learn([self._observation(face) for face in results])
        kept = []
        for face in results:
            number = numbers.get(face.face_id, face.face_id)
            if number is not None:
                kept.append(face if number == face.face_id else replace(face, face_id=number))
        primary = self.tracker.primary
        return tuple(sorted(kept, key=lambda face: face.face_id != primary))

    def _observation(self, face: FaceResult) -> Observation:
        affine = face.crop_to_frame
        x, y = affine[:, :2] @ face.t[:2] + affine[:, 2]
        size = face.scale * float(affine[0, 0])
        says = face.pose_trained and math.isfinite(face.std.yaw_deg)  # whether it is one: estimators may not
        sure = says and face.std.yaw_deg <= self._sure_std_deg
        frontal = abs(face.angles.yaw_deg) <= FRONTAL_DEG
        others = max(face.std.pitch_deg, face.std.roll_deg)
        plausible = sure and not (frontal and others > OTHERS * self._sure_std_deg)
        return Observation(
            face.face_id,
            (float(x), float(y)),
            size,
            sure and face.std.yaw_deg <= CARRIED * self._sure_std_deg,
            plausible=plausible or not says,  # untrained heads can't tell
            shape=shape_of(face.kp) if says and face.kp.size and np.isfinite(face.kp).all() else None,
        )

    def forget(self) -> None:
        """Start anew with other people: the next frame has nothing to do with the last one."""
        self.tracker.reset()
        self._schedule.reset()


def _sure_std_deg(metadata: Mapping[str, object]) -> float:
    value = metadata.get("sure_std_deg")
    if is_number(value) and 0 < value < 1000:
        return float(value)
    return SURE_STD_DEG


def face_result(
    face_id: int, detection: Detection, transform: CropTransform, motion: HostMotion, i: int, trained: bool
) -> FaceResult:
    """Row ``i`` of a network's results, of the crop that ``transform`` cut, in frame pixels."""
    affine = transform.crop_to_frame
    keypoints = np.asarray(motion.driven[i, :, :2]) @ affine[:, :2].T + affine[:, 2]
    return FaceResult(
        face_id=face_id,
        detection=Detection(detection.box, detection.score),
        crop_to_frame=affine,
        angles=Angles(*motion.angles_deg[i].tolist()),
        std=Angles(*motion.std_deg[i].tolist()),
        rotation=np.asarray(motion.rotation[i]),
        kp=np.asarray(motion.kp[i]),
        exp=np.asarray(motion.exp[i]),
        scale=float(motion.scale[i]),
        t=np.asarray(motion.t[i]),
        keypoints=keypoints,
        exp_magnitude=float(motion.exp_magnitude[i]),
        brow_magnitude=float(motion.brow_magnitude[i]),
        eye_magnitude=float(motion.eye_magnitude[i]),
        mouth_magnitude=float(motion.mouth_magnitude[i]),
        logits=np.asarray(motion.logits[i]),
        pose_trained=trained,
    )
