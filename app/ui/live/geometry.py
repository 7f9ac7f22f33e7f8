"""Where things of a frame lie in the view: pure functions of frozen values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PyQt6.QtCore import QPointF, QRectF

from app.core.frames import Box


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """Frame pixels to view points: one scale, letterboxed, mirrored or not.

    ``left`` and ``top`` are where the picture's upper left corner lies in the view.
    """

    width: int  # the frame's
    height: int
    scale: float  # view points per frame pixel
    left: float
    top: float
    mirrored: bool

    @classmethod
    def fit(cls, width: int, height: int, view_width: float, view_height: float, mirrored: bool) -> ViewTransform:
        """The largest picture of a ``width`` x ``height`` frame that fits into the view, centred."""
        scale = min(view_width / width, view_height / height)
        left, top = (view_width - width * scale) / 2, (view_height - height * scale) / 2
        return cls(width, height, scale, left, top, mirrored)

    @property
    def picture(self) -> QRectF:
        return QRectF(self.left, self.top, self.width * self.scale, self.height * self.scale)

    def points(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Frame pixels (..., 2) to view points (..., 2)."""
        xy = np.asarray(xy, dtype=np.float64)
        x = self.width - xy[..., 0] if self.mirrored else xy[..., 0]
        return np.stack([x * self.scale + self.left, xy[..., 1] * self.scale + self.top], axis=-1)

    def point(self, x: float, y: float) -> QPointF:
        view_x, view_y = self.points((x, y))
        return QPointF(view_x, view_y)

    def frame_point(self, x: float, y: float) -> tuple[float, float] | None:
        """View points to frame pixels; None outside the picture."""
        frame_x, frame_y = (x - self.left) / self.scale, (y - self.top) / self.scale
        if not (0 <= frame_x <= self.width and 0 <= frame_y <= self.height):
            return None
        return (self.width - frame_x if self.mirrored else frame_x), frame_y

    def box(self, box: Box) -> QRectF:
        return QRectF(self.point(box.x, box.y), self.point(box.x + box.w, box.y + box.h)).normalized()
