"""Every output as a row of one table: what it is called, where it goes, how it is made.

Nothing but the records is imported here; a library comes with the output that is switched on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import OutputError
from app.outputs.address import Address, parse_address
from app.outputs.base import Output
from app.outputs.targets import DEFAULT_STREAM, NETWORK, OVERLAY, ServerTarget, parse_camera, parse_server, parse_stream

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


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """``parse`` brings a target that a person wrote into its usual form and raises OutputError; ``make`` takes that."""

    name: str
    title: str
    metavar: str
    default: str  # the target
    target_name: str
    tip: str  # a sentence without its full stop
    hint: str  # what to write as a target
    parse: Callable[[str], str]
    make: Callable[[str], Output]
    privacy: Callable[[str], str]  # of a parsed target: a plain warning, or nothing
    unheard: str  # what to do while nobody listens
    bare: str | None = None  # the target where the option stands without its value; None: it must not
    choices: tuple[tuple[str, str], ...] = ()  # usual targets and what people read for them; none: one writes it

    @property
    def option(self) -> str:
        """Of the command line."""
        return f"--{self.name.replace('_', '-')}"


def _opentrack(address: Address) -> Output:
    from app.outputs.opentrack import OpentrackOutput

    return OpentrackOutput(address)


def _osc(address: Address) -> Output:
    from app.outputs.osc import OscOutput

    return OscOutput(address)


def _vmc(address: Address) -> Output:
    from app.outputs.vmc import VmcOutput

    return VmcOutput(address)


def _lsl(target: str) -> Output:
    from app.outputs.lsl import LslOutput

    return LslOutput(parse_stream(target))


def _virtual_camera(target: str) -> Output:
    from app.outputs.virtual_camera import VirtualCameraOutput

    return VirtualCameraOutput(parse_camera(target))


def _udp(
    name: str, title: str, port: int, make: Callable[[Address], Output], tip: str, hint: str, unheard: str
) -> OutputSpec:
    """The row of a protocol whose packets go to a host and port."""

    def parse(text: str) -> Address:
        return parse_address(text, port)

    return OutputSpec(
        name, title, "HOST:PORT", f"127.0.0.1:{port}", "Address", tip, hint, lambda text: str(parse(text)),
        lambda target: make(parse(target)), lambda target: "" if parse(target).is_this_computer else ELSEWHERE, unheard,
    )  # fmt: skip


def _announced(target: str) -> str:
    return LSL_NETWORK if target.endswith(NETWORK) else LSL_PORT


def _server(target: str) -> ServerTarget:
    return parse_server(target, WEBSOCKET_PORT)


def _websocket(target: str) -> Output:
    from app.outputs.websocket import WebSocketOutput

    server = _server(target)
    return WebSocketOutput(server.address, server.token)


def _served(target: str) -> str:
    server = _server(target)
    if server.address.is_this_computer:
        return ""
    return KNOWING if server.token else ANYONE


def _remote_address(target: str) -> ServerTarget:
    server = parse_server(target, REMOTE_PORT)
    if server.token:
        raise OutputError("The remote control makes its token itself: write PORT or HOST:PORT alone.")
    return server


def _remote(target: str) -> Output:
    from app.outputs.remote import RemoteControl

    return RemoteControl(_remote_address(target).address)


def _controlled(target: str) -> str:
    return "" if _remote_address(target).address.is_this_computer else CONTROLLING


OUTPUTS: tuple[OutputSpec, ...] = (
    _udp(
        "opentrack", "opentrack", 4242, _opentrack,  # where its input "UDP over network" listens
        "Head pose for games and simulators, through opentrack's input “UDP over network”",
        "HOST:PORT of opentrack's input “UDP over network”; on this computer 127.0.0.1:4242",
        "Start opentrack with its input “UDP over network” at {target}.",
    ),
    _udp(
        "osc", "OSC", 9000, _osc,
        "Pose, place, expression and derived numbers of every face, for Max, Pure Data, TouchDesigner and others",
        "HOST:PORT of the program that receives OSC by UDP",
        "No program has opened {target}; start one that receives OSC there.",
    ),
    _udp(
        "vmc", "VMC", 39539, _vmc,  # where the protocol's receivers ("marionettes") listen
        "Head and face of an avatar by the VMC protocol, for VSeeFace, EVMC4U, VNyan, Warudo and others",
        "HOST:PORT of the program that shows the avatar; most listen at port 39539 or 39540",
        "No program has opened {target}; switch its VMC receiver on.",
    ),
    OutputSpec(
        "lsl", "Lab Streaming Layer", "NAME", DEFAULT_STREAM, "Name",
        "Pose, expression and marker streams with capture times, for LabRecorder and other recorders",
        "The streams' name; with @network behind it other computers find them too",
        lambda text: str(parse_stream(text)), _lsl, _announced,
        "No recorder reads the streams; choose those called {target} there.", bare=DEFAULT_STREAM,
    ),
    OutputSpec(
        "virtual_camera", "Virtual camera", "overlay", OVERLAY, "Picture",
        "The picture as a camera for calls and recordings, by v4l2loopback on Linux",
        "The overlay is what is measured, drawn into the picture. On the command line: “overlay” or nothing; a device "
        "such as /dev/video2 may follow, else it is the first one",
        lambda text: str(parse_camera(text)), _virtual_camera,
        lambda target: "", "", bare="",
        choices=(("With overlay", OVERLAY), ("Without overlay", "")),
    ),
    OutputSpec(
        "websocket", "WebSocket", "PORT", str(WEBSOCKET_PORT), "Port",
        "Everything of every frame as JSON lines, for scripts and for web pages on this computer",
        "The port to open on this computer, or HOST:PORT; with ?token=WORD behind it only programs that give the word "
        "are let in",
        lambda text: str(_server(text)), _websocket, _served,
        "No program reads it; one can connect at any time.",
    ),
    OutputSpec(
        "remote", "Remote control", "PORT", str(REMOTE_PORT), "Port",
        "Lets programs that know the token start, stop, mark and recentre, and tells them when that took effect",
        "The port to open on this computer, or HOST:PORT",
        lambda text: str(_remote_address(text)), _remote, _controlled, "", bare=str(REMOTE_PORT),
    ),
)  # fmt: skip


def output_named(name: str) -> OutputSpec:
    """Raises OutputError for a name that the table lacks."""
    for spec in OUTPUTS:
        if spec.name == name:
            return spec
    raise OutputError(f"There is no output called {name!r}.")
