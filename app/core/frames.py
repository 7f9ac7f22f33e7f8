"""The records that travel one frame's way: Frame -> FaceResult -> FrameResult."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.derived import NO_SIGNALS, DerivedSignals
from app.core.position import NOWHERE, Position, seen_from
from app.core.rotation import angles_of, rotation_of
from app.core.tilt import CameraTilt, as_shown
from extractor.types import Angles

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as captured, never mirrored, never drawn upon."""

    index: int  # 0, 1, 2 ... in its source; a gap is a frame the source lost
    image: Image  # (H, W, 3) BGR, not to be written to
    captured_s: float  # monotonic clock at capture
    media_s: float | None = None  # presentation time within a video file, from its start
    name: str | None = None  # the file's name where each frame is a file of its own
    truth: Angles | None = None  # the demo knows the true pose
    damaged: bool = False  # a part of it was lost and made up: what would be measured in it doesn't count

    @property
    def time_s(self) -> float:
        """A file's own time where it has one, otherwise the clock: a film gives the same numbers at any speed."""
        return self.captured_s if self.media_s is None else self.media_s


@dataclass(frozen=True, slots=True)
class Box:
    """A detector's face box in frame pixels; it may reach outside the frame."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A face as the detector saw it."""

    box: Box
    score: float  # 0 to 1


@dataclass(frozen=True, slots=True, eq=False)
class FaceResult:
    """Everything measured of one face in one frame.

    K keypoints, N bins.  Angles in degrees, signs as in ``extractor.types``.  ``pose_trained``
    is False when the checkpoint had no pose heads: then no number here means anything.
    """

    face_id: int
    detection: Detection
    crop_to_frame: Floats  # (2, 3) affine from crop coordinates in [-1, 1] to frame pixels
    angles: Angles
    std: Angles  # per-axis standard deviation of the bins
    rotation: Floats  # (3, 3) head to camera
    kp: Floats  # (K, 3) neutral shape, head frame
    exp: Floats  # (K, 3) expression displacement, camera-aligned
    scale: float
    t: Floats  # (3,), z ignored
    keypoints: Floats  # (K, 2) driven keypoints in frame pixels
    exp_magnitude: float
    brow_magnitude: float  # NaN where the keypoints have no names, like the next two
    eye_magnitude: float
    mouth_magnitude: float
    logits: Floats  # (3, N) pitch, yaw, roll
    pose_trained: bool = True
    quality: float = math.nan  # 0 to 1, see ``app.core.quality``; NaN where nobody knows
    position: Position = NOWHERE  # by the field of view as it was known then


@dataclass(frozen=True, slots=True, eq=False)
class ShownFace:
    """A face after the signal chain: what is displayed, plotted and sent, never what is recorded."""

    face: FaceResult  # filtered; pose and keypoints stay in the camera's axes, so they lie on the picture
    angles: Angles  # the numbers: in level axes, and relative to straight ahead where somebody has recentred
    rotation: Floats  # (3, 3), the same pose
    derived: DerivedSignals = NO_SIGNALS
    neutral: Floats | None = None  # (K, 3) head frame: what was taken off ``face.exp`` as this person's rest; None: 0
    names: tuple[str, ...] | None = None  # of the keypoints; None where they have none
    tilt: CameraTilt | None = None  # as in ``FrameResult``

    @property
    def position(self) -> Position:
        """In level axes, where the camera's tilt is known; never recentred."""
        return seen_from(self.face.position, self.tilt)


def levelled(face: FaceResult, tilt: CameraTilt) -> ShownFace:
    """A face as measured, with the angles that a level camera would have measured."""
    rotation = tilt.levelled(face.rotation).astype(np.float32)
    return ShownFace(face, angles_of(rotation, near=face.angles), rotation, tilt=tilt)


@dataclass(frozen=True, slots=True, eq=False)
class SecondResult:
    """The faces of a frame as a second network measured them, each in its own crop; never recorded."""

    faces: tuple[FaceResult, ...]  # under the numbers of ``FrameResult.faces``, in the same order
    infer_ms: float = 0.0  # crops, network and decoding


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The faces found in a frame, the primary face first (see ``primary``), with the frame itself.

    ``faces`` are as measured: what is recorded, and compared with the truth.  ``shown`` are the
    same faces, in the same order, after the filter, the camera's tilt and the recentring.
    """

    frame: Frame
    faces: tuple[FaceResult, ...]
    finished_s: float  # monotonic clock when the last number was ready
    detect_ms: float = 0.0
    infer_ms: float = 0.0
    signals: tuple[ShownFace, ...] | None = None  # None: no signal chain has seen it
    reference: Floats | None = None  # (3, 3) measured pose that counts as straight ahead; None: the camera's own
    tilt: CameraTilt | None = None  # None: the camera counts as level
    further: tuple[Box, ...] = ()  # faces that were seen but not measured, for there are more than wanted
    lacks_primary: bool = False  # the primary face is hidden for a moment: ``faces`` are all other people's
    failed: bool = False  # the detector or the engine could not look at the frame: no face means nothing then
    second: SecondResult | None = None  # None: no second network runs beside the first
    quality_threshold: float = math.nan  # poses of less quality are better left out; NaN where nobody knows

    @property
    def primary(self) -> FaceResult | None:
        """The primary face as measured; None when there is none, or when it is hidden for a moment."""
        return None if self.lacks_primary or not self.faces else self.faces[0]

    @property
    def second_primary(self) -> FaceResult | None:
        """The primary face as the second network measured it; None where either is missing."""
        primary = self.primary
        if primary is None or self.second is None:
            return None
        return next((face for face in self.second.faces if face.face_id == primary.face_id), None)

    @property
    def others(self) -> tuple[FaceResult, ...]:
        """The faces that aren't the primary one."""
        return self.faces if self.lacks_primary else self.faces[1:]

    @property
    def shown_primary(self) -> ShownFace | None:
        """``primary``, as shown."""
        return None if self.lacks_primary or not self.faces else self.shown[0]

    @property
    def shown(self) -> tuple[ShownFace, ...]:
        """The faces as shown: after the signal chain, or as measured without one."""
        if self.signals is not None:
            return self.signals
        return tuple(ShownFace(face, face.angles, face.rotation) for face in self.faces)

    @property
    def shown_truth(self) -> Angles | None:
        """The demo's true angles, in the same axes and relative to the same reference as those shown."""
        if self.frame.truth is None or (self.reference is None and self.tilt is None):
            return self.frame.truth
        tilt = None if self.tilt is None else self.tilt.without_bend
        return angles_of(as_shown(rotation_of(self.frame.truth), self.reference, tilt))

    @property
    def shown_reference(self) -> Angles | None:
        """The reference that recentring takes off, in level axes; None where nobody has recentred."""
        return None if self.reference is None else angles_of(as_shown(self.reference, None, self.tilt))

    @property
    def latency_ms(self) -> float:
        """The seconds from capture to the last number."""
        return (self.finished_s - self.frame.captured_s) * 1000.0
