"""``motionscope`` without a command's name: the window, by default."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from app import __version__
from app.commands.arguments import (
    add_camera_format,
    add_camera_tilt,
    add_face_size,
    add_faces,
    add_field_of_view,
    add_network,
    add_share,
    positive_seconds,
    typed,
)
from app.core.launch_options import LaunchOptions
from app.outputs.catalogue import OUTPUTS
from app.session.codecs import CODECS, NO_PICTURE
from app.session.naming import folder_name


def run(arguments: Sequence[str]) -> int:
    """Show it until it is closed; the exit code."""
    options = parse_window(arguments)
    from app.ui.shell.application import run_window

    return run_window(options)


def parse_window(arguments: Sequence[str]) -> LaunchOptions:
    """The options of a command line without a command."""
    parser = argparse.ArgumentParser(
        prog="motionscope",
        description="Live head pose, keypoints and facial motion from a webcam, a video or the built-in demo.",
        epilog="Other commands: motionscope extract (files to tables), motionscope sessions (list recordings), "
        "motionscope review (look at a session), "
        "motionscope reanalyse (a recorded video measured again), "
        "motionscope export (sessions to other formats), motionscope recover (cut-off recordings), "
        "motionscope delete (sessions whole), "
        "motionscope ctl (control the window that runs), "
        "motionscope cameras (what they grant), motionscope check (this machine), "
        "motionscope bench (how fast it is here).",
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)  # a command mistyped, a film without --source
    parser.add_argument("--version", action="version", version=f"motionscope {__version__}")
    parser.add_argument(
        "--source",
        default="auto",
        metavar="auto|demo|INDEX|NAME|PATH|URL",
        help="camera by index, name or device, video, image, folder of images, the demo, a network camera "
        "(rtsp, rtsps, http, https); auto: the first camera, else the demo",
    )
    add_camera_format(parser, "as last chosen for it, 1280x720@30:MJPG at first")
    add_camera_tilt(parser, "as remembered for the camera, level at first")
    add_field_of_view(parser, "as remembered for the camera, 60 at first")
    add_face_size(parser, "as remembered for the camera, an adult's average face at first")
    add_network(parser, remembered=True)
    parser.add_argument("--record", type=Path, metavar="DIR", help="record from the start into the new folder DIR")
    parser.add_argument(
        "--duration", type=positive_seconds, dest="duration_s", metavar="SECONDS", help="close by itself after so long"
    )
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window as PNG just before it closes")
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the picture mirrored (numbers never are); by default cameras only",
    )
    add_faces(parser, None)
    add_share(parser)
    parser.add_argument(
        "--name",
        type=typed(_name_pattern),
        metavar="PATTERN",
        help="name recordings so, with {participant}, {task}, {date} and {time} replaced (else as last chosen)",
    )
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument(
        "--codec", choices=CODECS, help="how pictures are recorded, or none at all (at first h264, then as last chosen)"
    )
    pictures.add_argument(
        "--without-picture",
        dest="codec",
        action="store_const",
        const=NO_PICTURE,
        help="record numbers, markers and session.json only, as --codec none",
    )
    parser.add_argument(
        "--record-audio",
        dest="microphone",
        nargs="?",
        const="",
        metavar="DEVICE",
        help="record the sound of a microphone, too: of this one, by its name or a part of it, or of the usual one "
        "(else as the window's switch was left, at first none)",
    )
    _add_outputs(parser)
    args = parser.parse_args(arguments)
    if args.words:
        word = args.words[0]
        parser.error(f"there is no command {word!r} (--help lists them); what is shown is named by --source {word}")
    known = {name: value for name, value in vars(args).items() if name in LaunchOptions.__slots__}
    return dataclasses.replace(
        LaunchOptions(**known),
        outputs=_chosen_outputs(args),
        record_sound=True if args.microphone is not None else None,
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "outputs", "Nothing is sent unless it is switched on; by default it stays on this computer."
    )
    for spec in OUTPUTS:
        words = f"{spec.tip} ({spec.hint})".replace("“", "'").replace("”", "'").replace("%", "%%")
        if spec.bare is None:
            group.add_argument(spec.option, type=typed(spec.parse), metavar=spec.metavar, help=words)
        else:
            group.add_argument(
                spec.option, type=typed(spec.parse), metavar=spec.metavar, nargs="?", const=spec.bare, help=words
            )


def _chosen_outputs(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """Names and targets of those that were asked for."""
    targets = ((spec.name, getattr(args, spec.name)) for spec in OUTPUTS)
    return tuple((name, target) for name, target in targets if target is not None)


def _name_pattern(text: str) -> str:
    folder_name(text, "participant", "task")
    return text
