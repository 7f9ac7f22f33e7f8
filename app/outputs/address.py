"""Host and port, checked before anything is sent."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any

from app.core.errors import OutputError

_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port."""

    host: str  # a name or an IP address
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_this_computer(self) -> bool:
        """Whether the host is this computer's loopback address or name."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def unknown(self) -> str:
        """The message where no computer has the name."""
        return f"No computer is called {self.host}: check the name, or give its IP address instead."

    def resolve_udp(self) -> tuple[int, Any]:
        """The address family and what ``socket.connect`` takes; may wait for a name server.  Raises OutputError."""
        try:
            family, _, _, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
        except (OSError, UnicodeError) as error:
            raise OutputError(self.unknown) from error
        return family, address


def parse_address(text: str, default_port: int) -> Address:
    """``HOST:PORT``, ``HOST`` or ``[IPv6]:PORT``.  Raises OutputError."""
    match = _HOST_PORT.fullmatch(text.strip())
    if match is None:
        raise OutputError(f"{text!r} is not HOST:PORT, as 127.0.0.1:{default_port} would be.")
    port = int(match["port"]) if match["port"] else default_port
    if not 1 <= port <= 65535:
        raise OutputError(f"{text!r} has the port {port}; ports go from 1 to 65535.")
    host = match["v6"] or match["host"]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if match["v6"] or re.fullmatch(r"[0-9.]+", host):
            raise OutputError(f"{text!r} has no valid IP address before its port.") from None
    return Address(host, port)
