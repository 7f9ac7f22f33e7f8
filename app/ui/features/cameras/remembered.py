"""The cameras that somebody chose, and how they stand, as lines of JSON in the settings."""

from __future__ import annotations

import dataclasses
import json

from app.core.camera_format import KnownCamera, parse_camera_format
from app.core.errors import UserError
from app.core.records import RecordError, build
from app.core.tilt import CameraTilt
from app.ui.shell import settings
from app.ui.shell.settings import Settings

MOST = 9


def known_cameras(store: Settings) -> tuple[KnownCamera, ...]:
    """The last chosen one first; what can't be read is left out, for anybody may edit the file."""
    try:
        rows = json.loads(store.get(settings.CAMERAS) or "[]")
    except ValueError:
        return ()
    cameras = []
    for row in rows if isinstance(rows, list) else ():
        try:
            cameras.append(KnownCamera(str(row["name"]), str(row["path"]), parse_camera_format(str(row["format"]))))
        except (UserError, KeyError, TypeError):
            continue
    return tuple(cameras[:MOST])


def remember(store: Settings, camera: KnownCamera) -> None:
    """It comes first from now on."""
    others = [other for other in known_cameras(store) if (other.name, other.path) != (camera.name, camera.path)]
    rows = [{"name": known.name, "path": known.path, "format": str(known.format)} for known in (camera, *others)[:MOST]]
    store.set(settings.CAMERAS, json.dumps(rows))


def known_tilts(store: Settings) -> dict[str, CameraTilt]:
    """By the cameras' names, the last one first; what can't be read is left out."""
    try:
        rows = json.loads(store.get(settings.CAMERA_TILTS) or "{}")
    except ValueError:
        return {}
    tilts = {}
    for name, row in rows.items() if isinstance(rows, dict) else ():
        try:
            tilts[name] = build(CameraTilt, row)
        except RecordError:
            continue
    return dict(list(tilts.items())[:MOST])


def remember_tilt(store: Settings, name: str, tilt: CameraTilt | None) -> None:
    """Of the camera of this name; None: it is level."""
    others = {other: known for other, known in known_tilts(store).items() if other != name}
    tilts = others if tilt is None else {name: tilt, **others}
    rows = {name: dataclasses.asdict(known) for name, known in list(tilts.items())[:MOST]}
    store.set(settings.CAMERA_TILTS, json.dumps(rows))
