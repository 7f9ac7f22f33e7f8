"""The VMC protocol (protocol.vmc.info): head and face of an avatar, for VSeeFace, EVMC4U, VNyan, Warudo and others."""

from __future__ import annotations

from app.core.frames import FrameResult, ShownFace
from app.outputs.address import Address
from app.outputs.base import OutputState
from app.outputs.osc import OscWriter
from app.outputs.threaded import ThreadedOutput
from app.outputs.udp import UdpPeer
from app.outputs.values import faces_to_send, quaternion

NAME = "vmc"
HEAD = "Head"  # as Unity's HumanBodyBones calls it
CALIBRATED, NORMAL_MODE = 3, 0


def head_quaternion(shown: ShownFace) -> tuple[float, float, float, float]:
    """The head bone's local rotation x, y, z, w in Unity's axes: x to the avatar's right, y up, z forward, left-handed.

    Our head looks along minus z, with y down and x to the subject's left, so each of the avatar's
    axes is one of ours turned round: the change of axes is minus the identity, which leaves the
    matrix, and with it the quaternion, as it is.  A left-handed matrix makes its quaternion by the
    same formulas.  So yaw + turns the avatar's head to its own right, pitch + lowers it, roll +
    tilts it to its own left, as the person did it; mirroring is the receiver's affair.
    """
    return quaternion(shown.rotation)


def messages(result: FrameResult, start_s: float) -> list[tuple[str, list[str | int | float]]]:
    """What a Performer sends: ``OK`` (version 2.7) and the time always, the head while there is a face.

    The position is 0: the bone's offset from the neck belongs to the avatar, which only the
    receiver knows.  Only the primary face is sent: the protocol has one avatar for each port.
    """
    faces = faces_to_send(result)
    out: list[tuple[str, list[str | int | float]]] = [
        ("/VMC/Ext/OK", [1, CALIBRATED, NORMAL_MODE, int(bool(faces))]),
        ("/VMC/Ext/T", [result.frame.captured_s - start_s]),
    ]
    if faces:
        out.append(("/VMC/Ext/Bone/Pos", [HEAD, 0.0, 0.0, 0.0, *head_quaternion(faces[0])]))
    return out


class VmcOutput(ThreadedOutput):
    """One bundle a result; while there is no face it says so, and the avatar keeps its last pose."""

    def __init__(self, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        super().__init__(NAME, str(address))
        self._writer = OscWriter()
        self._peer = UdpPeer(address)
        self._start_s: float | None = None
        self._start()

    def _deliver(self, result: FrameResult) -> bool:
        if self._start_s is None:
            self._start_s = result.frame.captured_s
        return self._peer.send(self._writer.bundle(messages(result, self._start_s)))

    def _state(self) -> OutputState:
        return self._tally.state(self._peer.heard)

    def _release(self) -> None:
        self._peer.close()
