"""The VMC protocol (protocol.vmc.info): head and face of an avatar, for VSeeFace, EVMC4U, VNyan, Warudo and others."""

from __future__ import annotations

import math

from app.core.derived import DerivedSignals
from app.core.frames import FrameResult, ShownFace
from app.outputs.address import Address
from app.outputs.bundles import BundleOutput, OscMessage
from app.outputs.values import arkit, is_measured, quaternion
from extractor.blendshapes import CM, OPEN_MOUTH

NAME = "vmc"
HEAD = "Head"  # as Unity's HumanBodyBones calls it
SERIAL = "Motionscope"
LOADED, CALIBRATED, NORMAL_MODE = 1, 3, 0


class VmcOutput(BundleOutput):
    """One bundle a result; while there is no face it says so, and the avatar keeps its last pose."""

    def __init__(self, address: Address) -> None:
        super().__init__(NAME, address)

    def _bundles(self, result: FrameResult, time_s: float) -> list[list[OscMessage]]:
        return [messages(result, time_s)]


def messages(result: FrameResult, time_s: float) -> list[OscMessage]:
    """The messages of a Performer: ``OK`` (version 2.7) and the time always, the head while there is a face.

    The bone's position is 0: its offset from the neck belongs to the avatar, which only the receiver knows.  Where the
    head is before the camera goes as the pose of a headset (``Hmd``), in metres.  Only the primary face is sent: the
    protocol has one avatar for each port.
    """
    primary = result.shown_primary
    face = primary if primary is not None and is_measured(primary) else None
    out: list[OscMessage] = [
        ("/VMC/Ext/OK", [LOADED, CALIBRATED, NORMAL_MODE, int(face is not None)]),
        ("/VMC/Ext/T", [time_s]),
    ]
    if face is not None:
        out.append(("/VMC/Ext/Bone/Pos", [HEAD, 0.0, 0.0, 0.0, *head_quaternion(face)]))
        if math.isfinite(face.position.z_cm):  # axes as in ``head_quaternion``, from the camera
            place = [-0.01 * cm for cm in face.position[:3]]
            out.append(("/VMC/Ext/Hmd/Pos/Local", [SERIAL, *place, *head_quaternion(face)]))
        shapes = {**presets(face.derived), **{_unity(name): value for name, value in arkit(face).items()}}
        out += [("/VMC/Ext/Blend/Val", [name, value]) for name, value in shapes.items()]
        if shapes:
            out.append(("/VMC/Ext/Blend/Apply", []))
    return out


def presets(derived: DerivedSignals) -> dict[str, float]:
    """VRM 0's presets, which the protocol asks of every sender: values from 0 to 1 of what is known of the face."""
    return {
        name: min(max(value / full, 0.0), 1.0)
        for name, value, full in (
            ("A", derived.mouth_opening, OPEN_MOUTH),
            ("Joy", derived.smile, CM),
            ("Blink_L", derived.eye_closure_l, 1.0),
            ("Blink_R", derived.eye_closure_r, 1.0),
        )
        if math.isfinite(value)
    }


def _unity(name: str) -> str:
    """One of ARKit's names ("perfect sync") as in Unity's ``ARKitBlendShapeLocation``, to which the protocol refers."""
    return name[0].upper() + name[1:]


def head_quaternion(shown: ShownFace) -> tuple[float, float, float, float]:
    """The head bone's local rotation x, y, z, w in Unity's axes: x to the avatar's right, y up, z forward, left-handed.

    Our head looks along minus z, with y down and x to the subject's left, so each of the avatar's
    axes is one of ours turned round: the change of axes is minus the identity, which leaves the
    matrix, and with it the quaternion, as it is.  A left-handed matrix makes its quaternion by the
    same formulas.  So yaw + turns the avatar's head to its own right, pitch + lowers it, roll +
    tilts it to its own left, as the person did it; mirroring is the receiver's affair.
    """
    return quaternion(shown.rotation)
