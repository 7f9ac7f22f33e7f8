"""Draws measured faces into a picture from the numbers alone; without Qt, for exports and virtual cameras."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.face_marks import (
    Dots,
    Lines,
    Mark,
    axes_marks,
    box_marks,
    face_lines,
    keypoint_marks,
    line_width,
    pose_axes,
)
from app.core.frames import FaceResult, Image
from app.core.text import plain_letters
from extractor.types import Angles

_DARK = (20, 18, 16)  # blue, green, red, as all colours here
_LIGHT = (247, 244, 242)
_BITS = 4  # cv2 takes sixteenths of a pixel
_FAR = 30_000.0  # beyond it cv2's fixed-point coordinates overflow
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINE = 30  # a line of text at scale 1, in pixels


def draw_face(
    image: Image, face: FaceResult, names: tuple[str, ...] | None, shown: Angles | None = None, label: str = ""
) -> None:
    """Draw box, keypoints, axes and angles into ``image``, (H, W, 3) BGR, in place.

    ``names``: the keypoints', None where they have no meaning and so no lines between them.
    ``shown``: the angles that are written at the face; None: ``face.angles``.  ``label``: its name.
    """
    box = face.detection.box
    if not all(map(math.isfinite, (box.x, box.y, box.w, box.h))):
        return
    width, scale = line_width(max(box.w, box.h)), _text_scale(image)
    marks = box_marks(box.x, box.y, box.w, box.h)
    if len(face.keypoints):
        marks += keypoint_marks(face.keypoints.astype(np.float64), face_lines(names), width)
    measured = all(map(math.isfinite, face.angles))
    if measured:
        marks += axes_marks(*pose_axes(face, face.rotation, names), width, _LINE * scale)
    for mark in marks:
        _draw(image, mark, scale)
    if measured:
        name = plain_letters(label)  # what cv2's fonts can write
        _draw_label(image, face, f"{name}  {label_of(shown or face.angles)}".lstrip())


def draw_notice(image: Image, text: str) -> None:
    """A few words in the middle of ``image``, in place."""
    scale, width, height, _ = _fitting(image, text)
    _text(image, text, ((image.shape[1] - width) / 2, (image.shape[0] + height) / 2), scale, _LIGHT)


def label_of(angles: Angles) -> str:
    """The text at a face; cv2's fonts have neither a degree sign nor a true minus."""
    pitch, yaw, roll = (f"{round(angle, 1) + 0.0:+.1f}" for angle in angles)  # + 0.0: no "-0.0"
    return f"yaw {yaw}  pitch {pitch}  roll {roll} deg"


def _draw(image: Image, mark: Mark, scale: float) -> None:
    """Opacity is left out: an edge is dark, the rest bright."""
    red, green, blue, _ = mark.colour
    colour = blue, green, red
    if isinstance(mark, Lines):
        for line_colour, width in ((_DARK, mark.width + mark.edge), (colour, mark.width)):
            curves = [_fixed(curve) for curve in mark.curves]
            cv2.polylines(image, curves, False, line_colour, max(1, round(width)), cv2.LINE_AA, _BITS)
    elif isinstance(mark, Dots):
        for x, y in _fixed(mark.points).tolist():
            for dot_colour, radius in ((_DARK, mark.radius + 0.8), (colour, mark.radius)):
                cv2.circle(image, (x, y), round(radius * (1 << _BITS)), dot_colour, cv2.FILLED, cv2.LINE_AA, _BITS)
    else:
        (width, height), _ = cv2.getTextSize(mark.text, _FONT, scale, 1)
        _text(image, mark.text, mark.at + np.array([-width / 2, height / 2]), scale, colour)


def _draw_label(image: Image, face: FaceResult, text: str) -> None:
    """The place above the box, moved into the picture; the upper left corner wins where it doesn't fit."""
    scale, width, height, base = _fitting(image, text)
    box = face.detection.box
    left = max(4.0, min(box.x + box.w / 2 - width / 2, image.shape[1] - width - 4.0))
    bottom = max(height + 4.0, min(box.y - 6.0 - base, image.shape[0] - base - 4.0))
    top_left, bottom_right = (int(left - 4), int(bottom - height - 4)), (int(left + width + 4), int(bottom + base + 2))
    cv2.rectangle(image, top_left, bottom_right, _DARK, cv2.FILLED)
    _text(image, text, (left, bottom), scale, _LIGHT)


def _fitting(image: Image, text: str) -> tuple[float, int, int, int]:
    """The scale at which a line of text fits into the picture, and its width, height and what is below its line."""
    scale = _text_scale(image)
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    scale = min(scale, scale * (image.shape[1] - 8) / max(width, 1))
    (width, height), base = cv2.getTextSize(text, _FONT, scale, 1)
    return scale, width, height, base


def _text_scale(image: Image) -> float:
    return min(max(image.shape[0] / 1100, 0.3), 2.0)


def _text(image: Image, text: str, at: Any, scale: float, colour: tuple[int, int, int]) -> None:
    place = (round(float(at[0])), round(float(at[1])))
    thick = max(1, round(scale * 1.6))
    cv2.putText(image, text, place, _FONT, scale, _DARK, thick + 2, cv2.LINE_AA)
    cv2.putText(image, text, place, _FONT, scale, colour, thick, cv2.LINE_AA)


def _fixed(points: Any) -> NDArray[np.int32]:
    # cv2 counts from a pixel's centre, the table from its corner.
    pixels = np.clip(np.asarray(points, np.float64) - 0.5, -_FAR, _FAR)
    fixed: NDArray[np.int32] = np.rint(pixels * (1 << _BITS)).astype(np.int32)
    return fixed
