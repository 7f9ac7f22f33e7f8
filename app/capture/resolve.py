"""From what a person typed or picked to a source."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.capture.camera import CameraSource
from app.capture.demo import DemoSource
from app.capture.devices import CameraDevice, can_list_cameras, find_again, list_cameras
from app.capture.images import IMAGE_SUFFIXES, ImageSource, is_picture
from app.capture.network import network_camera
from app.capture.source import DEMO, Source
from app.capture.video import VIDEO_SUFFIXES, VideoSource
from app.core.addresses import is_address, parse_address
from app.core.camera_format import CameraFormat, CameraRequest
from app.core.errors import SourceError
from extractor import files

NO_CAMERA = "No camera was found, so the built-in demo plays. Connect a camera and choose it as the source."

NO_REQUEST = CameraRequest()

Lister = Callable[[], tuple[CameraDevice, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """A source, not yet open, and a sentence for the person at the screen, usually empty."""

    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """An entry of a source picker."""

    spec: str  # for resolve_source
    label: str  # for people


def list_sources(lister: Lister = list_cameras) -> tuple[SourceChoice, ...]:
    """The cameras and the demo; opens nothing."""
    cameras = tuple(SourceChoice(str(camera.index), camera.name) for camera in lister())
    return (*cameras, SourceChoice(DEMO, "Built-in demo"))


def resolve_source(
    spec: str, *, loop: bool = True, lister: Lister = list_cameras, camera_request: CameraRequest = NO_REQUEST
) -> Resolved:
    """The source meant by ``auto``, ``demo``, a camera's index, name or device, its address on the network, or a path.

    ``auto`` is the known camera chosen last that is there, else the first camera, else the demo.
    Files play at their own pace, videos in a loop unless told otherwise.  A file is opened once to
    see that it can be: raises SourceError for one that can't and for a camera that isn't there.
    A camera is not touched, also one on the network.
    """
    spec = spec.strip()
    if is_address(spec):
        return Resolved(network_camera(parse_address(spec)))
    if spec == "auto":
        cameras = lister()
        if not cameras:
            return Resolved(DemoSource(loop=loop), NO_CAMERA)
        return Resolved(_camera(_last_chosen(cameras, camera_request) or cameras[0], camera_request))
    if spec == DEMO:
        return Resolved(DemoSource(loop=loop))
    if spec.isdecimal():
        return Resolved(_camera(_by_index(int(spec), lister()), camera_request))
    path = Path(spec).expanduser()
    if spec and files.is_there(path):
        if path.is_file() or path.is_dir():
            return Resolved(_checked(_file_source(path, loop)))
        real = os.path.realpath(path)
        device = next((camera for camera in lister() if os.path.realpath(camera.path) == real), None)
        if device is None:  # a pipe, for whose other end one might wait for ever
            raise SourceError(f"{spec} is neither a file nor a camera.")
        return Resolved(_camera(device, camera_request))
    camera = _by_name(spec, lister())
    if camera is not None:
        return Resolved(_camera(camera, camera_request))
    if _looks_like_a_path(spec, path):
        raise SourceError(f"{spec} does not exist.")
    raise SourceError(f"There is no camera and no file named {spec!r}. {_cameras_text(lister())}")


def find_camera(spec: str) -> CameraDevice:
    """The camera of this index or name.  Raises SourceError."""
    cameras = list_cameras()
    if spec.strip().isdecimal():
        return _by_index(int(spec), cameras)
    camera = _by_name(spec.strip(), cameras)
    if camera is None:
        raise SourceError(f"There is no camera named {spec!r}. {_cameras_text(cameras)}")
    return camera


def preferred_camera(
    spec: str, cameras: tuple[CameraDevice, ...], camera_request: CameraRequest
) -> CameraDevice | None:
    """The one of these that ``spec`` means; for what is no camera's, the one chosen last, else the first."""
    named = next((camera for camera in cameras if str(camera.index) == spec), None)
    if named is None and spec not in ("auto", DEMO):
        named = _by_name(spec, cameras)
    return named or _last_chosen(cameras, camera_request) or (cameras[0] if cameras else None)


def wanted_format(camera: CameraDevice, camera_request: CameraRequest) -> CameraFormat | None:
    """The format to request from this camera; None where none was chosen."""
    if camera_request.format is not None:
        return camera_request.format
    named = sorted(
        (known for known in camera_request.known if known.name == camera.name),
        key=lambda known: known.path != camera.path,
    )
    return named[0].format if named else None


def _camera(camera: CameraDevice, camera_request: CameraRequest) -> CameraSource:
    return CameraSource(camera, wanted_format(camera, camera_request))


def _last_chosen(cameras: tuple[CameraDevice, ...], camera_request: CameraRequest) -> CameraDevice | None:
    found = (
        find_again(CameraDevice(0, known.name, known.path, cv2.CAP_ANY), cameras) for known in camera_request.known
    )
    return next((camera for camera in found if camera is not None), None)


def _file_source(path: Path, loop: bool) -> Source:
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in IMAGE_SUFFIXES or (suffix not in VIDEO_SUFFIXES and is_picture(path)):
        return ImageSource(path)
    return VideoSource(path, loop=loop)


def _checked(source: Source) -> Source:
    try:
        source.open()
    finally:
        source.close()
    return source


def _by_index(index: int, cameras: tuple[CameraDevice, ...]) -> CameraDevice:
    for camera in cameras:
        if camera.index == index:
            return camera
    if not can_list_cameras():
        return CameraDevice(index, f"Camera {index}", "", cv2.CAP_ANY)
    raise SourceError(f"There is no camera {index}. {_cameras_text(cameras)}")


def _by_name(name: str, cameras: tuple[CameraDevice, ...]) -> CameraDevice | None:
    """The camera of that name, or the only one whose name contains it; case doesn't matter."""
    wanted = name.casefold()
    if not wanted:
        return None
    exact = [camera for camera in cameras if camera.name.casefold() == wanted]
    if exact:
        return exact[0]
    partial = [camera for camera in cameras if wanted in camera.name.casefold()]
    return partial[0] if len(partial) == 1 else None


def _cameras_text(cameras: tuple[CameraDevice, ...]) -> str:
    if not cameras:
        return "No camera was found at all; the source 'demo' plays without one."
    return "The cameras are: " + ", ".join(f"{camera.index} ({camera.name})" for camera in cameras) + "."


def _looks_like_a_path(spec: str, path: Path) -> bool:
    suffix = path.suffix.lower()
    return "/" in spec or "\\" in spec or suffix in IMAGE_SUFFIXES or suffix in VIDEO_SUFFIXES
