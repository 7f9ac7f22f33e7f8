"""The remote control: other programs start, stop, mark and recentre, and hear exactly when that took effect.

Each message is one JSON object, ``{"command": "marker", "label": "face", "id": 7}``, and gets one answer with the
same ``id``.  Times are seconds on the monotonic clock of the window; ``received_s`` and ``answered_s`` in every answer
let a program estimate how far its own clock is from that one, as NTP does.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import __version__
from app.core.clock import OtherClock, now_s
from app.core.errors import OutputError, UserError
from app.core.frames import FrameResult
from app.core.records import RecordError, build, parse_json
from app.outputs.base import Marker, OutputState, OutputStatus, Tally
from app.outputs.operable import ABOUT, Done, Operable
from app.outputs.remote_access import NAME, announce, own_token, withdraw
from app.outputs.server import LineServer, line
from app.outputs.targets import ServerTarget

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

log = logging.getLogger(__name__)

COMMANDS = ("start", "stop", "marker", "recentre", "status", "ping")
MESSAGE_BYTES = 4096
RECEIVED_BYTES = 1 << 16  # a message beyond it ends the connection; up to it a sentence says that it is too long
LABEL_CHARACTERS = 200
MOST_A_SECOND = 500  # messages of one program
MOST_WAITING = 64  # of one program; further ones wait in its own computer
AHEAD_S = 1.0  # how far a marker may lie in the future: a script knows the next refresh of its screen before it comes
UNEXPECTED = "That failed because of an unexpected error; the details are on Motionscope's stderr."


@dataclass(frozen=True, slots=True)
class Request:
    """A message."""

    command: str
    label: str = ""  # of a marker
    at_s: float | None = None  # of a marker, on the window's monotonic clock; None: when the message arrived
    participant: str | None = None  # of a recording that begins, as the next three; None: as it stands in the window
    task: str | None = None
    consent: str | None = None
    comment: str | None = None


class RemoteControl(LineServer):
    """A server that always asks for the token of ``remote_access``, whose file tells programs where it listens."""

    def __init__(self, server: ServerTarget) -> None:
        """Opens the port, a free one for 0.  Raises OutputError."""
        super().__init__(NAME, "The remote control", server.address, own_token(), RECEIVED_BYTES)
        self._operable: Operable | None = None
        self._tally = Tally()  # of answers
        # One after the other, whichever program asks: a marker must not overtake the start before it.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"output {NAME} commands")
        self._start()
        try:
            announce(str(self.address))
        except OutputError:
            self.close()
            raise

    def operate(self, operable: Operable) -> None:
        """Carry commands out there; until then they are refused."""
        self._operable = operable

    @property
    def status(self) -> OutputStatus:
        status = self._tally.status(NAME, f"ws://{self.address}", receivers=len(self._served))
        return dataclasses.replace(status, state=OutputState.LISTENING)

    def send(self, result: FrameResult) -> None:
        """Nothing: it answers only."""

    def send_marker(self, marker: Marker) -> bool:
        """Nothing, likewise."""
        return False

    def close(self) -> None:
        super().close()
        self._worker.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(OutputError):
            withdraw(str(self.address))

    # ------------------------------------------------------------------ on the server's thread

    async def _converse(self, connection: ServerConnection) -> None:
        await connection.send(line(hello()))
        waiting: asyncio.Queue[tuple[str | bytes, float]] = asyncio.Queue(MOST_WAITING)
        tasks = [
            asyncio.create_task(_listen(connection, waiting)),
            asyncio.create_task(self._answer_all(connection, waiting)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer_all(
        self, connection: ServerConnection, waiting: asyncio.Queue[tuple[str | bytes, float]]
    ) -> None:
        second_s, count = now_s(), 0
        while True:
            message, received_s = await waiting.get()
            if received_s - second_s >= 1:
                second_s, count = received_s, 0
            count += 1
            identity: object = None
            try:
                values = _parse(message)
                identity = _identity(values)
                if count > MOST_A_SECOND:
                    raise UserError(f"More than {MOST_A_SECOND} messages came within a second; send fewer.")
                answer = await self._carry_out(_request(values), received_s)
            except UserError as error:
                answer = {"ok": False, "error": str(error)}
            except Exception:
                log.exception("a command failed")
                answer = {"ok": False, "error": UNEXPECTED}
            self._tally.count()
            await connection.send(line({"id": identity, **answer, "received_s": received_s, "answered_s": now_s()}))

    async def _carry_out(self, request: Request, received_s: float) -> dict[str, object]:
        """Carry out a command and return the answer.  Raises UserError."""
        operable = self._operable
        if request.command == "ping":
            return {"ok": True, "command": "ping"}
        if request.command not in COMMANDS:
            raise UserError(f"There is no command {request.command[:40]!r}; there are {', '.join(COMMANDS)}.")
        if operable is None:
            raise UserError("The window is still starting; try again in a moment.")
        call: Callable[[], Done]
        if request.command == "marker":
            label, at_s = _label(request.label), received_s if request.at_s is None else request.at_s
            if at_s - received_s > AHEAD_S:
                raise UserError(f"The marker lies {at_s - received_s:.1f} seconds in the future; {AHEAD_S:g} may be.")
            await asyncio.sleep(max(0.0, at_s - now_s()))  # the frame that is shown then must be known
            call = functools.partial(operable.annotate, label, at_s)
        elif request.command == "start":
            given = {name: getattr(request, name) for name in ABOUT}
            call = functools.partial(operable.start, {k: _line(text) for k, text in given.items() if text is not None})
        else:
            calls = {"stop": operable.stop, "recentre": operable.recentre}
            call = calls.get(request.command, operable.state)
        done = await self._loop.run_in_executor(self._worker, call)
        moment = dataclasses.asdict(done.moment)
        unix = round(OtherClock().at(done.moment.at_s), 6)
        return {"ok": True, "command": request.command, **moment, "unix_s": unix, **done.details}


async def _listen(connection: ServerConnection, waiting: asyncio.Queue[tuple[str | bytes, float]]) -> None:
    """Note when each message comes, also while one before it is carried out."""
    async for message in connection:
        await waiting.put((message, now_s()))


def hello() -> dict[str, object]:
    """The first message to a client."""
    return {
        "type": "hello",
        "program": "motionscope",
        "version": __version__,
        "commands": COMMANDS,
        "clock": "at_s, received_s and answered_s: seconds on this program's monotonic clock; unix_s: UTC",
    }


def _parse(message: str | bytes) -> object:
    """Parse a message.  Raises UserError."""
    data = message.encode() if isinstance(message, str) else message
    if len(data) > MESSAGE_BYTES:
        raise UserError(f"The message is too long: {len(data)} bytes, and at most {MESSAGE_BYTES} are read.")
    try:
        return parse_json(data)
    except RecordError as error:
        raise UserError(f"The message can't be read: {error}.") from error


def _identity(values: object) -> object:
    """The number by which a program knows the answer again."""
    identity = values.get("id") if isinstance(values, dict) else None
    return identity if isinstance(identity, (str, int)) else None


def _request(values: object) -> Request:
    """Raises UserError."""
    try:
        return build(Request, values)
    except RecordError as error:
        raise UserError(f"The message can't be understood: {error}.") from error


def _line(text: str) -> str:
    """The printable part of a text, in one line."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _label(text: str) -> str:
    """Raises UserError."""
    label = _line(text)
    if not label:
        raise UserError('A marker needs a label, as in {"command": "marker", "label": "face"}.')
    if len(label) > LABEL_CHARACTERS:
        raise UserError(f"The label has {len(label)} characters; at most {LABEL_CHARACTERS} are taken.")
    return label
