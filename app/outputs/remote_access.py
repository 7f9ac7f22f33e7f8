"""How programs of the same person find the window and are let in: one private file with the token and the address."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.core.errors import OutputError, os_errors_as, reason
from app.core.records import RecordError, build, read_json
from extractor import files

NAME = "remote"
"""The output's name in the table of outputs."""


@dataclass(frozen=True, slots=True)
class Access:
    """The content of the file."""

    token: str
    address: str = ""  # HOST:PORT of the window that listens, or listened last


def access_file() -> Path:
    """The file beside the settings; its owner alone can read it, also where recordings are shared."""
    return platformdirs.user_config_path("motionscope", appauthor=False) / "remote.json"


def read_access() -> Access | None:
    """None where there is none yet, or none that makes sense.  Raises OutputError where it can't be read."""
    try:
        access = build(Access, read_json(access_file()))
    except (FileNotFoundError, RecordError):
        return None
    except OSError as error:
        raise OutputError(f"The remote control's token in {access_file()} can't be read: {reason(error)}.") from error
    return access if access.token else None


def own_token() -> str:
    """The token, made at the first call.  Raises OutputError."""
    access = read_access()
    return access.token if access is not None else new_token()


def new_token() -> str:
    """Replace the token: programs with the old one are refused, once the port is opened again.

    Raises OutputError.
    """
    token = secrets.token_urlsafe(24)
    _write(Access(token))
    return token


def announce(address: str) -> None:
    """Tell programs where the window listens; empty: nowhere.  Raises OutputError."""
    _write(dataclasses.replace(read_access() or Access(secrets.token_urlsafe(24)), address=address))


def withdraw(address: str) -> None:
    """The window doesn't listen there any more; another window's address stays.  Raises OutputError."""
    access = read_access()
    if access is not None and access.address == address:
        announce("")


def _write(access: Access) -> None:
    path = access_file()
    with os_errors_as(OutputError, f"The remote control's token can't be kept in {path}"):
        files.make_folder(path.parent)
        text = json.dumps(dataclasses.asdict(access), indent=1)
        files.write_whole(path, text.encode() + b"\n", private=True)
