"""The output WebSocket: everything of every frame as JSON lines, for web pages and scripts of one's own."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING

from app import __version__
from app.core.clock import OtherClock
from app.core.frames import FrameResult, ShownFace
from app.core.mailbox import Mailbox
from app.outputs.base import Marker, OutputStatus, Tally
from app.outputs.server import LineServer, line
from app.outputs.targets import ServerTarget
from app.outputs.values import DERIVED, EXPRESSION, PLACE, POSE, arkit, is_measured, quaternion

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

NAME = "websocket"
MARKERS = 64  # kept for a client that is slow
RECEIVED_BYTES = 1 << 12  # nothing is expected of clients


class WebSocketOutput(LineServer):
    """A server; each client gets every result, or as many as it reads.

    A client that reads slowly skips results: what waits for it is the latest one and a few
    kilobytes that are on their way.
    """

    def __init__(self, server: ServerTarget) -> None:
        """Opens the port, a free one for 0.  With a token only clients that know it are let in.

        Raises OutputError.
        """
        super().__init__(NAME, "The WebSocket", server.address, server.token, RECEIVED_BYTES)
        self._tally = Tally()
        self._skipped = 0  # by clients that read too slowly
        self._clients: set[_Client] = set()
        self._utc = OtherClock()
        self._slot: Mailbox[FrameResult] = Mailbox()
        self._start()

    @property
    def status(self) -> OutputStatus:
        clients, dropped = len(self._clients), self._slot.replaced + self._skipped
        return self._tally.status(NAME, f"ws://{self.address}", clients > 0, dropped, clients)

    # ------------------------------------------------------------------ on any thread

    def send(self, result: FrameResult) -> None:
        if self._clients and self._slot.put(result):  # otherwise the loop has not even taken the one before
            self._call(self._distribute)

    def send_marker(self, marker: Marker) -> bool:
        self._call(self._distribute_marker, marker)
        return True

    # ------------------------------------------------------------------ on the server's thread

    async def _converse(self, connection: ServerConnection) -> None:
        client = _Client()
        self._clients.add(client)
        ignoring = asyncio.create_task(_ignore(connection, client))
        try:
            await connection.send(line(hello()))
            while not client.gone:
                await client.changed.wait()
                client.changed.clear()
                while client.markers:
                    await connection.send(client.markers.popleft())
                latest, client.line = client.line, None
                if latest is not None:
                    await connection.send(latest)
        finally:
            self._clients.discard(client)
            ignoring.cancel()
            await asyncio.gather(ignoring, return_exceptions=True)

    def _distribute(self) -> None:
        result = self._slot.take()
        if result is None or not self._clients:
            return
        text = line(frame_record(result, self._utc))
        for client in self._clients:
            self._skipped += client.line is not None
            client.line = text
            client.changed.set()
        self._tally.count()

    def _distribute_marker(self, marker: Marker) -> None:
        text = line(marker_record(marker, self._utc))
        for client in self._clients:
            client.markers.append(text)
            client.changed.set()


class _Client:
    """The messages that wait for one client."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.line: str | None = None
        self.markers: deque[str] = deque(maxlen=MARKERS)
        self.gone = False


async def _ignore(connection: ServerConnection, client: _Client) -> None:
    """Read, so that pings and the client's goodbye are seen, and throw away what comes."""
    try:
        async for _ in connection:
            pass
    finally:  # also without a goodbye
        client.gone = True
        client.changed.set()


# ---------------------------------------------------------------------- the records

CHANNELS = (*POSE, *PLACE, *EXPRESSION, *DERIVED)


def hello() -> dict[str, object]:
    """The first message to a client: the units of the numbers."""
    units = {channel.name: channel.unit for channel in CHANNELS}
    return {
        "type": "hello",
        "program": "motionscope",
        "version": __version__,
        "units": units,
        "axes": "camera frame: x right, y down, z away from the viewer; head to camera R = Rz(roll) Ry(yaw) Rx(pitch)",
    }


def frame_record(result: FrameResult, utc: OtherClock) -> dict[str, object]:
    """A result as JSON has it; the primary face first, no face as an empty list, unknown numbers as null."""
    frame = result.frame
    height, width = frame.image.shape[:2]
    return {
        "type": "frame",
        "frame": frame.index,
        "captured_unix_s": round(utc.at(frame.captured_s), 6),
        "media_s": frame.media_s,
        "width": width,
        "height": height,
        "latency_ms": _number(result.latency_ms, 2),
        "faces": [_face(shown, primary=i == 0 and not result.lacks_primary) for i, shown in enumerate(result.shown)],
    }


def marker_record(marker: Marker, utc: OtherClock) -> dict[str, object]:
    """A marker as clients get it."""
    return {"type": "marker", "unix_s": round(utc.at(marker.at_s), 6), "label": marker.label, "note": marker.note}


def _face(shown: ShownFace, primary: bool) -> dict[str, object]:
    face = shown.face
    success = is_measured(shown)
    record: dict[str, object] = {"face_id": face.face_id, "primary": primary, "success": success}
    if success:
        for channel in CHANNELS:
            record[channel.name] = _number(channel.read(shown), 6)
        record["quaternion_xyzw"] = [_number(v, 7) for v in quaternion(shown.rotation)]
        record["arkit"] = {name: round(value, 4) for name, value in arkit(shown).items()}
        record["keypoints_px"] = [[_number(v, 2) for v in point] for point in face.keypoints.tolist()]
    return record


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None
