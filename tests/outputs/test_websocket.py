"""Against real clients; a client that doesn't read, and pages that must not be let in."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.core.clock import OtherClock, now_s
from app.core.errors import OutputError
from app.core.frames import Frame
from app.core.rotation import rotation_of
from app.outputs import server, values
from app.outputs.address import Address
from app.outputs.base import Marker, OutputState
from app.outputs.targets import ServerTarget
from app.outputs.websocket import WebSocketOutput, frame_record
from extractor.types import Angles
from tests.factories import looking, make_face, make_result
from tests.waiting import PATIENCE_S, threads_named, wait_until


@pytest.fixture
def output() -> Iterator[WebSocketOutput]:
    output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0)))
    yield output
    output.close()


@contextlib.contextmanager
def client_of(output: WebSocketOutput, **options: object) -> Iterator[ClientConnection]:
    with connect(f"ws://{output.address}", proxy=None, open_timeout=PATIENCE_S, **options) as client:
        assert receive(client)["type"] == "hello"  # by then it gets what is sent
        yield client


def raw_client_of(output: WebSocketOutput, host: str = "localhost") -> socket.socket:
    """One that has shaken hands and does nothing more."""
    client = socket.create_connection((output.address.host, output.address.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(
        f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode() + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return client


def refusal(output: WebSocketOutput, **options: object) -> int:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{output.address}", proxy=None, open_timeout=PATIENCE_S, **options),
    ):
        pass
    return refused.value.response.status_code


def receive(client: ClientConnection) -> dict:
    text = client.recv(timeout=PATIENCE_S)
    assert isinstance(text, str)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_client_gets_the_result_as_a_line_of_json(output):
    with client_of(output) as client:
        output.send(looking(yaw=30, number=7))
        record = receive(client)
        (face,) = record["faces"]
        assert (record["type"], record["frame"]) == ("frame", 7)
        assert (face["face_id"], face["primary"], face["success"]) == (1, True, True)
        assert face["yaw_deg"] == pytest.approx(30)
        assert face["yaw_std_deg"] == 2
        assert face["quality"] is None  # nobody knows it
        assert face["quaternion_xyzw"] == pytest.approx([0, np.sin(np.pi / 12), 0, np.cos(np.pi / 12)], abs=1e-5)
        assert len(face["keypoints_px"]) == 24
        assert output.status.state is OutputState.SENDING
        assert output.status.receivers == 1


def test_capture_time_is_utc(output):
    frame = Frame(3, np.zeros((2, 4, 3), np.uint8), now_s(), media_s=1.5)
    record = frame_record(replace(looking(), frame=frame), OtherClock(lambda: now_s() + 1.7e9))
    assert record["captured_unix_s"] == pytest.approx(frame.captured_s + 1.7e9, abs=1e-3)
    assert (record["media_s"], record["width"], record["height"]) == (1.5, 4, 2)


def test_while_the_primary_face_is_hidden_nobody_is_called_so():
    result = make_result(0, make_face(Angles(0, 1, 0), 4))
    for hidden in (False, True):
        (face,) = frame_record(replace(result, lacks_primary=hidden), OtherClock())["faces"]
        assert face["primary"] is not hidden


def test_all_faces_carry_their_id_and_what_is_unknown_is_null(output):
    nan = float("nan")
    faces = (
        make_face(Angles(0, 1, 0), 4, magnitudes=nan),
        make_face(Angles(0, 2, 0), 9),
        make_face(Angles(0, nan, 0), 2),
        make_face(Angles(0, 0, 0), 3, pose_trained=False),
    )
    with client_of(output) as client:
        output.send(make_result(0))
        assert receive(client)["faces"] == []
        output.send(make_result(1, *faces))
        got = receive(client)["faces"]
    assert [face["face_id"] for face in got] == [4, 9, 2, 3]
    assert [face["primary"] for face in got] == [True, False, False, False]
    assert [face["success"] for face in got] == [True, True, False, False]
    assert got[0]["brow_magnitude"] is None
    assert "yaw_deg" not in got[3]


def test_markers_come_too(output):
    with client_of(output) as client:
        output.send_marker(Marker("recentre", "yaw_deg +1.00", now_s()))
        record = receive(client)
    assert (record["type"], record["label"], record["note"]) == ("marker", "recentre", "yaw_deg +1.00")


def test_every_client_gets_every_result(output):
    with client_of(output) as one, client_of(output) as two, client_of(output) as three:
        for i in range(60):
            output.send(looking(number=i))
            assert [receive(client)["frame"] for client in (one, two, three)] == [i, i, i]
        assert output.status.receivers == 3
    assert output.status.sent == 60
    assert output.status.dropped == 0


def test_clients_come_and_go(output):
    output.send(looking())
    assert output.status.state is OutputState.UNHEARD
    with client_of(output):
        pass
    wait_until(lambda: output.status.receivers == 0)
    assert output.status.state is OutputState.UNHEARD
    with client_of(output) as again:
        output.send(looking(number=5))
        assert receive(again)["frame"] == 5
    broken = raw_client_of(output)
    wait_until(lambda: output.status.receivers == 1)
    broken.close()  # without a goodbye: a crash
    wait_until(lambda: output.status.receivers == 0)  # also while nothing is sent
    assert output.status.problem == ""


def test_a_client_that_does_not_read_costs_the_others_nothing(output):
    """Far more than the system's buffers hold; what waits for the lazy one stays one line."""
    lazy = raw_client_of(output)
    with client_of(output) as client:
        wait_until(lambda: output.status.receivers == 2)
        for i in range(1500):
            output.send(looking(number=i))
            assert receive(client)["frame"] == i
        assert output.status.dropped > 500
        buffered = sum(sys.getsizeof(c.line or "") + len(c.markers) for c in output._clients)
        assert buffered < 20_000
    lazy.close()


