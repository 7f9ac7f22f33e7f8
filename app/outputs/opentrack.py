"""Head pose for opentrack's input "UDP over network", and through it for games and simulators."""

from __future__ import annotations

import math
import socket
import struct
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.clock import now_s
from app.core.errors import OutputError
from app.core.frames import FrameResult
from app.outputs.address import Address
from app.outputs.base import OutputState, OutputStatus
from app.signals.rates import RateMeter

NAME = "opentrack"
PACKET = struct.Struct("<6d")
"""x, y, z in centimetres, yaw, pitch, roll in degrees, little-endian: what ``tracker-udp`` reads and ``proto-udp``
writes on the machines opentrack runs on."""

FRESH_S = 1.0  # how long what was sent or refused last describes how things stand


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


def packet(rotation: NDArray[np.floating[Any]]) -> bytes:
    """The 48 bytes of a pose.

    x, y and z are 0: ``t`` and ``scale`` are in units of the crop, and without the camera's focal
    length and the head's true size no centimetres follow from them.  Rotation alone is what most games use.
    """
    return PACKET.pack(0.0, 0.0, 0.0, *opentrack_angles(rotation))


class OpentrackOutput:
    """One datagram a result with a face, as shown: filtered and recentred.  While there is no face nothing is sent.

    UDP needs no connection, so opentrack may be started before, after or again at any time.
    """

    def __init__(self, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        self._address = address
        family, target = address.resolve_udp()
        try:
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            try:
                self._socket.setblocking(False)
                # A connected socket hears of refusals; an unconnected one would send into the void in silence.
                self._socket.connect(target)
            except OSError:
                self._socket.close()
                raise
        except OSError as error:
            raise OutputError(f"Nothing can be sent to {address}: {_reason(error)}.") from error
        self._lock = threading.Lock()  # of the socket; sending never waits, so neither does whoever holds it
        self._closed = False
        self._rate = RateMeter()
        self._sent = 0
        self._sent_s = -math.inf
        self._refused_s = -math.inf
        self._problem = ""

    @property
    def name(self) -> str:
        return NAME

    def send(self, result: FrameResult) -> None:
        shown = result.shown[0] if result.shown else None
        if shown is None or not shown.face.pose_trained or not np.isfinite(shown.rotation).all():
            return  # opentrack keeps the last pose
        data = packet(shown.rotation)
        with self._lock:
            if not self._closed:
                self._send(data)

    def _send(self, data: bytes) -> None:
        try:
            try:
                self._socket.send(data)
            except (ConnectionRefusedError, ConnectionResetError):
                # The answer to an earlier datagram; this one has not been sent yet.
                self._refused_s = now_s()
                self._socket.send(data)
        except (ConnectionRefusedError, ConnectionResetError):
            self._refused_s = now_s()
        except BlockingIOError:
            pass  # the system's buffer is full: the next pose is worth more than a late one
        except OSError as error:
            self._problem = f"Nothing can be sent to {self._address} at present: {_reason(error)}."
        else:
            self._problem = ""
            self._sent += 1
            self._sent_s = now_s()
            self._rate.tick(self._sent_s)

    @property
    def status(self) -> OutputStatus:
        rate, now = self._rate.rate(), now_s()
        if self._problem:
            state = OutputState.FAILED
        elif now - self._refused_s < FRESH_S:
            state = OutputState.UNHEARD
        else:
            state = OutputState.SENDING if now - self._sent_s < FRESH_S else OutputState.WAITING
        return OutputStatus(NAME, str(self._address), state, rate, self._sent, self._problem)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._socket.close()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
