"""``motionscope cameras``: the cameras, the formats that their drivers name, and what one really grants."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.commands.arguments import add_camera_format
from app.core.camera_format import CameraFormat
from app.core.errors import SourceError

if TYPE_CHECKING:  # they import OpenCV, which the window does not wait for
    from app.capture.devices import CameraDevice

NONE_FOUND = "No camera was found. Connect one; the source 'demo' plays without."


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when a camera could not be asked."""
    parser.description = (
        "List the cameras with the formats that their drivers name (Linux), without opening them; or ask for one "
        "format, and print what is really granted with the rate measured over a second of frames."
    )
    parser.add_argument("camera", nargs="?", metavar="INDEX|NAME", help="this camera only")
    add_camera_format(parser, "what is then granted is printed; the camera must be free")
    args = parser.parse_args(arguments)
    from app.capture.devices import offered_cameras
    from app.capture.resolve import find_camera

    cameras = offered_cameras() if args.camera is None else (find_camera(args.camera),)
    if not cameras:
        print(NONE_FOUND)
    answers = []
    for camera in cameras:
        print(f"{camera.index}  {camera.name}" + (f"  {camera.path}" if camera.path else ""), flush=True)
        if args.camera_format is None:
            _print_listed(camera.path)
        else:
            answers.append(_ask(camera, args.camera_format))
    return 0 if all(answers) else 1


def _print_listed(path: str) -> None:
    from app.capture.v4l2_formats import listed_formats

    formats = listed_formats(path)
    for form in formats:
        print(f"   {form}")
    if not formats:
        print("   its driver tells nothing; --camera-format 1280x720@30 asks for a format")


def _ask(camera: CameraDevice, form: CameraFormat) -> bool:
    """Print what is granted; False when the camera can't be used."""
    from app.capture.camera import CameraSource
    from app.capture.grants import same_format, try_format

    try:
        grant = try_format(CameraSource(camera, form), form)
    except SourceError as error:
        print(f"   {error}", flush=True)
        return False
    measured = f"{grant.measured_fps:.1f} measured" if math.isfinite(grant.measured_fps) else "not measured"
    instead = "" if same_format(grant.asked, grant.format) else f"   (asked for {grant.asked})"
    print(f"   {grant.format!s:<24}{measured}{instead}", flush=True)
    return True
