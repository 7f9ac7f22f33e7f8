"""What the command line says of the camera that a picture comes from, and of the face before it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from app.commands.typed import typed
from app.core.camera_format import parse_camera_format
from app.core.position import parse_face_size, parse_field_of_view
from app.core.tilt import parse_camera_tilt

TILT = "--camera-tilt"
_NUMBERS = re.compile(r"-[\d.]+(,.*)?")


def add_camera_format(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument(
        "--camera-format",
        type=typed(parse_camera_format),
        metavar="WxH@RATE[:PIXELS]",
        help=f"what a camera is asked for, such as 1280x720@30:MJPG ({usual}); 'motionscope cameras' tells what there "
        "is, and a camera that grants something else goes on with that",
    )


def add_camera_tilt(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument(
        TILT,
        type=typed(parse_camera_tilt),
        metavar="PITCH[,ROLL]",
        help="how the camera stands, in degrees: pitch + looks down, roll + is turned clockwise seen from behind it; "
        f"angles are then shown as a level camera would measure them ({usual})",
    )


def add_field_of_view(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument(
        "--field-of-view",
        type=typed(parse_field_of_view),
        metavar="DEGREES[d]",
        help="the angle that the camera sees between the picture's edges or, with a d behind it, its corners: the "
        f"head's position in centimetres hangs on it ({usual})",
    )


def add_face_size(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument(
        "--pupil-distance",
        type=typed(parse_face_size),
        dest="face_size",
        metavar="MM",
        help="how far apart the person's pupils are, in millimetres, as an optician measures it: the head's position "
        f"is told by it ({usual})",
    )


def with_negative_numbers(words: Sequence[str]) -> list[str]:
    """``--camera-tilt -20,3`` as one word: argparse takes what begins with a minus for another option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == TILT and _NUMBERS.fullmatch(word):
            joined[-1] = f"{TILT}={word}"
        else:
            joined.append(word)
    return joined
