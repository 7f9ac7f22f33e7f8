"""The outputs, each declared once: what it is called, where it goes, what it needs.

A class, and the library it needs, is imported when the output is switched on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any

from app.core.errors import OutputError
from app.outputs.address import parse_address
from app.outputs.base import Output
from app.outputs.targets import DEFAULT_STREAM, OVERLAY, ServerTarget, parse_camera, parse_server, parse_stream
from app.outputs.v4l2 import find_device
from extractor.installing import extra_command, package_command

WEBSOCKET_PORT = 8765
REMOTE_PORT = 8766

ELSEWHERE = "What is measured of faces then leaves this computer, readable by anyone on the way."
ANYONE = "Any program on the network can then read what is measured of faces."
KNOWING = "Programs on the network that know the token can then read it; what is sent isn't encrypted."
CONTROLLING = (
    "Programs on the network that know the token can then start and stop recordings; what is sent isn't encrypted."
)
LSL_PORT = (
    "LSL announces its streams to this computer only, but liblsl opens its port to the network: whoever knows of it "
    "can read them unless a firewall forbids it."
)
LSL_NETWORK = "Every computer on the network can then find and read these streams."


def _nothing_needed() -> tuple[bool, str]:
    return True, ""


def _library(module: str, command: Callable[[], str]) -> tuple[bool, str]:
    """Whether a module is installed, and else the command that brings it."""
    if find_spec(module) is not None:
        return True, ""
    hint = command()
    return False, f"({hint})" if hint else ""


def _loopback() -> tuple[bool, str]:
    try:
        return True, str(find_device())
    except OutputError:
        return False, ""


_OSC = partial(_library, "pythonosc", partial(package_command, "python-osc"))
_WEBSOCKETS = partial(_library, "websockets", partial(package_command, "websockets"))
_LSL = partial(_library, "pylsl", partial(extra_command, "lsl"))


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """A row: settings, options, the panel and ``check`` follow from it."""

    name: str
    title: str
    output: str  # the class, as "module:class"; it takes what ``read`` returns
    metavar: str
    default: str  # the target
    target_name: str
    tip: str  # a sentence without its full stop
    hint: str  # what to write as a target
    read: Callable[[str], Any]  # the target that a person wrote; its ``str`` is the usual form.  Raises OutputError
    warn: Callable[[Any], str]  # of a target that was read: a plain warning, or nothing
    unheard: str  # what to do while nobody listens
    bare: str | None = None  # the target where the option stands without its value; None: it must not
    choices: tuple[tuple[str, str], ...] = ()  # usual targets and what people read for them; none: one writes it
    found: Callable[[], tuple[bool, str]] = _nothing_needed  # whether it can run here, and what to say of that

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--{self.name.replace('_', '-')}"

    def parse(self, text: str) -> str:
        """A target in its usual form.  Raises OutputError."""
        return str(self.read(text))

    def make(self, target: str) -> Output:
        """The output, switched on; its library is imported now.  Raises OutputError."""
        output: Output = resolve_name(self.output)(self.read(target))
        return output

    def privacy(self, target: str) -> str:
        """A warning before it is switched on; empty where nothing leaves this computer."""
        return self.warn(self.read(target))


def _udp(
    name: str,
    title: str,
    output: str,
    port: int,
    tip: str,
    hint: str,
    unheard: str,
    found: Callable[[], tuple[bool, str]] = _nothing_needed,
) -> OutputSpec:
    """The row of a protocol whose packets go to a host and port."""
    return OutputSpec(
        name, title, output, "HOST:PORT", f"127.0.0.1:{port}", "Address", tip, hint,
        partial(parse_address, default_port=port), lambda address: "" if address.is_this_computer else ELSEWHERE,
        unheard, found=found,
    )  # fmt: skip


def _served(server: ServerTarget) -> str:
    if server.address.is_this_computer:
        return ""
    return KNOWING if server.token else ANYONE


def _remote_target(text: str) -> ServerTarget:
    server = parse_server(text, REMOTE_PORT)
    if server.token:
        raise OutputError("The remote control makes its token itself: write PORT or HOST:PORT alone.")
    return server


OUTPUTS: tuple[OutputSpec, ...] = (
    _udp(
        "opentrack", "opentrack", "app.outputs.opentrack:OpentrackOutput", 4242,
        "Head pose for games and simulators, through opentrack's input “UDP over network”",
        "HOST:PORT of opentrack's input “UDP over network”; on this computer 127.0.0.1:4242",
        "Start opentrack with its input “UDP over network” at {target}.",
    ),
    _udp(
        "osc", "OSC", "app.outputs.osc:OscOutput", 9000,
        "Pose, place, expression and derived numbers of every face, for Max, Pure Data, TouchDesigner and others",
        "HOST:PORT of the program that receives OSC by UDP",
        "No program has opened {target}; start one that receives OSC there.", _OSC,
    ),
    _udp(
        "vmc", "VMC", "app.outputs.vmc:VmcOutput", 39539,  # where the protocol's receivers ("marionettes") listen
        "Head and face of an avatar by the VMC protocol, for VSeeFace, EVMC4U, VNyan, Warudo and others",
        "HOST:PORT of the program that shows the avatar; most listen at port 39539 or 39540",
        "No program has opened {target}; switch its VMC receiver on.", _OSC,
    ),
    OutputSpec(
        "lsl", "Lab Streaming Layer", "app.outputs.lsl:LslOutput", "NAME", DEFAULT_STREAM, "Name",
        "Pose, expression and marker streams with capture times, for LabRecorder and other recorders",
        "The streams' name; with @network behind it other computers find them too",
        parse_stream, lambda stream: LSL_NETWORK if stream.network else LSL_PORT,
        "No recorder reads the streams; choose those called {target} there.", bare=DEFAULT_STREAM, found=_LSL,
    ),
    OutputSpec(
        "virtual_camera", "Virtual camera", "app.outputs.virtual_camera:VirtualCameraOutput",
        "overlay", OVERLAY, "Picture",
        "The picture as a camera for calls and recordings, by v4l2loopback on Linux",
        "The overlay is what is measured, drawn into the picture. On the command line: “overlay” or nothing; a device "
        "such as /dev/video2 may follow, else it is the first one",
        parse_camera, lambda camera: "", "", bare="",
        choices=(("With overlay", OVERLAY), ("Without overlay", "")), found=_loopback,
    ),
    OutputSpec(
        "websocket", "WebSocket", "app.outputs.websocket:WebSocketOutput", "PORT", str(WEBSOCKET_PORT), "Port",
        "Everything of every frame as JSON lines, for scripts and for web pages on this computer",
        "The port to open on this computer, or HOST:PORT; with ?token=WORD behind it only programs that give the word "
        "are let in",
        partial(parse_server, default_port=WEBSOCKET_PORT), _served,
        "No program reads it; one can connect at any time.", found=_WEBSOCKETS,
    ),
    OutputSpec(
        "remote", "Remote control", "app.outputs.remote:RemoteControl", "PORT", str(REMOTE_PORT), "Port",
        "Lets programs that know the token start, stop, mark and recentre, and tells them when that took effect",
        "The port to open on this computer, or HOST:PORT",
        _remote_target, lambda server: "" if server.address.is_this_computer else CONTROLLING, "",
        bare=str(REMOTE_PORT), found=_WEBSOCKETS,
    ),
)  # fmt: skip


def output_named(name: str) -> OutputSpec:
    """Raises OutputError for a name that the table lacks."""
    for spec in OUTPUTS:
        if spec.name == name:
            return spec
    raise OutputError(f"There is no output called {name!r}.")
