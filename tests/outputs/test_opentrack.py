"""Against a real receiver on a real socket; signs and order against opentrack's own matrix."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import OutputError
from app.core.frames import ShownFace
from app.core.position import Position
from app.core.rotation import rotation_of
from app.outputs.address import Address, parse_address
from app.outputs.base import OutputState
from app.outputs.opentrack import NAME, OpentrackOutput, opentrack_angles, packet
from extractor.types import Angles
from tests.factories import looking, make_face, make_result
from tests.waiting import PATIENCE_S, wait_until


def bind(port: int = 0) -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", port))
    receiver.settimeout(PATIENCE_S)
    return receiver


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with bind() as receiver:
        yield receiver


@pytest.fixture
def output(receiver: socket.socket) -> Iterator[OpentrackOutput]:
    output = OpentrackOutput(Address(*receiver.getsockname()))
    yield output
    output.close()


def opentrack_matrix(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """``euler::euler_to_rmat`` of opentrack's compat/euler.cpp, written anew: axes forward, sideways, up."""
    h, p, b = -np.deg2rad((yaw, pitch, roll))
    c1, s1, c2, s2, c3, s3 = np.cos(h), np.sin(h), np.cos(p), np.sin(p), np.cos(b), np.sin(b)
    return np.array(
        [
            [c1 * c2, c1 * s2 * s3 - c3 * s1, s1 * s3 + c1 * c3 * s2],
            [c2 * s1, c1 * c3 + s1 * s2 * s3, c3 * s1 * s2 - c1 * s3],
            [-s2, c2 * s3, c2 * c3],
        ]
    )


def test_a_receiver_gets_six_little_endian_doubles(receiver, output):
    output.send(looking(yaw=30))
    assert struct.unpack("<6d", receiver.recv(100)) == pytest.approx((0, 0, 0, 30, 0, 0), abs=1e-4)
    status = output.status
    assert (status.name, status.sent, status.problem) == (NAME, 1, "")
    assert status.target == "{}:{}".format(*receiver.getsockname())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Angles(0, 25, 0), (25, 0, 0)),  # the nose to the image's left
        (Angles(25, 0, 0), (0, -25, 0)),  # ours looks down, opentrack's pitch looks up
        (Angles(0, 0, 25), (0, 0, 25)),  # clockwise in the image
    ],
)
def test_each_axis_has_opentracks_sign(ours, theirs):
    assert opentrack_angles(rotation_of(ours)) == pytest.approx(theirs, abs=1e-4)


@given(st.floats(-150, 150), st.floats(-80, 80), st.floats(-150, 150))
def test_the_order_of_the_turns_is_opentracks(yaw, pitch, roll):
    """What opentrack makes of the three angles is the rotation that was measured, in its axes."""
    r = rotation_of(Angles(0, yaw, 0)) @ rotation_of(Angles(-pitch, 0, 0)) @ rotation_of(Angles(0, 0, roll))
    sent = opentrack_angles(r)
    assert sent == pytest.approx((yaw, pitch, roll), abs=0.01)
    # Forward is out of the face, up is up; sideways is the third axis with the sign that makes yaw turn forward to it.
    axes = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], float)  # rows, in camera axes: forward, right, up
    np.testing.assert_allclose(axes @ r @ axes.T, opentrack_matrix(*sent), atol=1e-4)


def test_where_two_axes_turn_the_angles_are_others_than_ours():
    assert opentrack_angles(rotation_of(Angles(0, 40, 20))) == pytest.approx((38.3, 12.7, 15.6), abs=0.05)


def test_what_is_sent_is_what_is_shown(receiver, output):
    """Recentred and filtered: ``rotation`` of the shown face, not of the measured one."""
    result = looking(yaw=30)
    shown = ShownFace(result.faces[0], Angles(0, 5, 0), rotation_of(Angles(0, 5, 0)))
    output.send(replace(result, signals=(shown,)))
    assert struct.unpack("<6d", receiver.recv(100))[3] == pytest.approx(5, abs=1e-4)


def test_the_position_is_in_opentracks_axes():
    """x to the image's right, y up, z away from the camera; 0 where nobody knows it."""
    shown = looking(yaw=7).shown[0]
    placed = replace(shown, face=replace(shown.face, position=Position(3.0, 4.0, 60.0, 1.0, 1.0, 5.0)))
    assert struct.unpack("<6d", packet(placed))[:3] == (3.0, -4.0, 60.0)
    assert struct.unpack("<6d", packet(shown))[:3] == (0.0, 0.0, 0.0)


