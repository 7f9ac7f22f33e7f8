"""The common part of OSC and VMC: bundles of OSC messages, a datagram each, on a thread of their own."""

from __future__ import annotations

import abc

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from app.core.frames import FrameResult
from app.outputs.address import Address
from app.outputs.threaded import ThreadedOutput
from app.outputs.udp import UdpPeer

OscMessage = tuple[str, list[str | int | float]]  # address and arguments


def bundle_of(messages: list[OscMessage]) -> bytes:
    """One datagram; ints as ``i``, floats as ``f``, texts as ``s``."""
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, arguments in messages:
        message = OscMessageBuilder(address)
        for argument in arguments:
            message.add_arg(argument)
        bundle.add_content(message.build())
    return bytes(bundle.build().dgram)


class BundleOutput(ThreadedOutput):
    """Times in the messages are seconds since the first result: OSC's floats have 24 bits, too few for a date."""

    def __init__(self, name: str, address: Address) -> None:
        """Resolves a name, which may take a while.  Raises OutputError."""
        super().__init__(name, str(address))
        self._peer = UdpPeer(address)
        self._start_s: float | None = None
        self._start()

    @abc.abstractmethod
    def _bundles(self, result: FrameResult, time_s: float) -> list[list[OscMessage]]:
        """The messages of each datagram; ``time_s`` is the capture, counted from the first result's."""

    def _deliver(self, result: FrameResult) -> bool:
        if self._start_s is None:
            self._start_s = result.frame.captured_s
        bundles = self._bundles(result, result.frame.captured_s - self._start_s)
        sent = [self._peer.send(bundle_of(bundle)) for bundle in bundles]  # the rest, too, when one is lost
        return all(sent)

    @property
    def _heard(self) -> bool:
        return self._peer.heard

    def _release(self) -> None:
        self._peer.close()
