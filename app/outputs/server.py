"""The common part of the servers of JSON lines over a WebSocket: access, disconnection, a thread.

A browser lets any page of the internet open a WebSocket to this computer; only the ``Origin``
header tells such a page from a program.  So pages are let in only when they were served by this
computer itself, and programs, which send no ``Origin``, always.  ``null`` is refused too: it is
what files say, but also what a page in a sandboxed frame says.  ``Host`` must name this computer
or be an address: a name that a stranger points here for a moment (DNS rebinding) is neither.
With a token, everybody must know it: ``ws://HOST:PORT/?token=WORD``, or ``Authorization: Bearer WORD``.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import errno
import hmac
import ipaddress
import json
import logging
import re
import socket
import threading
import urllib.parse
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.errors import OutputError, reason
from app.outputs.address import Address

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

LOCAL_ORIGIN = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
CLIENTS = 32  # more than anybody needs, few enough that nobody fills the memory with them
UNSENT_BYTES = 1 << 15  # a client's unsent bytes at which it gets nothing new until it has read
OPEN_S = 2.0  # for a client to say what it wants
GOODBYE_S = 0.5  # for clients to answer when the server is switched off
JOIN_S = 3.0
PING_S = 10.0  # between the questions whether a client is still there
ANSWER_S = 20.0  # for it to answer, and to read what was sent before


class LineServer(abc.ABC):
    """A WebSocket server on a thread of its own.

    A client that doesn't answer within ``ANSWER_S``, because it hangs or its computer is gone, is let go of.
    Subclasses call ``_start`` when they are ready and give ``_converse``.
    """

    def __init__(self, name: str, title: str, address: Address, token: str, received_bytes: int) -> None:
        """Only clients that know a ``token`` are let in, if there is one; messages have ``received_bytes`` at most."""
        self.name = name
        self._title = title
        self.address = address  # the address with the port that was taken
        self.token = token
        self._received_bytes = received_bytes
        self._names = {"localhost", address.host.lower(), *_names_of_this_computer()}  # that ``Host`` may be
        self._served: set[ServerConnection] = set()
        self._connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()  # also those that are no client yet
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._opened = threading.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)

    def _start(self) -> None:
        """Open the port.  Raises OutputError.  Port 0 takes a free one; ``address`` tells which."""
        self._thread.start()
        self._opened.wait()
        if self._error is not None:
            self._thread.join(JOIN_S)
            raise OutputError(self._refusal(self._error)) from self._error

    def _refusal(self, error: OSError) -> str:
        if isinstance(error, socket.gaierror):
            return self.address.unknown
        place = f"{self._title} can't be opened at {self.address}"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{place}: this computer has no such address. Its own one, for its own programs, is 127.0.0.1."
        why = "another program has this port" if error.errno == errno.EADDRINUSE else reason(error)
        return f"{place}: {why}; choose another port."

    @abc.abstractmethod
    async def _converse(self, connection: ServerConnection) -> None:
        """Serve a client until it is gone; may raise ConnectionClosed."""

    def close(self) -> None:
        self._closed = True
        self._call(lambda: self._stop.set() if self._stop is not None else None)
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """On the server's thread, soon; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function, *arguments)

    # ------------------------------------------------------------------ on the server's thread

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
            self._serve_client,
            self.address.host,
            self.address.port,
            origins=[None, LOCAL_ORIGIN],
            process_request=self._refuse,
            create_connection=self._connection,  # type: ignore[arg-type]  # a function is allowed, too
            ping_interval=None,  # it waits behind what the client hasn't read, so one that hangs would stay for ever
            compression=None,  # it would cost time for each client, and nothing is gained within a computer
            open_timeout=OPEN_S,
            close_timeout=GOODBYE_S,
            max_size=self._received_bytes,
            max_queue=2,
            write_limit=UNSENT_BYTES,
            server_header=None,
            logger=_quiet_logger(),
        )
        try:
            for listening in server.sockets:  # those accepted inherit it: seconds of old results must not queue there
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
            self.address = Address(self.address.host, server.sockets[0].getsockname()[1])
            self._opened.set()
            if not self._closed:
                await self._stop.wait()
        finally:
            await self._close_connections(server)

    async def _close_connections(self, server: Server) -> None:
        """Hang up on clients that don't answer: ``close`` waits for nobody else's program."""
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
        """The reason to refuse this client; None: it is let in."""
        if not _is_named(request.headers.get("Host", ""), self._names):
            return connection.respond(403, "Only this computer's own names and addresses are answered.\n")
        if self.token and not _knows(request, self.token):
            return connection.respond(401, "The token is missing or wrong: ws://HOST:PORT/?token=WORD\n")
        if len(self._served) >= CLIENTS:
            return connection.respond(503, "Too many programs are connected to Motionscope already.\n")
        return None

    async def _serve_client(self, connection: ServerConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        self._served.add(connection)
        watching = asyncio.create_task(_watch(connection))
        try:
            await self._converse(connection)
        except ConnectionClosed:
            pass  # clients come and go
        finally:
            self._served.discard(connection)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


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


def line(record: dict[str, object]) -> str:
    """A record as a line of JSON."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
