"""The steps of a result between the network and the display, the outputs and the recording.

The person's rest is taken off the expression, then the filter, then the camera's tilt and the recentring,
then the signals derived from all that.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import numpy as np

from app.core.frames import FaceResult, Floats, FrameResult, ShownFace, levelled
from app.core.rotation import angles_of
from app.core.tilt import CameraTilt, as_shown
from app.signals.calibration import Calibration, CalibrationState, Outcome, Recentring, Waiting
from app.signals.deriver import FaceDeriver
from app.signals.face_filter import FaceFilter
from app.signals.presets import DEFAULT_PRESET, FilterPreset, preset_named
from extractor.decode_arrays import expression_magnitudes
from extractor.types import Angles, NetworkSpec

DEFAULT_CONE_DEG = 20.0
EVENTS_KEPT_S = 10.0  # blinks and nods of a face that is lost for less than this are still counted together


@dataclass(slots=True, eq=False)
class _FaceState:
    """The state of one face."""

    deriver: FaceDeriver = field(default_factory=FaceDeriver)
    filter: FaceFilter | None = None
    seen_s: float = 0.0


class SignalChain:
    """``apply`` is for the inference thread; everything else may come from anywhere."""

    def __init__(self, preset: str = DEFAULT_PRESET) -> None:
        self._lock = threading.Lock()
        self._preset = preset_named(preset)
        self.cone_deg = DEFAULT_CONE_DEG  # the attention cone's half angle
        self._faces: dict[int, _FaceState] = {}
        self._calibration = Calibration()
        self._network: NetworkSpec | None = None

    # ------------------------------------------------------------------ settings

    @property
    def preset(self) -> str:
        """The name of the filter's setting."""
        return self._preset.name

    @property
    def filter(self) -> FilterPreset:
        """The preset of the filter."""
        return self._preset

    def set_preset(self, name: str) -> None:
        """Raises ValueError where there is no such preset."""
        self.set_filter(preset_named(name))

    def set_filter(self, preset: FilterPreset) -> None:
        """Filters that run go on from where they are: a slider that is moved makes no number jump."""
        with self._lock:
            self._preset = preset

    def set_cone(self, half_angle_deg: float) -> None:
        """Raises ValueError beyond 1 to 90 degrees."""
        if not 1 <= half_angle_deg <= 90:
            raise ValueError(f"The cone's half angle must be 1 to 90 degrees, not {half_angle_deg:g}.")
        self.cone_deg = float(half_angle_deg)

    # ------------------------------------------------------------------ calibration

    @property
    def reference(self) -> Recentring | None:
        """The pose that counts as straight ahead; None: not recentred."""
        return self._calibration.reference

    @property
    def tilt(self) -> CameraTilt | None:
        """How the camera stands; None: it counts as level."""
        return self._calibration.tilt

    def set_tilt(self, tilt: CameraTilt | None) -> None:
        """It stays through a change of the source: who opens another camera says how that one stands."""
        with self._lock:
            self._calibration.set_tilt(tilt)

    @property
    def calibration(self) -> CalibrationState:
        """How the calibration stands now; any thread may ask."""
        with self._lock:
            return self._calibration.state

    def recentre(self) -> Recentring:
        """Let the primary face's present pose be straight ahead; raises UserError when there is no face."""
        with self._lock:
            return self._calibration.recentre()

    def undo_recentre(self) -> bool:
        """Angles are the camera's again; False when they have been anyway."""
        with self._lock:
            had, self._calibration.reference = self._calibration.reference is not None, None
            return had

    def wait_for(self, waiting: Waiting) -> None:
        """Calibrate once the primary face's head has held still.  Raises UserError when nothing is measured."""
        with self._lock:
            self._calibration.wait(waiting)

    def cancel_wait(self) -> Waiting | None:
        """Cancel the wait and return its kind; None where there was none."""
        with self._lock:
            return self._calibration.cancel()

    def take_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of waits since the last call."""
        with self._lock:
            return self._calibration.take_outcomes()

    def forget_neutral(self) -> int | None:
        """The primary face's expression is as measured again; its number, None when it has been so anyway."""
        with self._lock:
            return self._calibration.forget_neutral()

    def forget(self) -> None:
        """Another source: another camera or another person."""
        with self._lock:
            self._faces.clear()
            self._calibration.forget()

    # ------------------------------------------------------------------ each frame

    def apply(self, result: FrameResult, network: NetworkSpec | None = None) -> FrameResult:
        """``result`` with what is shown of it; ``faces`` stay as measured.

        ``network`` says what measured it: the names of its keypoints.
        """
        with self._lock:
            if network is not self._network:  # other weights number their faces anew, too
                self._network = network
                self._faces.clear()
                self._calibration.forget_faces()
            self._calibration.see(result)
            self._keep_states(result)
            shown = tuple(self._shown(face, face is result.primary, result) for face in result.faces)
            reference, tilt = self._calibration.reference, self._calibration.tilt
        base = reference.rotation if reference is not None else None
        return replace(result, signals=shown, reference=base, tilt=tilt)

    def _keep_states(self, result: FrameResult) -> None:
        at_s = result.frame.captured_s
        seen = {face.face_id for face in result.faces}
        for face_id in seen:
            self._faces.setdefault(face_id, _FaceState()).seen_s = at_s
        for face_id, state in list(self._faces.items()):
            if face_id not in seen:
                state.filter = None  # a face that is gone, if only for a frame, leaves no filter behind
                if abs(at_s - state.seen_s) > EVENTS_KEPT_S:
                    del self._faces[face_id]

    def _shown(self, measured: FaceResult, primary: bool, result: FrameResult) -> ShownFace:
        if not measured.pose_trained:
            return ShownFace(measured, measured.angles, measured.rotation)
        state, time_s = self._faces[measured.face_id], result.frame.time_s
        names = self._network.keypoint_names if self._network is not None else None
        neutral = self._calibration.neutral_of(measured)
        if neutral is not None:
            measured = at_rest(measured, neutral, names)
        face = self._filtered(measured, state, time_s)
        reference = self._calibration.reference if primary else None  # only the primary face looked straight ahead
        tilt = self._calibration.tilt
        angles, rotation, measured_angles = face.angles, face.rotation, measured.angles
        if reference is not None or tilt is not None:
            angles, rotation = _relative(face, reference, tilt)
            measured_angles = angles if face is measured else _relative(measured, reference, tilt)[0]
        shown = ShownFace(face, angles, rotation, neutral=neutral, names=names, tilt=tilt)
        base = reference.rotation if reference is not None else tilt
        derived = state.deriver.update(measured, measured_angles, shown, names, time_s, self.cone_deg, base)
        return replace(shown, derived=derived)

    def _filtered(self, face: FaceResult, state: _FaceState, time_s: float) -> FaceResult:
        if self._preset.rotation is None:
            state.filter = None
            return face
        if state.filter is None:
            state.filter = FaceFilter(self._preset)
        state.filter.set_preset(self._preset)
        return state.filter.update(face, time_s)


def at_rest(face: FaceResult, neutral: Floats, names: tuple[str, ...] | None) -> FaceResult:
    """``face`` without the displacements (K, 3), head frame, that it has at rest; magnitudes follow."""
    exp = (face.exp - neutral @ np.asarray(face.rotation).T).astype(np.float32)
    whole, brow, eye, mouth = (float(each[0]) for each in expression_magnitudes(exp[None], names).values())
    return replace(face, exp=exp, exp_magnitude=whole, brow_magnitude=brow, eye_magnitude=eye, mouth_magnitude=mouth)


def _relative(face: FaceResult, reference: Recentring | None, tilt: CameraTilt | None) -> tuple[Angles, Floats]:
    upright = ShownFace(face, face.angles, face.rotation) if tilt is None else levelled(face, tilt)
    if reference is None:
        return upright.angles, upright.rotation
    rotation = as_shown(face.rotation, reference.rotation, tilt)
    expected = Angles(*(a - b for a, b in zip(upright.angles, reference.angles, strict=True)))
    return angles_of(rotation, expected), rotation.astype(np.float32)
