"""Head pose for opentrack's input "UDP over network", and through it for games and simulators."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import OutputError
from app.core.frames import FrameResult, ShownFace
from app.outputs.address import Address
from app.outputs.base import Marker, OutputStatus, Tally
from app.outputs.udp import UdpPeer

NAME = "opentrack"
PACKET = struct.Struct("<6d")
"""x, y, z in centimetres, yaw, pitch, roll in degrees, little-endian: what ``tracker-udp`` reads and ``proto-udp``
writes on the machines opentrack runs on."""


def opentrack_angles(rotation: NDArray[np.floating[Any]]) -> tuple[float, float, float]:
    """Yaw, pitch and roll as opentrack means them, in degrees, from a head-to-camera rotation (3, 3).

    opentrack's signs, read off its own trackers (``tracker-neuralnet``, ``tracker-aruco``, which
    agree): yaw + turns the nose to the image's left and roll + is clockwise in the image, as here;
    pitch + looks up, the opposite of ours.  Its order is the aircraft's (``compat/euler.cpp``): roll
    about the nose first, then pitch, then yaw about the vertical, so ``R = Ry(yaw) Rx(-pitch)
    Rz(roll)`` in our axes.  Ours is another order, ``Rz Ry Rx``, so the angles are read off the
    rotation again: what is yaw 40, pitch 0, roll 20 here is yaw 38.3, pitch 12.7, roll 15.6 there.
    """
    r = np.asarray(rotation, np.float64)
    level = math.hypot(r[0, 2], r[2, 2])  # the nose's length seen from above
    yaw = math.atan2(r[0, 2], r[2, 2])
    pitch = math.atan2(r[1, 2], level)
    roll = math.atan2(r[1, 0], r[1, 1])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def packet(shown: ShownFace) -> bytes:
    """The 48 bytes of a pose.

    As ``tracker-neuralnet`` has them: x + to the image's right, y + up, z + away from the camera.  They count from
    the camera, for opentrack centres them itself; 0 where the weights tell no position.
    """
    x, y, z = shown.position[:3] if np.isfinite(shown.position[:3]).all() else (0.0, 0.0, 0.0)
    return PACKET.pack(x, -y, z, *opentrack_angles(shown.rotation))


class OpentrackOutput:
    """One datagram a result with a face, as shown: filtered and recentred.  While there is no face nothing is sent.

    UDP needs no connection, so opentrack may be started before, after or again at any time.
    """

    def __init__(self, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        self._address = address
        self._peer = UdpPeer(address)
        self._tally = Tally()

    @property
    def name(self) -> str:
        return NAME

    def send(self, result: FrameResult) -> None:
        shown = result.shown_primary
        if shown is None or not shown.face.pose_trained or not np.isfinite(shown.rotation).all():
            return  # opentrack keeps the last pose
        try:
            if self._peer.send(packet(shown)):
                self._tally.count()
            self._tally.problem = ""
        except OutputError as error:
            self._tally.problem = str(error)

    def send_marker(self, marker: Marker) -> bool:
        """Nothing: opentrack knows no markers."""
        return False

    @property
    def status(self) -> OutputStatus:
        return self._tally.status(NAME, str(self._address), self._peer.heard)

    def close(self) -> None:
        self._peer.close()
