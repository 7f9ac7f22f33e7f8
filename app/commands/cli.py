"""The command ``motionscope``: the window by default, ``extract``, ``check`` and ``bench`` without one."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app import __version__
from app.commands.camera_options import (
    add_camera_format,
    add_camera_tilt,
    add_face_size,
    add_field_of_view,
    with_negative_numbers,
)
from app.commands.output_options import add_output_options, chosen_outputs
from app.commands.typed import typed
from app.core.ending import EndedError, interrupted_by_signals
from app.core.errors import UserError, is_readable
from app.core.launch_options import LaunchOptions
from app.core.limits import MOST_FACES
from app.core.plain_locale import use_plain_locale
from app.core.stdout import OutputLostError, told_stdout
from app.session.codecs import CODECS, NO_PICTURE
from app.session.naming import folder_name
from extractor import child
from extractor.backends.engines import ENGINES

COMMANDS = (
    "extract", "sessions", "review", "reanalyse", "export", "recover", "delete", "ctl", "cameras", "check", "bench"
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0, 1 when something could not be done, 2 for words it doesn't know."""
    arguments = with_negative_numbers(sys.argv[1:] if argv is None else argv)
    # Read when torch loads: otherwise OpenMP's threads spin while they wait, and a frame took 200 ms instead of 20
    # whenever capture or encoding wanted a core too.
    # Small letters: OpenMP ignores case in the way of the locale, and in Turkish a capital I is another letter.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    use_plain_locale()
    logging.basicConfig(level=logging.WARNING, format="motionscope: %(levelname)s: %(name)s: %(message)s")
    try:
        if arguments[:1] == [child.WORD]:
            return child.run(arguments[1:])
        with told_stdout():
            if arguments and arguments[0] in COMMANDS:
                with interrupted_by_signals():
                    return _command(arguments)
            return _window(arguments)
    except OutputLostError as error:
        if error.sentence:
            print(f"motionscope: {error.sentence}", file=sys.stderr)
        return 1
    except (UserError, ValueError) as error:
        if not is_readable(error):
            raise
        print(f"motionscope: {error}", file=sys.stderr)
        return 1
    except EndedError as error:
        print(f"motionscope: ended by {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("motionscope: interrupted", file=sys.stderr)
        return 130


def _window(arguments: list[str]) -> int:
    options = parse_window(arguments)
    from app.ui.shell.application import run_window

    return run_window(options)


def parse_window(arguments: Sequence[str]) -> LaunchOptions:
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
    parser.add_argument("--version", action="version", version=f"motionscope {__version__}")
    parser.add_argument(
        "--source",
        default="auto",
        metavar="auto|demo|INDEX|NAME|PATH|URL",
        help="camera by index or name, video, image, folder of images, the demo, a network camera (rtsp, rtsps, http, "
        "https); auto: the first camera, else the demo",
    )
    add_camera_format(parser, "as last chosen for it, 1280x720@30:MJPG at first")
    add_camera_tilt(parser, "as remembered for the camera, level at first")
    add_field_of_view(parser, "as remembered for the camera, 60 at first")
    add_face_size(parser, "as remembered for the camera, an adult's average face at first")
    _network_arguments(parser)
    parser.add_argument("--record", type=Path, metavar="DIR", help="record from the start into the new folder DIR")
    parser.add_argument("--duration", type=_positive_seconds, metavar="SECONDS", help="close by itself after so long")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window as PNG just before it closes")
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the picture mirrored (numbers never are); by default cameras only",
    )
    _faces_argument(parser, None)
    _share_argument(parser)
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
        nargs="?",
        const="",
        metavar="DEVICE",
        help="record the sound of a microphone, too: of this one, by its name or a part of it, or of the usual one "
        "(else as the window's switch was left, at first none)",
    )
    add_output_options(parser)
    args = parser.parse_args(arguments)
    return LaunchOptions(
        args.source,
        args.weights,
        None if args.device == "auto" else args.device,
        args.record,
        args.duration,
        args.screenshot,
        args.mirror,
        args.engine,
        outputs=chosen_outputs(args),
        faces=args.faces,
        camera_format=args.camera_format,
        camera_tilt=args.camera_tilt,
        field_of_view=args.field_of_view,
        face_size=args.face_size,
        record_sound=True if args.record_audio is not None else None,
        microphone=args.record_audio,
        codec=args.codec,
        name=args.name,
        share=args.share,
    )


def _command(arguments: list[str]) -> int:
    name, rest = arguments[0], arguments[1:]
    parser = argparse.ArgumentParser(prog=f"motionscope {name}")
    if name in ("extract", "reanalyse"):
        _network_arguments(parser, estimators=True)
        _share_argument(parser)
        from app.commands.file_commands import run

        return run(name, parser, rest)
    if name == "review":
        _share_argument(parser)
        from app.ui.review.application import review

        return review(parser, rest)
    if name == "export":
        return _export(parser, rest)
    if name == "recover":
        parser.description = "Put recordings in order that were cut off by a crash or a power loss."
        parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session, or a folder of sessions")
        _share_argument(parser)
        from app.commands.recover import recover_all
        from app.ui.shell.settings import share_files

        args = parser.parse_args(rest)
        share_files(args.share)
        return recover_all(args.folders)
    if name == "delete":
        return _delete(parser, rest)
    if name == "sessions":
        return _sessions(parser, rest)
    if name == "ctl":
        from app.commands.ctl import run as control

        return control(parser, rest)
    if name == "cameras":
        from app.commands.camera_command import run as list_cameras

        return list_cameras(parser, rest)
    if name == "bench":
        return _bench(parser, rest)
    parser.description = "Print versions, cameras, devices, weights, and what this machine lacks."
    _network_arguments(parser)
    args = parser.parse_args(rest)
    from app.commands.check import check

    return check(args.weights, args.device, args.engine)


