"""The cameras that somebody chose, how they stand and what they see, as JSON in the settings."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from app.core.camera_format import KnownCamera, parse_camera_format
from app.core.errors import UserError
from app.core.position import FaceSize, FieldOfView
from app.core.records import RecordError, build
from app.core.tilt import CameraTilt
from app.ui.shell import settings
from app.ui.shell.settings import Settings

T = TypeVar("T")
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


@dataclass(frozen=True, slots=True)
class CameraFacts(Generic[T]):
    """What is remembered of each camera by its name, as JSON in one setting: records of one kind."""

    setting: settings.Setting[str]
    kind: type[T]

    def known(self, store: Settings) -> dict[str, T]:
        """The last one first; what can't be read is left out."""
        try:
            rows = json.loads(store.get(self.setting) or "{}")
        except ValueError:
            return {}
        facts = {}
        for name, row in rows.items() if isinstance(rows, dict) else ():
            try:
                facts[name] = build(self.kind, row)
            except RecordError:
                continue
        return dict(list(facts.items())[:MOST])

    def remember(self, store: Settings, name: str, fact: T | None) -> None:
        """Remember it of the camera of this name; None: forget it."""
        others = {other: known for other, known in self.known(store).items() if other != name}
        facts = others if fact is None else {name: fact, **others}
        rows = {name: dataclasses.asdict(cast("Any", known)) for name, known in list(facts.items())[:MOST]}
        store.set(self.setting, json.dumps(rows))


TILTS = CameraFacts(settings.CAMERA_TILTS, CameraTilt)
FIELDS_OF_VIEW = CameraFacts(settings.FIELDS_OF_VIEW, FieldOfView)
FACE_SIZES = CameraFacts(settings.FACE_SIZES, FaceSize)
