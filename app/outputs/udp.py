"""Datagrams to one receiver that may be started before, after or again at any time."""

from __future__ import annotations

import math
import socket
import threading

from app.core.clock import now_s
from app.core.errors import OutputError, os_errors_as, reason
from app.outputs.address import Address
from app.outputs.base import FRESH_S


class UdpPeer:
    """Sends without ever waiting; hears of a receiver's computer that says that nobody listens."""

    def __init__(self, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        self._address = address
        family, target = address.resolve_udp()
        with os_errors_as(OutputError, f"Nothing can be sent to {address}"):
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            try:
                self._socket.setblocking(False)
                # A connected socket hears of refusals; an unconnected one would send into the void in silence.
                self._socket.connect(target)
            except OSError:
                self._socket.close()
                raise
        self._lock = threading.Lock()  # of the socket; sending never waits, so neither does whoever holds it
        self._closed = False
        self._refused_s = -math.inf

    @property
    def heard(self) -> bool:
        """False while the receiver's computer says that no program has opened the port."""
        return now_s() - self._refused_s >= FRESH_S

    def send(self, data: bytes) -> bool:
        """True when it is on its way; raises OutputError when the network refuses it."""
        with self._lock:
            return not self._closed and self._send(data)

    def _send(self, data: bytes) -> bool:
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
            pass  # the system's buffer is full: the next result is worth more than a late one
        except OSError as error:
            raise OutputError(f"Nothing can be sent to {self._address} at present: {reason(error)}.") from error
        else:
            return True
        return False

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._socket.close()
