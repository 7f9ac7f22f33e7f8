"""The filters of one face: rotation, keypoints, expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.core.frames import FaceResult
from app.core.one_euro import RotationFilter, VectorFilter
from app.core.position import Position
from app.core.rotation import angles_near
from app.signals.presets import FilterPreset

BOX_CM = 15.0  # an adult's face box: positions move in the same unit as keypoints


class FaceFilter:
    """Lives while its face is seen in every frame; its settings may change meanwhile."""

    def __init__(self, preset: FilterPreset) -> None:
        assert preset.rotation is not None
        self._rotation = RotationFilter(preset.rotation)
        self._keypoints = VectorFilter(preset.rotation)
        self._position = VectorFilter(preset.rotation)
        self._exp = VectorFilter(preset.rotation)
        self._magnitudes = VectorFilter(preset.rotation)
        self.set_preset(preset)

    def set_preset(self, preset: FilterPreset) -> None:
        """Go on from where the filters are, with other numbers; ``preset`` must not be "off"."""
        assert preset.rotation is not None
        self._rotation.settings = preset.rotation
        self._keypoints.settings = preset.keypoints or preset.rotation
        self._position.settings = preset.keypoints or preset.rotation
        self._exp.settings = self._magnitudes.settings = preset.expression or preset.rotation

    def update(self, face: FaceResult, time_s: float) -> FaceResult:
        """The face with rotation, angles, keypoints, position and expression filtered; the rest is as measured.

        The magnitudes are filtered themselves, not computed from the filtered displacement, whose
        length would be less than what is recorded even in the mean.
        """
        cm = self._position.update(np.array(face.position[:3]), time_s, BOX_CM)
        side = max(face.detection.box.w, face.detection.box.h, 1.0)
        rotation = self._rotation.update(face.rotation, time_s)
        magnitudes = np.array([face.exp_magnitude, face.brow_magnitude, face.eye_magnitude, face.mouth_magnitude])
        named = np.isfinite(magnitudes)  # without names there is only the first
        magnitudes[named] = self._magnitudes.update(magnitudes[named, None], time_s)[:, 0]
        whole, brow, eye, mouth = magnitudes.tolist()
        return replace(
            face,
            rotation=rotation.astype(np.float32),
            angles=angles_near(rotation, face.angles) if np.isfinite(rotation).all() else face.angles,
            keypoints=self._keypoints.update(face.keypoints, time_s, side).astype(np.float32),
            position=Position.of(cm, face.position[3:]),
            exp=self._exp.update(face.exp, time_s).astype(np.float32),
            exp_magnitude=whole,
            brow_magnitude=brow,
            eye_magnitude=eye,
            mouth_magnitude=mouth,
        )
