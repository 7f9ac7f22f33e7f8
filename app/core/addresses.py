"""The address of a camera on the network: which may be opened, and what of one may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from app.core.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "http", "https")
"""RTSP, and pictures over HTTP.  FFmpeg knows many more, which reach files and other programs."""

_ADDRESS = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class CameraAddress:
    """An address as typed.  Only ``label`` may be shown, logged or stored: the rest often holds a password."""

    url: str = field(repr=False)
    label: str


def is_address(text: str) -> bool:
    """Whether this is an address of whatever kind, and no name or path."""
    return _ADDRESS.match(text) is not None


def shown_address(text: str) -> str:
    """The part of a source's name or path that may be shown: for an address ``CameraAddress.label``."""
    if not is_address(text):
        return text
    try:
        return parse_address(text).label
    except SourceError:
        return "Network camera"


def parse_address(text: str, name: str = "", password: str = "") -> CameraAddress:
    """The address with this name and password, where they are not in it already.

    Raises SourceError, whose sentence holds nothing of the address but its first word.
    """
    found = _ADDRESS.match(text)
    scheme = found[1].lower() if found is not None else ""
    if scheme not in SCHEMES:
        *known, last = (f"{scheme}://" for scheme in SCHEMES)
        raise SourceError(f"The address of a camera begins with {', '.join(known)} or {last}.")
    wrong = f"This {scheme} address can't be read: write it as {scheme}://HOST:PORT/PATH."
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SourceError(wrong) from None
    if not host or re.search(r"[\s\x00-\x1f\x7f]", text.strip()):
        raise SourceError(wrong)
    place = parts.netloc.rpartition("@")[2]
    if name and "@" not in parts.netloc:
        secret = f":{quote(password, safe='')}" if password else ""
        parts = parts._replace(netloc=f"{quote(name, safe='')}{secret}@{place}")
    shown = f"[{host}]" if ":" in host else host
    label = f"{shown}:{port}" if port is not None else shown
    return CameraAddress(urlunsplit(parts._replace(scheme=scheme, fragment="")), f"{label} ({scheme.upper()})")
