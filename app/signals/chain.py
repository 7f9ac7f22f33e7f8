"""What happens to a result between the network and everyone who looks at it: filter, then recentring."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.core.clock import now_s
from app.core.errors import UserError
from app.core.frames import FaceResult, FrameResult, ShownFace
from app.core.rotation import angles_near, angles_of, recentred
from app.signals.one_euro import OneEuro, RotationFilter, VectorFilter
from app.signals.presets import DEFAULT_PRESET, FilterPreset, preset_named
from extractor.types import Angles

__all__ = ["Recentring", "SignalChain"]

AVERAGED_S = 0.3  # the reference is the mean over so long: a single frame is a fifth of a degree off
RECENT_S = 1.0  # a face seen longer ago than this is no longer there
NO_FACE = "There is no face to recentre on: look straight ahead, face to the camera, and press C again."
UNTRAINED = "There is nothing to recentre: these weights hold no head pose; choose other weights."


@dataclass(frozen=True, slots=True, eq=False)
class Recentring:
    """A pose that counts as straight ahead."""

    rotation: NDArray[np.float32]  # (3, 3)
    angles: Angles  # the same: what is taken off the numbers
    at_s: float  # monotonic clock at capture of the last frame it was taken from


class SignalChain:
    """``apply`` is for the inference thread; presets and recentring may come from anywhere."""

    def __init__(self, preset: str = DEFAULT_PRESET) -> None:
        self._lock = threading.Lock()
        self._preset = preset_named(preset)
        self._filters: dict[int, _FaceFilter] = {}
        self._recent: deque[tuple[float, int, NDArray[np.float32]]] = deque()  # of the primary face, as measured
        self._untrained = False  # of the latest face
        self._reference: Recentring | None = None

    @property
    def preset(self) -> str:
        return self._preset.name

    @property
    def reference(self) -> Recentring | None:
        return self._reference

    def set_preset(self, name: str) -> None:
        """Raises ValueError where there is no such preset."""
        preset = preset_named(name)
        with self._lock:
            if preset != self._preset:
                self._preset = preset
                self._filters.clear()

    def recentre(self) -> Recentring:
        """From now on the primary face's present pose, averaged over ``AVERAGED_S``, is straight ahead.

        Raises UserError when there is no face.
        """
        with self._lock:
            if self._untrained:
                raise UserError(UNTRAINED)
            if not self._recent or now_s() - self._recent[-1][0] > RECENT_S:
                raise UserError(NO_FACE)
            rotation = _mean_rotation([rotation for _, _, rotation in self._recent])
            self._reference = Recentring(rotation, angles_of(rotation), self._recent[-1][0])
            return self._reference

    def undo_recentre(self) -> bool:
        """Angles are the camera's again; False when they have been anyway."""
        with self._lock:
            had, self._reference = self._reference is not None, None
            return had

    def forget(self) -> None:
        """Another source: another camera or another person."""
        with self._lock:
            self._filters.clear()
            self._recent.clear()
            self._reference = None
            self._untrained = False

    def apply(self, result: FrameResult) -> FrameResult:
        """``result`` with what is shown of it; ``faces`` stay as measured."""
        with self._lock:
            self._remember(result)
            reference, preset = self._reference, self._preset
            # A face that is gone, if only for a frame, leaves no filter behind.
            known, self._filters = self._filters, {}
            if preset.rotation is not None:
                self._filters = {face.face_id: known.get(face.face_id) or _FaceFilter(preset) for face in result.faces}
            faces = tuple(self._filtered(face, result) for face in result.faces)
        if reference is None:
            shown = tuple(ShownFace(face, face.angles, face.rotation) for face in faces)
            return replace(result, signals=shown)
        # Only the primary face was looking straight ahead.
        shown = tuple(
            _relative(face, reference) if i == 0 and face.pose_trained else ShownFace(face, face.angles, face.rotation)
            for i, face in enumerate(faces)
        )
        return replace(result, signals=shown, reference=reference.rotation)

    def _filtered(self, face: FaceResult, result: FrameResult) -> FaceResult:
        filters = self._filters.get(face.face_id)
        return filters.update(face, result.frame.time_s) if filters is not None and face.pose_trained else face

    def _remember(self, result: FrameResult) -> None:
        if not result.faces:
            self._recent.clear()
            return
        face, at_s = result.faces[0], result.frame.captured_s
        self._untrained = not face.pose_trained
        if self._untrained or not np.isfinite(face.rotation).all():
            self._recent.clear()
            return
        while self._recent and (at_s - self._recent[0][0] > AVERAGED_S or self._recent[0][1] != face.face_id):
            self._recent.popleft()
        self._recent.append((at_s, face.face_id, face.rotation))


class _FaceFilter:
    """The filters of one face."""

    def __init__(self, preset: FilterPreset) -> None:
        assert preset.rotation is not None
        self._rotation = RotationFilter(preset.rotation)
        self._keypoints = VectorFilter(preset.keypoints or preset.rotation)
        expression: OneEuro = preset.expression or preset.rotation
        self._exp = VectorFilter(expression)
        self._magnitudes = VectorFilter(expression)

    def update(self, face: FaceResult, time_s: float) -> FaceResult:
        """The face with rotation, angles, keypoints and expression filtered; the rest is as measured.

        The magnitudes are filtered themselves, not computed from the filtered displacement, whose
        length would be less than what is recorded even in the mean.
        """
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
            exp=self._exp.update(face.exp, time_s).astype(np.float32),
            exp_magnitude=whole,
            brow_magnitude=brow,
            eye_magnitude=eye,
            mouth_magnitude=mouth,
        )


def _relative(face: FaceResult, reference: Recentring) -> ShownFace:
    rotation = recentred(face.rotation, reference.rotation)
    expected = Angles(*(a - b for a, b in zip(face.angles, reference.angles, strict=True)))
    return ShownFace(face, angles_of(rotation, expected), rotation.astype(np.float32))


def _mean_rotation(rotations: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The rotation nearest to the arithmetic mean: the chordal mean (Hartley et al. 2013, IJCV 103)."""
    u, _, vt = np.linalg.svd(np.mean(rotations, axis=0, dtype=np.float64))
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt, np.float32)
