"""Arguments that several commands take, and values of arguments as the parts below read them."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from app.core.camera_format import parse_camera_format
from app.core.errors import UserError
from app.core.limits import MOST_FACES
from app.core.position import parse_face_size, parse_field_of_view
from app.core.tilt import parse_camera_tilt
from extractor.backends.engines import ENGINES

TILT = "--camera-tilt"
_NUMBERS = re.compile(r"-[\d.]+(,.*)?")
T = TypeVar("T")


def typed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """``parse`` for argparse, with the UserError that it raises as the message."""

    def value(text: str) -> T:
        try:
            return parse(text)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def add_camera_format(parser: argparse.ArgumentParser, usual: str) -> None:
    """The option for the format that a camera is asked for; ``usual``: what holds without it."""
    parser.add_argument(
        "--camera-format",
        type=typed(parse_camera_format),
        metavar="WxH@RATE[:PIXELS]",
        help=f"what a camera is asked for, such as 1280x720@30:MJPG ({usual}); 'motionscope cameras' tells what there "
        "is, and a camera that grants something else goes on with that",
    )


def add_camera_tilt(parser: argparse.ArgumentParser, usual: str) -> None:
    """The option for the camera's tilt; ``usual``: what holds without it."""
    parser.add_argument(
        TILT,
        type=typed(parse_camera_tilt),
        metavar="PITCH[,ROLL]",
        help="how the camera stands, in degrees: pitch + looks down, roll + is turned clockwise seen from behind it; "
        f"angles are then shown as a level camera would measure them ({usual})",
    )


def add_field_of_view(parser: argparse.ArgumentParser, usual: str) -> None:
    """The option for the camera's field of view; ``usual``: what holds without it."""
    parser.add_argument(
        "--field-of-view",
        type=typed(parse_field_of_view),
        metavar="DEGREES[d]",
        help="the angle that the camera sees between the picture's edges or, with a d behind it, its corners: the "
        f"head's position in centimetres depends on it ({usual})",
    )


def add_face_size(parser: argparse.ArgumentParser, usual: str) -> None:
    """The option for the distance of the pupils; ``usual``: what holds without it."""
    parser.add_argument(
        "--pupil-distance",
        type=typed(parse_face_size),
        dest="face_size",
        metavar="MM",
        help="how far apart the person's pupils are, in millimetres, as an optician measures it: the head's position "
        f"is computed from it ({usual})",
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


def add_network(parser: argparse.ArgumentParser, *, estimators: bool = False, remembered: bool = False) -> None:
    """``estimators``: another estimator may stand in the weights' place.  ``remembered``: else as last chosen."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--weights", metavar="PATH", help="a checkpoint, or lite (the default), or tiny, which is grown from it here"
    )
    if estimators:
        from app.faces.estimators import OWN

        own = ", ".join(f"{name} ({spec.title})" for name, spec in OWN.items())
        which.add_argument(
            "--estimator",
            dest="weights",
            type=_estimator,
            metavar="NAME",
            help=f"another estimator in the network's place: {own}, or one that a package brings",
        )
    default, usual = (None, "else as last chosen, auto at first") if remembered else ("auto", "default: auto")
    parser.add_argument(
        "--device", default=default, metavar="auto|cpu|cuda|mps", help=f"where the network runs ({usual})"
    )
    parser.add_argument("--engine", default=default, choices=("auto", *ENGINES), help=f"what runs it ({usual})")


def add_share(parser: argparse.ArgumentParser) -> None:
    """The option for who may read what is written."""
    parser.add_argument(
        "--share",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="other users of this computer may read what is written, or its owner alone may; "
        "by default as the window's switch was left, at first its owner alone",
    )


def add_faces(parser: argparse.ArgumentParser, default: int | None) -> None:
    """The option for the number of faces; None: as last chosen."""
    usual = "as last chosen, 1 at first" if default is None else f"default: {default}"
    parser.add_argument(
        "--faces",
        type=_face_count,
        default=default,
        metavar="N",
        help=f"measure at most N faces, 1 to {MOST_FACES} ({usual})",
    )


def positive_seconds(text: str) -> float:
    """An argument's type: seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds


def count(text: str) -> int:
    """An argument's type: a number from 1 on."""
    if not text.isdecimal() or not 0 < int(text) < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _face_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_FACES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_FACES}")
    return int(text)


def _estimator(text: str) -> str:
    from app.faces.estimators import estimator_names, is_estimator

    if not is_estimator(text):
        raise argparse.ArgumentTypeError(f"there is no estimator {text!r}: there are {', '.join(estimator_names())}")
    return text