def test_sending_never_waits(output):
    """Far more than the system's buffers hold before anything is read: who waited would wait for ever."""
    with client_of(output) as client:
        for i in range(5000):
            output.send(looking(number=i))
        while receive(client)["frame"] != 4999:  # the latest wins
            pass


@pytest.mark.parametrize(
    "origin",
    ["https://example.com", "http://localhost.example.com", "http://example.com:8000", "null", "file://",
     "http://127.0.0.1.example.com", "http://localhost:8000/x", "chrome-extension://abc"],
)  # fmt: skip
def test_pages_of_the_internet_are_not_let_in(output, origin):
    assert refusal(output, origin=origin) == 403
    assert output.status.receivers == 0


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:8000", "http://127.0.0.1:5500",
                                    "https://[::1]:8443"])  # fmt: skip
def test_pages_of_this_computer_are_let_in(output, origin):
    with client_of(output, origin=origin) as client:
        output.send(looking(number=1))
        assert receive(client)["frame"] == 1


def test_too_many_clients_are_refused(output, monkeypatch):
    monkeypatch.setattr(server, "CLIENTS", 2)
    with client_of(output), client_of(output):
        assert refusal(output) == 503


@pytest.mark.parametrize("frames", [0, 400])  # more than what lies between two programs holds
def test_clients_that_hang_are_let_go_of_and_make_room(monkeypatch, frames):
    monkeypatch.setattr(server, "CLIENTS", 3)
    monkeypatch.setattr(server, "PING_S", 0.05)
    monkeypatch.setattr(server, "ANSWER_S", 1.0)
    output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0)))
    with client_of(output) as client:
        hanging = [raw_client_of(output) for _ in range(2)]
        wait_until(lambda: output.status.receivers == 3)
        assert refusal(output) == 503
        for i in range(frames):
            output.send(looking(number=i))
            assert receive(client)["frame"] == i
        wait_until(lambda: output.status.receivers == 1)
        with client_of(output) as another:
            output.send(looking(number=1000))
            assert receive(another)["frame"] == receive(client)["frame"] == 1000  # who answers stays
        for gone in hanging:
            gone.close()
    output.close()


def test_closing_waits_for_nobody(monkeypatch):
    """A client that doesn't read, and a connection that never says what it wants."""
    monkeypatch.setattr(server, "OPEN_S", 600.0)
    output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0)))
    mute = socket.create_connection((output.address.host, output.address.port))
    lazy = raw_client_of(output)
    wait_until(lambda: output.status.receivers == 1)
    for i in range(400):
        output.send(looking(number=i))
    output.close()
    assert threads_named(f"output {output.name}") == []
    mute.close()
    lazy.close()


@pytest.mark.parametrize("host", ["example.com", "example.com:8765", "localhost.example.com", "127.0.0.1.nip.io:1", ""])
def test_a_strangers_name_for_this_computer_is_refused(output, host):
    """Which a page that its name server points here would send."""
    assert refusal_of(output, host) == "403"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8765", "127.0.0.1:80", "[::1]:8765", "192.168.1.7:1", socket.gethostname()]
)
def test_own_names_and_addresses_are_answered(output, host):
    assert refusal_of(output, host) == "101"


def refusal_of(output: WebSocketOutput, host: str) -> str:
    """The status of the answer to a client that gives this ``Host``."""
    with raw_client_of(output, host) as client:
        client.settimeout(PATIENCE_S)
        return client.recv(100).split()[1].decode()


def test_a_token_is_asked_for():
    output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0), "three-blue-doors"))
    for path in ("", "/", "/?token=", "/?token=three-blue-door", "/?other=three-blue-doors"):
        with pytest.raises(InvalidStatus) as refused, connect(f"ws://{output.address}{path}", proxy=None):
            pass
        assert refused.value.response.status_code == 401
    assert refusal(output, additional_headers={"Authorization": "Bearer three"}) == 401
    with connect(f"ws://{output.address}/?token=three-blue-doors", proxy=None) as client:
        assert receive(client)["type"] == "hello"
    with client_of(output, additional_headers={"Authorization": "Bearer three-blue-doors"}):
        pass
    assert "three" not in output.status.target  # it is shown
    output.close()


def test_a_port_that_is_taken_is_said(output):
    with pytest.raises(OutputError, match=r"can't be opened at [\d.:]+: another program has this port; choose another"):
        WebSocketOutput(ServerTarget(output.address))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nowhere.invalid", r"^No computer is called nowhere\.invalid: check the name"),
        ("192.0.2.1", r"can't be opened at 192\.0\.2\.1:8765: this computer has no such address"),  # RFC 5737
    ],
)
def test_a_host_that_is_not_this_computer_is_said(host, words):
    with pytest.raises(OutputError, match=words):
        WebSocketOutput(ServerTarget(Address(host, 8765)))


def test_closing_says_goodbye_and_frees_the_port(output):
    with client_of(output) as client:
        output.close()
        output.close()
        with pytest.raises(Exception, match="1001"):
            client.recv(timeout=PATIENCE_S)
    output.send(looking())
    output.send_marker(Marker("x", "", now_s()))
    again = WebSocketOutput(ServerTarget(output.address))
    again.close()


def test_rotation_as_quaternion_is_that_of_the_matrix():
    q = values.quaternion(rotation_of(Angles(10, 20, 30)))
    x, y, z, w = q
    matrix = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    np.testing.assert_allclose(matrix, rotation_of(Angles(10, 20, 30)), atol=1e-6)
