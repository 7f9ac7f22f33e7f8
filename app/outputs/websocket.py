"""JSON lines over a WebSocket on this computer, for web pages and scripts of one's own.

A browser lets any page of the internet open a WebSocket to this computer; only the ``Origin``
header tells such a page from a program.  So pages are let in only when they were served by this
computer itself, and programs, which send no ``Origin``, always.  ``null`` is refused too: it is
what files say, but also what a page in a sandboxed frame says.  ``Host`` must name this computer
or be an address: a name that a stranger points here for a moment (DNS rebinding) is neither.
With a token, everybody must know it: ``ws://HOST:PORT/?token=WORD``, or ``Authorization: Bearer WORD``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
import logging
import math
import re
import socket
import threading
import urllib.parse
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app import __version__
from app.core.clock import ClockPair, clock_pair
from app.core.errors import OutputError
from app.core.frames import FrameResult, ShownFace
from app.core.mailbox import Mailbox
from app.outputs.address import Address
from app.outputs.base import Marker, OutputStatus, Tally
from app.outputs.udp import reason
from app.outputs.values import DERIVED, EXPRESSION, PLACE, POSE, is_measured, quaternion

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

NAME = "websocket"
MISSING = "The WebSocket needs websockets: install it with 'pip install websockets' and switch it on again."
LOCAL_ORIGIN = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
CLIENTS = 32  # more than anybody needs, few enough that nobody fills the memory with them
MARKERS = 64  # kept for a client that is slow
UNSENT_BYTES = 1 << 15  # a client's unsent bytes at which it gets nothing new until it has read
RECEIVED_BYTES = 1 << 12  # nothing is expected of clients
OPEN_S = 2.0  # for a client to say what it wants
GOODBYE_S = 0.5  # for clients to answer when the output is switched off
JOIN_S = 3.0
PING_S = 10.0  # between the questions whether a client is still there
ANSWER_S = 20.0  # for it to answer, and to read what was sent before


class WebSocketOutput:
    """A server; each client gets every result, or as many as it reads.

    A client that reads slowly skips results: what waits for it is the latest one and a few
    kilobytes that are on their way.  One that doesn't answer within ``ANSWER_S``, because it
    hangs or its computer is gone, is let go of.
    """

    def __init__(self, address: Address, token: str = "") -> None:
        """Opens the port.  Raises OutputError.  Port 0 takes a free one; ``status`` tells which.

        With a ``token`` only clients that know it are let in.
        """
        try:
            import websockets.asyncio.server  # noqa: F401
        except ImportError as error:
            raise OutputError(MISSING) from error
        self._address = address
        self._token = token
        self._names = {"localhost", address.host.lower(), *_names_of_this_computer()}  # that ``Host`` may be
        self._tally = Tally()
        self._skipped = 0  # by clients that read too slowly
        self._clients: set[_Client] = set()
        self._connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()  # also those that are no client yet
        self._closed = False
        self._clock = clock_pair()
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._opened = threading.Event()
        self._error: OSError | None = None
        self._slot: Mailbox[FrameResult] = Mailbox()
        self._thread = threading.Thread(target=self._run, name=f"output {NAME}", daemon=True)
        self._thread.start()
        self._opened.wait()
        if self._error is not None:
            self._thread.join(JOIN_S)
            raise OutputError(
                f"The WebSocket can't be opened at {address}: {reason(self._error)}; choose another port."
            ) from self._error

    @property
    def name(self) -> str:
        return NAME

    @property
    def address(self) -> Address:
        """With the port that was taken."""
        return self._address

    @property
    def status(self) -> OutputStatus:
        tally, clients = self._tally, len(self._clients)
        state = tally.state(heard=clients > 0)
        return OutputStatus(
            NAME,
            f"ws://{self._address}",
            state,
            tally.rate,
            tally.sent,
            tally.problem,
            self._slot.replaced + self._skipped,
            clients,
        )

    # ------------------------------------------------------------------ on any thread

    def send(self, result: FrameResult) -> None:
        if self._clients and self._slot.put(result):  # otherwise the loop has not even taken the one before
            self._call(self._distribute)

    def send_marker(self, marker: Marker) -> None:
        self._call(self._distribute_marker, marker)

    def close(self) -> None:
        self._closed = True
        self._call(lambda: self._stop.set() if self._stop is not None else None)
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function, *arguments)

    # ------------------------------------------------------------------ on the output's thread

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._error = error
        finally:
            self._loop.close()
            self._opened.set()

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve

        self._stop = asyncio.Event()
        server = await serve(
            self._attend,
            self._address.host,
            self._address.port,
            origins=[None, LOCAL_ORIGIN],
            process_request=self._refuse,
            create_connection=self._connection,  # type: ignore[arg-type]  # a function is allowed, too
            ping_interval=None,  # it waits behind what the client hasn't read, so one that hangs would stay for ever
            compression=None,  # it would cost time for each client, and nothing is gained within a computer
            open_timeout=OPEN_S,
            close_timeout=GOODBYE_S,
            max_size=RECEIVED_BYTES,
            max_queue=2,
            write_limit=UNSENT_BYTES,
            server_header=None,
            logger=_quiet_logger(),
        )
        try:
            for listening in server.sockets:  # those accepted inherit it: seconds of old results must not queue there
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
            self._address = Address(self._address.host, server.sockets[0].getsockname()[1])
            self._opened.set()
            if not self._closed:
                await self._stop.wait()
        finally:
            await self._say_goodbye(server)

    async def _say_goodbye(self, server: Server) -> None:
        """Whoever doesn't answer is hung up on: ``close`` waits for nobody else's program."""
        server.close()
        closing = asyncio.ensure_future(server.wait_closed())
        await asyncio.wait({closing}, timeout=GOODBYE_S)
        for connection in tuple(self._connections):
            _hang_up(connection)
        await closing

    def _connection(self, *arguments: Any, **options: Any) -> ServerConnection:
        from websockets.asyncio.server import ServerConnection

        connection = ServerConnection(*arguments, **options)
        self._connections.add(connection)
        return connection

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        """Why this client isn't let in; None: it is."""
        if not _is_named(request.headers.get("Host", ""), self._names):
            return connection.respond(403, "Only this computer's own names and addresses are answered.\n")
        if self._token and not _knows(request, self._token):
            return connection.respond(401, "The token is missing or wrong: ws://HOST:PORT/?token=WORD\n")
        if len(self._clients) >= CLIENTS:
            return connection.respond(503, "Too many programs read from Motionscope already.\n")
        return None

    async def _attend(self, connection: ServerConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        client = _Client()
        self._clients.add(client)
        tasks = [asyncio.create_task(_ignore(connection, client)), asyncio.create_task(_watch(connection))]
        try:
            await connection.send(_line(hello()))
            while not client.gone:
                await client.changed.wait()
                client.changed.clear()
                while client.markers:
                    await connection.send(client.markers.popleft())
                line, client.line = client.line, None
                if line is not None:
                    await connection.send(line)
        except ConnectionClosed:
            pass  # clients come and go
        finally:
            self._clients.discard(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _distribute(self) -> None:
        result = self._slot.take()
        if result is None or not self._clients:
            return
        line = _line(frame_record(result, self._clock))
        for client in self._clients:
            self._skipped += client.line is not None
            client.line = line
            client.changed.set()
        self._tally.count()

    def _distribute_marker(self, marker: Marker) -> None:
        line = _line(marker_record(marker, self._clock))
        for client in self._clients:
            client.markers.append(line)
            client.changed.set()


class _Client:
    """What waits for one client."""

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


async def _watch(connection: ServerConnection) -> None:
    """Hang up on a client that gives no sign of life.  The ping stands behind what it hasn't read, so both count."""
    while True:
        await asyncio.sleep(PING_S)
        try:
            await asyncio.wait_for(_ping(connection), ANSWER_S)
        except asyncio.TimeoutError:
            _hang_up(connection)
            return


async def _ping(connection: ServerConnection) -> None:
    await (await connection.ping())


def _hang_up(connection: ServerConnection) -> None:
    transport = getattr(connection, "transport", None)  # none before the connection is made
    if transport is not None:
        transport.abort()


def _names_of_this_computer() -> tuple[str, str]:
    name = socket.gethostname().lower()
    return name, f"{name.partition('.')[0]}.local"


def _is_named(host: str, names: set[str]) -> bool:
    """Whether a ``Host`` header, HOST or HOST:PORT, is one of ``names`` or an IP address."""
    try:
        name = urllib.parse.urlsplit(f"//{host}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        return host.lower().rpartition(":")[0] in names or host.lower() in names
    return True


def _knows(request: Request, token: str) -> bool:
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query).get("token", [])
    given.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
    return any(hmac.compare_digest(word.encode(), token.encode()) for word in given)


def _quiet_logger() -> logging.Logger:
    """Without a line on stderr for each connection that is refused or breaks off."""
    logger = logging.getLogger(f"{__name__}.server")
    logger.setLevel(logging.CRITICAL)
    return logger


# ---------------------------------------------------------------------- the records

CHANNELS = (*POSE, *PLACE, *EXPRESSION, *DERIVED)


def hello() -> dict[str, object]:
    """What a client gets first: what the numbers mean."""
    units = {channel.name: channel.unit for channel in CHANNELS}
    return {
        "type": "hello",
        "program": "motionscope",
        "version": __version__,
        "units": units,
        "axes": "camera frame: x right, y down, z away from the viewer; head to camera R = Rz(roll) Ry(yaw) Rx(pitch)",
    }


def frame_record(result: FrameResult, clock: ClockPair) -> dict[str, object]:
    """A result as JSON has it; the primary face first, no face as an empty list, unknown numbers as null."""
    frame = result.frame
    height, width = frame.image.shape[:2]
    return {
        "type": "frame",
        "frame": frame.index,
        "captured_unix_s": _unix(frame.captured_s, clock),
        "media_s": frame.media_s,
        "width": width,
        "height": height,
        "latency_ms": _number(result.latency_ms, 2),
        "faces": [_face(shown, primary=i == 0 and not result.lacks_primary) for i, shown in enumerate(result.shown)],
    }


def marker_record(marker: Marker, clock: ClockPair) -> dict[str, object]:
    return {"type": "marker", "unix_s": _unix(marker.at_s, clock), "label": marker.label, "note": marker.note}


def _face(shown: ShownFace, primary: bool) -> dict[str, object]:
    face = shown.face
    success = is_measured(shown)
    record: dict[str, object] = {"face_id": face.face_id, "primary": primary, "success": success}
    if success:
        for channel in CHANNELS:
            record[channel.name] = _number(channel.read(shown), 6)
        record["quaternion_xyzw"] = [_number(v, 7) for v in quaternion(shown.rotation)]
        record["keypoints_px"] = [[_number(v, 2) for v in point] for point in face.keypoints.tolist()]
    return record


def _unix(monotonic_s: float, clock: ClockPair) -> float:
    return round(clock.unix_s + monotonic_s - clock.monotonic_s, 6)


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _line(record: dict[str, object]) -> str:
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
