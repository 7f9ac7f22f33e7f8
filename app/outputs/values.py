"""The numbers sent for a face, by name and unit: one table for every protocol that carries named numbers.

The recorded columns have the same names.  Everything is as shown: filtered and recentred.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.derived import DERIVED as DERIVED_SIGNALS
from app.core.derived import DerivedSignal
from app.core.frames import FrameResult, ShownFace
from extractor.blendshapes import blendshapes
from extractor.face_shape import displacements


@dataclass(frozen=True, slots=True)
class Channel:
    """A number of a face; NaN where it is not known."""

    name: str
    unit: str
    read: Callable[[ShownFace], float]


POSE = (
    Channel("pitch_deg", "degrees", lambda s: s.angles.pitch_deg),  # + looks down
    Channel("yaw_deg", "degrees", lambda s: s.angles.yaw_deg),  # + turns the nose to the image's left
    Channel("roll_deg", "degrees", lambda s: s.angles.roll_deg),  # + is clockwise in the image
    Channel("pitch_std_deg", "degrees", lambda s: s.face.std.pitch_deg),
    Channel("yaw_std_deg", "degrees", lambda s: s.face.std.yaw_deg),
    Channel("roll_std_deg", "degrees", lambda s: s.face.std.roll_deg),
)

PLACE = (
    Channel("tx", "half crop sides", lambda s: float(s.face.t[0])),
    Channel("ty", "half crop sides", lambda s: float(s.face.t[1])),
    Channel("scale", "half crop sides per keypoint unit", lambda s: s.face.scale),
    Channel("box_x", "pixels", lambda s: s.face.detection.box.x),
    Channel("box_y", "pixels", lambda s: s.face.detection.box.y),
    Channel("box_w", "pixels", lambda s: s.face.detection.box.w),
    Channel("box_h", "pixels", lambda s: s.face.detection.box.h),
    Channel("detection_score", "0 to 1", lambda s: s.face.detection.score),
    Channel("quality", "0 to 1", lambda s: s.face.quality),  # see app.core.quality
    Channel("x_cm", "centimetres", lambda s: s.position.x_cm),  # + to the right in the image
    Channel("y_cm", "centimetres", lambda s: s.position.y_cm),  # + down
    Channel("z_cm", "centimetres", lambda s: s.position.z_cm),  # + away from the camera
    Channel("x_std_cm", "centimetres", lambda s: s.position.x_std_cm),
    Channel("y_std_cm", "centimetres", lambda s: s.position.y_std_cm),
    Channel("z_std_cm", "centimetres", lambda s: s.position.z_std_cm),
)

EXPRESSION = (
    Channel("exp_magnitude", "keypoint units", lambda s: s.face.exp_magnitude),
    Channel("brow_magnitude", "keypoint units", lambda s: s.face.brow_magnitude),
    Channel("eye_magnitude", "keypoint units", lambda s: s.face.eye_magnitude),
    Channel("mouth_magnitude", "keypoint units", lambda s: s.face.mouth_magnitude),
)


def _derived(signal: DerivedSignal) -> Channel:
    return Channel(signal.name, signal.unit or "none", lambda s: signal.of(s.derived))


DERIVED = tuple(_derived(signal) for signal in DERIVED_SIGNALS)


def faces_to_send(result: FrameResult) -> tuple[ShownFace, ...]:
    """The faces whose numbers mean something, the primary one first."""
    return tuple(shown for shown in result.shown if is_measured(shown))


def is_measured(shown: ShownFace) -> bool:
    """Whether the face has a pose."""
    return shown.face.pose_trained and bool(np.isfinite(shown.rotation).all())


def arkit(shown: ShownFace) -> dict[str, float]:
    """ARKit's blendshapes that are known of the face, 0 to 1 by name; see ``extractor.blendshapes``."""
    face = shown.face
    return blendshapes(face.kp, displacements(face.exp, face.rotation), shown.names)


def read(channels: tuple[Channel, ...], face: ShownFace) -> list[float]:
    """The channels' values of a face."""
    return [float(channel.read(face)) for channel in channels]


def quaternion(rotation: NDArray[np.floating[Any]]) -> tuple[float, float, float, float]:
    """x, y, z, w of a rotation (3, 3), w not negative.

    Shepperd (1978): divided by the largest of the four, so that nothing small is divided by.
    """
    r = np.asarray(rotation, np.float64)
    trace = float(np.trace(r))
    squares = (r[0, 0], r[1, 1], r[2, 2], trace)
    largest = int(np.argmax(squares))
    if largest == 3:
        q = [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 1 + trace]
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        q = [0.0, 0.0, 0.0, r[k, j] - r[j, k]]
        q[i] = 1 - trace + 2 * r[i, i]
        q[j] = r[j, i] + r[i, j]
        q[k] = r[k, i] + r[i, k]
    length = math.copysign(math.sqrt(sum(v * v for v in q)), q[3])
    x, y, z, w = (float(v / length) for v in q)
    return x, y, z, w