def _bench(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    from app.commands.bench import PEERS, BenchOptions, bench

    parser.description = "Measure what this machine reaches, with the pipeline that the window runs."
    parser.add_argument("--source", default="demo", metavar="demo|INDEX|NAME|PATH", help="what is played, in real time")
    parser.add_argument("--seconds", type=_positive_seconds, default=10.0, help="how long is measured (default: 10)")
    add_camera_format(parser, "1280x720@30:MJPG at first")
    _network_arguments(parser, estimators=True)
    _faces_argument(parser, 1)
    parser.add_argument("--window", action="store_true", help="in the real window, capture to paint included")
    parser.add_argument(
        "--record", action="store_true", help="while recording into a folder that is deleted afterwards"
    )
    parser.add_argument(
        "--engines", choices=("all",), help="time every engine that is installed, not only the one used"
    )
    parser.add_argument("--peer", choices=PEERS, help="compare with another program on the same frames")
    parser.add_argument(
        "--first-minute",
        action="store_true",
        help="in the window with an empty cache, as at the very first start, counted by the second",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    args = parser.parse_args(arguments)
    if args.first_minute and args.seconds == parser.get_default("seconds"):
        args.seconds = 60.0
    return bench(BenchOptions(**vars(args)))


def _export(parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    from app.commands.export import export
    from app.session.exporters import EXPORTERS
    from app.ui.shell.settings import share_files

    parser.description = "Export recorded sessions: " + ", ".join(f"{e.name} ({e.label})" for e in EXPORTERS) + "."
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--format", required=True, metavar="NAME[,NAME]", help=", ".join(e.name for e in EXPORTERS))
    parser.add_argument("--out", type=Path, metavar="PATH", help="where the files go; by default DIR/export")
    parser.add_argument(
        "--table", default="", metavar="NAME", help="a table that reanalyse made, instead of the recorded one"
    )
    parser.add_argument("--force", action="store_true", help="replace what an earlier export left there")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    _share_argument(parser)
    args = parser.parse_args(arguments)
    share_files(args.share)
    return export(args.folders, args.format, args.out, table=args.table, force=args.force, progress=not args.quiet)


def _delete(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    from app.commands.delete import delete_all

    parser.description = (
        "Delete recorded sessions whole, with their markers, analyses, exports and every other file in their folders. "
        "Nothing brings them back. Exports that were put elsewhere (--out) and copies are not found."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="SESSION", help="a session's folder")
    parser.add_argument("--yes", action="store_true", help="without a question")
    args = parser.parse_args(arguments)
    return delete_all(args.folders, ask=not args.yes)


def _sessions(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    from app.commands.sessions import print_sessions
    from app.ui.shell.settings import Settings, session_folders

    parser.description = (
        "List recorded sessions: date, name, participant, task, length, share of frames with a measured face, size and "
        "state (complete, recording, unfinished, damaged)."
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="where to look (default: the folders of the window)"
    )
    parser.add_argument(
        "--search",
        default="",
        metavar="TEXT",
        help="only those with each of its words in name, participant, task, date",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")
    args = parser.parse_args(arguments)
    roots = args.folders or [folder for folder in session_folders(Settings()) if folder.is_dir()]
    return print_sessions(roots, search=args.search, as_json=args.json)


def _share_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--share",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="other users of this computer may read what is written, or its owner alone may; "
        "by default as the window's switch was left, at first its owner alone",
    )


def _network_arguments(parser: argparse.ArgumentParser, *, estimators: bool = False) -> None:
    """``estimators``: another estimator may stand in the weights' place."""
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
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps", help="where the network runs")
    parser.add_argument("--engine", default="auto", choices=("auto", *ENGINES), help="what runs it (default: auto)")


def _faces_argument(parser: argparse.ArgumentParser, default: int | None) -> None:
    usual = "as last chosen, 1 at first" if default is None else f"default: {default}"
    parser.add_argument(
        "--faces",
        type=_face_count,
        default=default,
        metavar="N",
        help=f"measure at most N faces, 1 to {MOST_FACES} ({usual})",
    )


def _face_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_FACES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_FACES}")
    return int(text)


def _estimator(text: str) -> str:
    from app.faces.estimators import estimator_names, is_estimator

    if not is_estimator(text):
        raise argparse.ArgumentTypeError(f"there is no estimator {text!r}: there are {', '.join(estimator_names())}")
    return text


def _name_pattern(text: str) -> str:
    folder_name(text, "participant", "task")
    return text


def _positive_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds
