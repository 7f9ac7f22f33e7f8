"""The options of the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.camera_format import CameraFormat
from app.core.position import FaceSize, FieldOfView
from app.core.tilt import CameraTilt


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """The options of the window, as the command line gives them."""

    source: str = "auto"  # auto, demo, a camera's index or name, a path
    weights: str | None = None  # a path; "lite"; None: the weights that come with the app
    device: str | None = None  # None: as the user left it, "auto" at first
    record: Path | None = None  # start recording into this folder as soon as there are results
    duration_s: float | None = None  # close by itself so long after the first result
    screenshot: Path | None = None  # the window as PNG, just before it closes
    mirror: bool | None = None  # None: as the user left it
    engine: str | None = None  # what runs the network; None: as the user left it, "auto" at first
    outputs: tuple[tuple[str, str], ...] = ()  # names and targets of the outputs that are switched on at once
    faces: int | None = None  # measured at most, 1 to limits.MOST_FACES; None: as the user left it
    camera_format: CameraFormat | None = None  # asked of any camera; None: as remembered for it, else the usual
    camera_tilt: CameraTilt | None = None  # how the source's camera stands; None: as remembered for it, else level
    field_of_view: FieldOfView | None = None  # the source's camera's; None: as remembered for it, else not known
    face_size: FaceSize | None = None  # of who is before it; None: as remembered for the camera, else the average
    share: bool | None = None  # whether other users may read what is written; None: as the user left it
    name: str | None = None  # pattern of recordings' names; None: as the user left it
    record_sound: bool | None = None  # whether a microphone is recorded, too; None: as the user left it
    microphone: str | None = None  # its name or a part of it, empty: the system's usual one; None: as the user left it
    codec: str | None = None  # how videos are recorded, one of codecs.CODECS; None: as the user left it
