"""What was measured, drawn into a picture from the numbers alone; without Qt, for exports and virtual cameras."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.face_lines import AXIS_LENGTH, FaceLines, box_corners, face_curves, face_lines
from app.core.frames import Image
from app.core.rotation import project_axes, rotation_of
from extractor.types import Angles

Colour = tuple[int, int, int]  # blue, green, red

_DARK: Colour = (20, 18, 16)
_LIGHT: Colour = (247, 244, 242)
_AXES: tuple[tuple[str, Colour], ...] = (
    ("x", (92, 106, 255)),
    ("y", (122, 220, 127)),
    ("z", (255, 178, 77)),
)
_BITS = 4  # cv2 takes sixteenths of a pixel
_FAR = 30_000.0  # beyond it cv2's fixed-point coordinates overflow
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFace:
    """What is drawn of a face: degrees, pixels; NaN where a number is missing."""

    angles: Angles  # the camera's, for the axes must lie on the picture
    box: NDArray[np.float64]  # (4,) x, y, width, height
    keypoints: NDArray[np.float64]  # (K, 2)
    told: Angles | None = None  # what is written at the face; None: the same angles
    name: str = ""


def draw_face(image: Image, face: DrawnFace, names: tuple[str, ...] | None) -> None:
    """Draw box, keypoints, axes and angles into ``image``, (H, W, 3) BGR, in place.

    ``names``: the keypoints', None where they have no meaning and so no lines between them.
    """
    if not np.isfinite(face.box).all():
        return
    longer = float(max(face.box[2], face.box[3]))
    width = min(max(longer / 70, 1.5), 4.0)
    _draw_box(image, face.box, width)
    if len(face.keypoints) and np.isfinite(face.keypoints).all():
        _draw_keypoints(image, face.keypoints, face_lines(names), width)
    if all(math.isfinite(angle) for angle in face.angles):
        _draw_axes(image, face, _origin(face, names), longer, width)
        _draw_angles(image, face)


def draw_notice(image: Image, text: str) -> None:
    """A few words in the middle of ``image``, in place."""
    scale = _text_scale(image)
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    scale = min(scale, scale * (image.shape[1] - 8) / max(width, 1))
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, 1)
    _text(image, text, np.array(((image.shape[1] - width) / 2, (image.shape[0] + height) / 2)), scale, _LIGHT)


def label_of(angles: Angles) -> str:
    """The text at a face; cv2's fonts have neither a degree sign nor a true minus."""
    pitch, yaw, roll = (f"{round(angle, 1) + 0.0:+.1f}" for angle in angles)  # + 0.0: no "-0.0"
    return f"yaw {yaw}  pitch {pitch}  roll {roll} deg"


def _ascii(name: str) -> str:
    """What cv2's fonts can write of a name."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def _origin(face: DrawnFace, names: tuple[str, ...] | None) -> NDArray[np.float64]:
    """The nose in pixels; where no keypoint is called so, their middle, or the box's."""
    if len(face.keypoints) and np.isfinite(face.keypoints).all():
        if names is not None and "nose_tip" in names[: len(face.keypoints)]:
            return np.asarray(face.keypoints[names.index("nose_tip")])
        return np.asarray(face.keypoints.mean(axis=0))
    return face.box[:2] + face.box[2:] / 2


def _draw_box(image: Image, box: NDArray[np.float64], width: float) -> None:
    corners = box_corners(*box.tolist())
    for corner in corners:
        _line(image, corner, _DARK, width + 1.5)
    for corner in corners:
        _line(image, corner, _LIGHT, width * 0.6)


def _draw_keypoints(image: Image, points: NDArray[np.float64], lines: FaceLines, width: float) -> None:
    curves = face_curves(points, lines)
    for curve in curves:
        _line(image, curve, _DARK, width * 0.5 + 1.5)
    for curve in curves:
        _line(image, curve, _LIGHT, width * 0.5)
    for point in points:
        _dot(image, point, width * 0.8 + 0.8, _DARK)
        _dot(image, point, width * 0.8, _LIGHT)


def _draw_axes(image: Image, face: DrawnFace, origin: NDArray[np.float64], longer: float, width: float) -> None:
    offsets, magnification = project_axes(rotation_of(face.angles), AXIS_LENGTH * longer)
    for i in np.argsort(magnification):  # the farthest first
        name, colour = _AXES[i]
        tip = origin + offsets[i]
        _line(image, (origin, tip), _DARK, width + 2)
        _line(image, (origin, tip), colour, width)
        _dot(image, tip, width * 1.3 + 0.8, _DARK)
        _dot(image, tip, width * 1.3, colour)
        length = float(np.hypot(*offsets[i]))
        if length > 12:  # otherwise it points at the viewer, and a letter would cover the nose
            scale = _text_scale(image) * 0.9
            away = tip + offsets[i] / length * (14 * scale + width * 2)
            _text(image, name, away - (5 * scale, -5 * scale), scale, colour)


def _draw_angles(image: Image, face: DrawnFace) -> None:
    """Above the box, moved into the picture; the upper left corner wins where it doesn't fit."""
    text, scale = f"{_ascii(face.name)}  {label_of(face.told or face.angles)}".lstrip(), _text_scale(image)
    (width, height), base = cv2.getTextSize(text, _FONT, scale, 1)
    scale = min(scale, scale * (image.shape[1] - 8) / max(width, 1))
    (width, height), base = cv2.getTextSize(text, _FONT, scale, 1)
    x, y, w, _ = face.box
    left = max(4.0, min(x + w / 2 - width / 2, image.shape[1] - width - 4.0))
    bottom = max(height + 4.0, min(y - 6.0 - base, image.shape[0] - base - 4.0))
    top_left, bottom_right = (int(left - 4), int(bottom - height - 4)), (int(left + width + 4), int(bottom + base + 2))
    cv2.rectangle(image, top_left, bottom_right, _DARK, cv2.FILLED)
    _text(image, text, np.array((left, bottom)), scale, _LIGHT)


def _text_scale(image: Image) -> float:
    return min(max(image.shape[0] / 1100, 0.3), 2.0)


def _text(image: Image, text: str, at: NDArray[np.float64], scale: float, colour: Colour) -> None:
    place = (round(float(at[0])), round(float(at[1])))
    thick = max(1, round(scale * 1.6))
    cv2.putText(image, text, place, _FONT, scale, _DARK, thick + 2, cv2.LINE_AA)
    cv2.putText(image, text, place, _FONT, scale, colour, thick, cv2.LINE_AA)


def _line(image: Image, points: Any, colour: Colour, width: float) -> None:
    fixed = _fixed(points)
    cv2.polylines(image, [fixed], False, colour, max(1, round(width)), cv2.LINE_AA, _BITS)


def _dot(image: Image, at: Any, radius: float, colour: Colour) -> None:
    x, y = _fixed(at).tolist()
    cv2.circle(image, (x, y), round(radius * (1 << _BITS)), colour, cv2.FILLED, cv2.LINE_AA, _BITS)


def _fixed(points: Any) -> NDArray[np.int32]:
    # cv2 counts from a pixel's centre, the table from its corner.
    pixels = np.clip(np.asarray(points, np.float64) - 0.5, -_FAR, _FAR)
    fixed: NDArray[np.int32] = np.rint(pixels * (1 << _BITS)).astype(np.int32)
    return fixed
