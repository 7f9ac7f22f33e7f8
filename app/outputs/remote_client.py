"""A program's side of the remote control: asks the window, and knows the window's clock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.clock import now_s
from app.core.errors import UserError
from app.outputs.address import Address

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

TIMEOUT_S = 10.0  # for an answer: the window may be opening an encoder
PINGS = 32


class RemoteError(UserError):
    """Nobody answers, or the window refuses."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """The offset to add to ``now_s()`` here for the window's clock, from the fastest ping.

    The path there may be slower than the path back, so it is wrong by half of the round trip at most.
    """

    offset_s: float
    round_trip_s: float


@contextlib.contextmanager
def connected(address: Address, token: str) -> Iterator[RemoteClient]:
    """A connection to the window.  Raises RemoteError."""
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import connect

    header = {"Authorization": f"Bearer {token}"}
    with contextlib.ExitStack() as open_ones:
        try:
            connection = open_ones.enter_context(
                connect(
                    f"ws://{address}", proxy=None, compression=None, additional_headers=header, open_timeout=TIMEOUT_S
                )
            )
        except InvalidStatus as error:
            if error.response.status_code == 401:
                raise RemoteError(f"The window at {address} has another token.") from error
            why = (error.response.body or b"").decode(errors="replace").strip()
            raise RemoteError(f"The window at {address} lets nobody in: {why or error}") from error
        except (OSError, InvalidHandshake) as error:
            raise RemoteError(
                f"No window answers at {address}. Start Motionscope and switch its remote control on: in the panel of "
                "outputs (Shift+F8), or with --remote."
            ) from error
        client = RemoteClient(connection)
        if "commands" not in client.receive():  # the output WebSocket greets, too, but takes no commands
            raise RemoteError(f"At {address} there is no remote control of a window, but another output.")
        yield client


class RemoteClient:
    """Asks over one connection; not thread-safe."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def ask(self, command: str, **fields: object) -> dict[str, Any]:
        """The answer.  Raises RemoteError, also where the window refuses."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(json.dumps({"command": command, **fields}))
        except ConnectionClosed as error:
            raise RemoteError("The window was closed.") from error
        answer = self.receive()
        if not answer.get("ok"):
            raise RemoteError(str(answer.get("error", "The window refused without a reason.")))
        return answer

    def measure_offset(self) -> ClockOffset:
        """Compare the clocks, as NTP does.  Raises RemoteError."""
        best = None
        for _ in range(PINGS):
            sent_s = now_s()
            answer = self.ask("ping")
            back_s = now_s()
            there_s, answered_s = float(answer["received_s"]), float(answer["answered_s"])
            offset_s = ((there_s - sent_s) + (answered_s - back_s)) / 2
            round_trip_s = (back_s - sent_s) - (answered_s - there_s)
            if best is None or round_trip_s < best.round_trip_s:
                best = ClockOffset(offset_s, round_trip_s)
        assert best is not None
        return best

    def receive(self) -> dict[str, Any]:
        """The next thing that the window says.  Raises RemoteError."""
        from websockets.exceptions import ConnectionClosed

        try:
            answer = json.loads(self._connection.recv(timeout=TIMEOUT_S))
        except TimeoutError as error:
            raise RemoteError(f"The window did not answer within {TIMEOUT_S:g} seconds.") from error
        except (ConnectionClosed, ValueError) as error:
            raise RemoteError("The window was closed, or another program than Motionscope answers there.") from error
        return answer if isinstance(answer, dict) else {}
