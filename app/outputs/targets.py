"""Targets that are more than a host and a port: written by people, checked before anything is imported for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import OutputError
from app.outputs.address import Address, parse_address

DEFAULT_STREAM = "Motionscope"
NETWORK = "@network"
OVERLAY = "overlay"
TOKEN = "?token="
_HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StreamName:
    """The streams are called NAME Pose, NAME Expression and NAME Markers."""

    name: str = DEFAULT_STREAM
    network: bool = False  # announced to the lab's network, not only to this computer

    def __str__(self) -> str:
        return self.name + (NETWORK if self.network else "")


def parse_stream(text: str) -> StreamName:
    """``NAME`` or ``NAME@network``; empty is the default name.  Raises OutputError."""
    text = text.strip()
    network = text.endswith(NETWORK)
    name = (text[: -len(NETWORK)] if network else text).strip() or DEFAULT_STREAM
    if len(name) > 60 or not re.fullmatch(r"[\w .()+-]+", name):
        raise OutputError(
            f"{text!r} is no name for a stream: up to 60 letters, digits, spaces and . _ - + ( ), "
            f"then {NETWORK} if the lab's network shall see it."
        )
    return StreamName(name, network)


@dataclass(frozen=True, slots=True)
class CameraTarget:
    """A virtual camera: with the overlay or without, and which device."""

    overlay: bool = False
    device: Path | None = None  # None: the first that is found

    def __str__(self) -> str:
        words = [OVERLAY if self.overlay else "", str(self.device) if self.device else ""]
        return " ".join(word for word in words if word)


def parse_camera(text: str) -> CameraTarget:
    """``overlay``, a device's path, both or neither.  Raises OutputError."""
    words = text.split()
    overlay = OVERLAY in words
    devices = [word for word in words if word != OVERLAY]
    if len(devices) > 1 or len(words) - len(devices) > 1 or any(not word.startswith("/") for word in devices):
        raise OutputError(f"{text!r} is neither {OVERLAY!r} nor a video device such as /dev/video2, nor both.")
    return CameraTarget(overlay, Path(devices[0]) if devices else None)


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """The address of a server, and the token that clients must give; empty: none."""

    address: Address
    token: str = ""

    def __str__(self) -> str:
        where = str(self.address.port) if self.address.host == _HERE else str(self.address)
        return where + (TOKEN + self.token if self.token else "")


def parse_server(text: str, default_port: int) -> ServerTarget:
    """``PORT`` on this computer or ``HOST:PORT``, either with ``?token=WORD`` behind it.  Raises OutputError."""
    where, asked, token = text.strip().partition(TOKEN)
    if asked and not re.fullmatch(r"[A-Za-z0-9_.~-]{8,80}", token):
        raise OutputError("A token has 8 to 80 letters, digits and - . _ ~, as in 8765?token=three-blue-doors.")
    port_alone = where.isascii() and where.isdigit()
    return ServerTarget(parse_address(f"{_HERE}:{where}" if port_alone else where, default_port), token)
