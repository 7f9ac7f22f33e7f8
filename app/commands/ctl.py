"""``motionscope ctl``: one command to the window that runs, through its remote control."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from typing import Any

from app.commands.arguments import typed
from app.core.clock import now_s
from app.core.errors import OutputError
from app.outputs.address import Address, parse_address
from app.outputs.catalogue import REMOTE_PORT
from app.outputs.operable import ABOUT
from app.outputs.remote_access import access_file, read_access
from app.outputs.remote_client import ClockOffset, RemoteClient, RemoteError, connected

TOKEN = "MOTIONSCOPE_TOKEN"
ACTIONS = ("start", "stop", "marker", "recentre", "status")
FINISH_S = 70.0  # longer than the recorder waits for its disk
POLL_S = 0.1


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Raises OutputError and RemoteError where nobody answers or the window refuses."""
    asked_s = now_s()
    parser.description = (
        "Control the window that runs on this account: start or stop its recording, set a marker, recentre, or ask "
        "how it stands. Its remote control must be switched on, in the panel of outputs or with --remote."
    )
    parser.add_argument("action", choices=ACTIONS, metavar="|".join(ACTIONS), help="what to do")
    parser.add_argument("label", nargs="?", default="", metavar="LABEL", help="of the marker")
    for name in ABOUT:
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"of the recording that start begins: its {name}")
    parser.add_argument(
        "--at",
        type=typed(lambda text: parse_address(text, REMOTE_PORT)),
        metavar="HOST:PORT",
        help=f"a window elsewhere; its token is then read from the environment variable {TOKEN}",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as a line of JSON")
    args = parser.parse_args(words)
    if bool(args.label) != (args.action == "marker"):
        parser.error("marker needs a label" if args.action == "marker" else f"{args.action} takes no label")
    about = {name: getattr(args, name) for name in ABOUT if getattr(args, name) is not None}
    if about and args.action != "start":
        parser.error(f"{args.action} takes no --{next(iter(about))}")
    address, token = _window(args.at)
    with connected(address, token) as client:
        offset = client.measure_offset()
        fields = {"label": args.label, "at_s": asked_s + offset.offset_s} if args.action == "marker" else about
        answer = client.ask(args.action, **fields)
        if args.action == "stop":
            _wait_whole(client, answer["folder"])
        if args.action == "status":
            answer["round_trip_s"] = offset.round_trip_s
    print(json.dumps(answer) if args.json else sentence(args.action, answer, offset))
    return 0


def _wait_whole(client: RemoteClient, folder: str) -> None:
    """Return when the files of the recording are finished.  Raises RemoteError where they aren't, or not in time."""
    end_s = now_s() + FINISH_S
    while (state := client.ask("status"))["finishing"]:
        if now_s() >= end_s:
            raise RemoteError(f"The recording in {folder} is not whole yet: its disk does not answer.")
        time.sleep(POLL_S)
    if error := state.get("recording_error"):  # windows of earlier versions don't tell
        raise RemoteError(str(error))


def _window(address: Address | None) -> tuple[Address, str]:
    """The address and the token of the window.  Raises OutputError."""
    token = os.environ.get(TOKEN, "")
    if address is not None and token:
        return address, token
    access = read_access()
    if address is not None and (access is None or str(address) != access.address):
        raise OutputError(f"For the window at {address}, give its token in the environment variable {TOKEN}.")
    if access is None or not access.address:
        raise OutputError(
            "No window of yours can be controlled at present. Start Motionscope and switch its remote control on: in "
            f"the panel of outputs (Shift+F8), or with --remote. It then writes {access_file()}."
        )
    return parse_address(access.address, REMOTE_PORT), token or access.token


def sentence(action: str, answer: dict[str, Any], offset: ClockOffset) -> str:
    """An answer in words."""
    session_s = answer.get("session_s")
    at = f" at {session_s:.3f} s, frame {answer['frame']}" if session_s is not None else ""
    if action == "start":
        return f"Recording into {answer['folder']}"
    if action == "stop":
        return f"Stopped{at}; the recording is in {answer['folder']}"
    if action == "marker":
        label = repr(answer["label"])
        return f"Marked {label}{at}" if answer["recorded"] else f"Sent {label}; nothing is recorded"
    if action == "recentre":
        offset_deg = ", ".join(f"{axis} {answer[f'{axis}_deg']:+.1f}" for axis in ("yaw", "pitch", "roll"))
        return f"Recentred{at}, offset {offset_deg} degrees"
    lines = [
        f"source     {answer['source'] or 'none'}, {answer['state']}",
        f"rate       {answer['captured_a_second']:.1f} captured, {answer['measured_a_second']:.1f} measured a second",
        f"recording  {_recording(answer)}",
        f"round trip {offset.round_trip_s * 1e3:.2f} ms",
    ]
    return "\n".join(lines + [f"problem    {answer['problem']}"] * bool(answer["problem"]))


def _recording(answer: dict[str, Any]) -> str:
    if answer["folder"] is None:
        return "none"
    how = "" if answer["recording"] else "is being finished, "
    return f"{how}{answer['seconds']:.1f} s, {answer['frames']} frames, {answer['markers']} markers, {answer['folder']}"