def test_nothing_is_sent_without_a_pose(receiver, output):
    output.send(make_result(0))
    output.send(make_result(1, make_face(Angles(0, 10, 0), pose_trained=False)))
    output.send(make_result(2, make_face(Angles(0, float("nan"), 0))))
    assert output.status.state is OutputState.WAITING
    output.send(looking(yaw=7))
    assert receiver.recv(100) == packet(looking(yaw=7).shown[0])
    assert output.status.sent == 1


def test_the_rate_is_that_of_the_results(receiver, output):
    for i in range(10):
        output.send(looking(yaw=i))
        receiver.recv(100)
    status = output.status
    assert status.state is OutputState.SENDING
    assert status.sent == 10
    assert status.rate > 0


def test_the_receiver_may_come_and_go(receiver, output):
    port = receiver.getsockname()[1]
    output.send(looking(yaw=1))
    receiver.recv(100)
    receiver.close()
    # The system says so with the next datagrams.
    wait_until(lambda: output.status.state is OutputState.UNHEARD, lambda: output.send(looking(yaw=2)))
    assert output.status.problem == ""
    with bind(port) as again:
        output.send(looking(yaw=3))
        yaw = struct.unpack("<6d", again.recv(100))[3]
        assert yaw == pytest.approx(3, abs=1e-4)


def test_it_may_start_before_its_receiver():
    with bind() as taken:
        port = taken.getsockname()[1]
    output = OpentrackOutput(Address("127.0.0.1", port))
    try:
        for i in range(5):
            output.send(looking(yaw=i))
        with bind(port) as receiver:
            output.send(looking(yaw=50))
            assert struct.unpack("<6d", receiver.recv(100))[3] == pytest.approx(50, abs=1e-4)
    finally:
        output.close()


def test_sending_never_waits_for_a_receiver_that_does_not_read(output):
    """Far more than any buffer holds: who waited would wait for ever."""
    for i in range(5000):
        output.send(looking(number=i))
    assert output.status.problem == ""


class Socket(socket.socket):
    """One whose network goes and comes."""

    reaches = True

    def send(self, data: bytes) -> int:
        if not Socket.reaches:
            raise OSError(101, "Network is unreachable")
        return super().send(data)


def test_a_network_that_goes_away_is_said_and_tried_again(receiver, monkeypatch):
    monkeypatch.setattr(socket, "socket", Socket)
    output = OpentrackOutput(Address(*receiver.getsockname()))
    monkeypatch.setattr(Socket, "reaches", False)
    output.send(looking())
    status = output.status
    assert status.state is OutputState.FAILED
    assert status.problem == f"Nothing can be sent to {status.target} at present: network is unreachable."
    monkeypatch.setattr(Socket, "reaches", True)
    output.send(looking(yaw=4))
    receiver.recv(100)
    assert output.status.state is OutputState.SENDING
    assert output.status.problem == ""
    output.close()


def test_closing_while_another_thread_sends(receiver):
    output = OpentrackOutput(Address(*receiver.getsockname()))
    began, failures = threading.Event(), []

    def send() -> None:
        try:
            for i in range(3000):
                output.send(looking(number=i))
                began.set()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    began.wait(PATIENCE_S)
    output.close()
    output.close()
    thread.join()
    assert failures == []
    assert output.status.problem == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:4242", Address("127.0.0.1", 4242)),
        (" localhost:5000 ", Address("localhost", 5000)),
        ("192.168.0.2", Address("192.168.0.2", 4242)),
        ("gaming-pc.local:4243", Address("gaming-pc.local", 4243)),
        ("[::1]:4242", Address("::1", 4242)),
    ],
)
def test_addresses(text, expected):
    address = parse_address(text, 4242)
    assert address == expected
    assert parse_address(str(address), 1) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not HOST:PORT"),
        (":4242", "is not HOST:PORT"),
        ("host:port", "is not HOST:PORT"),
        ("a b:1", "is not HOST:PORT"),
        ("udp://host:1", "is not HOST:PORT"),
        ("::1", "is not HOST:PORT"),
        ("127.0.0.1:0", "ports go from 1 to 65535"),
        ("127.0.0.1:70000", "ports go from 1 to 65535"),
        ("127.0.0.256:4242", "no valid IP address"),
        ("1.2.3:4242", "no valid IP address"),
        ("[::1::]:4242", "no valid IP address"),
    ],
)
def test_what_is_no_address_gets_one_sentence(text, why):
    with pytest.raises(OutputError, match=why) as error:
        parse_address(text, 4242)
    sentence = str(error.value)
    assert repr(text) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True),
                                            ("localhost", True), ("192.168.0.2", False), ("pc", False)])  # fmt: skip
def test_whether_it_stays_on_this_computer(host, here):
    assert Address(host, 1).is_this_computer is here


def test_a_name_that_nobody_has(monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(OutputError, match=r"No computer is called nowhere\.invalid: check the name"):
        OpentrackOutput(Address("nowhere.invalid", 4242))
