"""Open Sound Control by UDP, for Max, Pure Data, TouchDesigner, VRChat bridges and the like."""

from __future__ import annotations

from app.core.errors import OutputError
from app.core.frames import FrameResult
from app.outputs.address import Address
from app.outputs.base import OutputState
from app.outputs.threaded import ThreadedOutput
from app.outputs.udp import UdpPeer
from app.outputs.values import EXPRESSION, PLACE, POSE, faces_to_send, quaternion, read

NAME = "osc"
ROOT = "/motionscope"
MISSING = "OSC needs python-osc: install it with 'pip install python-osc' and switch OSC on again."


class OscWriter:
    """Builds bundles with python-osc, which is imported here and nowhere before."""

    def __init__(self) -> None:
        """Raises OutputError where python-osc is missing."""
        try:
            from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
            from pythonosc.osc_message_builder import OscMessageBuilder
        except ImportError as error:
            raise OutputError(MISSING) from error
        self._bundle = lambda: OscBundleBuilder(IMMEDIATELY)  # type: ignore[arg-type]  # a timetag like any other
        self._message = OscMessageBuilder

    def bundle(self, messages: list[tuple[str, list[str | int | float]]]) -> bytes:
        """One datagram; ints as ``i``, floats as ``f``, texts as ``s``."""
        bundle = self._bundle()
        for address, arguments in messages:
            message = self._message(address)
            for argument in arguments:
                message.add_arg(argument)
            bundle.add_content(message.build())
        return bytes(bundle.build().dgram)


def messages(result: FrameResult, start_s: float) -> list[list[tuple[str, list[str | int | float]]]]:
    """A list of messages for each bundle: the frame's first, then one for each face, the primary one first.

    Times are seconds since ``start_s`` (monotonic clock): OSC's floats have 24 bits, too few for a date.
    """
    faces = faces_to_send(result)
    frame: list[str | int | float] = [result.frame.index, result.frame.captured_s - start_s]
    bundles: list[list[tuple[str, list[str | int | float]]]] = [
        [(f"{ROOT}/frame", frame), (f"{ROOT}/faces", [len(faces)])]
    ]
    for i, shown in enumerate(faces):
        here, face_id = f"{ROOT}/face/{i}", shown.face.face_id
        bundles.append(
            [
                (f"{here}/pose", [face_id, *read(POSE, shown)]),
                (f"{here}/quaternion", [face_id, *quaternion(shown.rotation)]),
                (f"{here}/place", [face_id, *read(PLACE, shown)]),
                (f"{here}/expression", [face_id, *read(EXPRESSION, shown)]),
            ]
        )
    return bundles


class OscOutput(ThreadedOutput):
    """One bundle a result and one for each of its faces; results without a face say so with ``/faces 0``."""

    def __init__(self, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        super().__init__(NAME, str(address))
        self._writer = OscWriter()
        self._peer = UdpPeer(address)
        self._start_s: float | None = None
        self._start()

    def _deliver(self, result: FrameResult) -> bool:
        if self._start_s is None:
            self._start_s = result.frame.captured_s
        sent = [self._peer.send(self._writer.bundle(bundle)) for bundle in messages(result, self._start_s)]
        return all(sent)

    def _state(self) -> OutputState:
        return self._tally.state(self._peer.heard)

    def _release(self) -> None:
        self._peer.close()
