"""Against python-osc's own server; VMC's axes against Unity's, as its manual describes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from app.core.clock import now_s
from app.core.derived import DerivedSignals
from app.core.errors import OutputError
from app.core.position import Position
from app.core.rotation import rotation_of
from app.outputs.address import Address
from app.outputs.base import Marker, OutputState
from app.outputs.osc import OscOutput
from app.outputs.udp import UdpPeer
from app.outputs.values import EXPRESSION, PLACE, POSE, quaternion
from app.outputs.vmc import VmcOutput, head_quaternion, presets
from extractor.types import KEYPOINT_NAMES, Angles
from tests.extractor.test_face_shape import moved, neutral
from tests.factories import looking, make_face, make_result
from tests.waiting import PATIENCE_S, threads_named, wait_until

OUTPUTS = pytest.mark.parametrize("make", [OscOutput, VmcOutput])


class Receiver:
    """python-osc's server on a thread; every message lands in a queue."""

    def __init__(self, port: int = 0) -> None:
        self.messages: queue.Queue[tuple[str, tuple]] = queue.Queue()
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(lambda address, *arguments: self.messages.put((address, arguments)))
        self._server = BlockingOSCUDPServer(("127.0.0.1", port), dispatcher)
        self.address = Address(*self._server.server_address)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def get(self) -> tuple[str, tuple]:
        return self.messages.get(timeout=PATIENCE_S)

    def until(self, address: str) -> tuple:
        """The arguments of the next message to this address."""
        while True:
            name, arguments = self.get()
            if name == address:
                return arguments

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def opened(receiver):
    outputs = []

    def open_(make, address=None):
        outputs.append(make(address or receiver.address))
        return outputs[-1]

    yield open_
    for output in outputs:
        output.close()


def test_osc_messages_have_their_names_and_arguments(receiver, opened):
    opened(OscOutput).send(make_result(4, make_face(Angles(-5, 30, 2), face_id=6), make_face(Angles(0, 1, 0), 9)))
    got = [receiver.get() for _ in range(10)]
    assert [name for name, _ in got] == [
        "/motionscope/frame",
        "/motionscope/faces",
        *(f"/motionscope/face/{i}/{part}" for i in (0, 1) for part in ("pose", "quaternion", "place", "expression")),
    ]
    values = dict(got)
    assert values["/motionscope/frame"] == (4, 0.0)
    assert values["/motionscope/faces"] == (2,)
    assert values["/motionscope/face/0/pose"] == pytest.approx((6, -5, 30, 2, 1, 2, 3))
    assert values["/motionscope/face/0/quaternion"][1:] == pytest.approx(quaternion(rotation_of(Angles(-5, 30, 2))))
    assert values["/motionscope/face/1/pose"][0] == 9
    for part, channels in (("pose", POSE), ("place", PLACE), ("expression", EXPRESSION)):
        assert len(values[f"/motionscope/face/0/{part}"]) == 1 + len(channels)
        assert [type(v) for v in values[f"/motionscope/face/0/{part}"]] == [int] + [float] * len(channels)


def test_osc_says_when_there_is_no_face(receiver, opened):
    output = opened(OscOutput)
    for number, faces in enumerate(((), (make_face(Angles(0, 0, 0), pose_trained=False),),
                                    (make_face(Angles(0, float("nan"), 0)),))):  # fmt: skip
        output.send(make_result(number, *faces))
        assert receiver.until("/motionscope/frame")[0] == number
        assert receiver.get() == ("/motionscope/faces", (0,))
    assert receiver.messages.empty()


def test_osc_times_are_those_of_the_capture(receiver, opened):
    output = opened(OscOutput)
    times = []
    for number in (10, 13, 16):
        output.send(looking(number=number))
        times.append(receiver.until("/motionscope/frame")[1])
    assert times == pytest.approx([0, 0.1, 0.2], abs=1e-6)


def test_vmc_sends_what_a_performer_sends(receiver, opened):
    output = opened(VmcOutput)
    output.send(make_result(0, make_face(Angles(0, 20, 0), 3), make_face(Angles(0, 50, 0), 4)))
    got = [receiver.get() for _ in range(3)]
    assert got[0] == ("/VMC/Ext/OK", (1, 3, 0, 1))  # loaded, calibrated, normal mode, tracking well
    assert got[1] == ("/VMC/Ext/T", (0.0,))
    name, arguments = got[2]
    assert name == "/VMC/Ext/Bone/Pos"
    assert arguments == pytest.approx(("Head", 0, 0, 0, 0, np.sin(np.pi / 18), 0, np.cos(np.pi / 18)), abs=1e-6)
    assert [type(v) for v in arguments] == [str] + [float] * 7
    output.send(make_result(1))
    assert receiver.get() == ("/VMC/Ext/OK", (1, 3, 0, 0))
    assert receiver.get()[0] == "/VMC/Ext/T"
    assert receiver.messages.empty()


def test_vmc_sends_where_the_head_is_in_metres_in_unitys_axes(receiver, opened):
    """The avatar looks at the camera: what is to the image's right is to its left, and the camera lies before it."""
    position = Position(10.0, -20.0, 60.0, 1.0, 1.0, 5.0)
    opened(VmcOutput).send(make_result(0, replace(make_face(Angles(0, 0, 0), 3), position=position)))
    got = receiver.until("/VMC/Ext/Hmd/Pos/Local")
    assert got == pytest.approx(("Motionscope", -0.1, 0.2, -0.6, 0, 0, 0, 1))


def deriving(**signals: float):
    result = looking()
    return replace(result, signals=(replace(result.shown[0], derived=DerivedSignals(**signals)),))


def test_osc_names_the_derived_numbers_that_are_known(receiver, opened):
    opened(OscOutput).send(deriving(smile=0.05, nods=3))
    receiver.until("/motionscope/face/0/expression")
    assert receiver.get() == ("/motionscope/face/0/smile", pytest.approx((1, 0.05)))
    assert receiver.get() == ("/motionscope/face/0/nods", (1, 3))
    assert receiver.messages.empty()


def smiling_left():
    """The subject's left corner of the mouth goes up and out by a centimetre, the right eye closes, the jaw opens."""
    d = moved(mouth_l=(0.11, -0.11, 0), lid_up_r=(0, 0.1, 0), lip_low=(0, 0.1, 0), chin=(0, 0.1, 0))
    result = make_result(0, replace(make_face(Angles(0, 0, 0)), kp=neutral(), exp=d))
    return replace(result, signals=(replace(result.shown[0], names=KEYPOINT_NAMES),))


def test_vmc_blendshapes_are_followed_by_apply(receiver, opened):
    shown = smiling_left()
    derived = DerivedSignals(mouth_opening=0.25, smile=-0.1, eye_closure_l=1.0, eye_closure_r=0.25)
    opened(VmcOutput).send(replace(shown, signals=(replace(shown.shown[0], derived=derived),)))
    receiver.until("/VMC/Ext/Bone/Pos")
    got = {}
    while (message := receiver.get())[0] == "/VMC/Ext/Blend/Val":
        got[message[1][0]] = message[1][1]
    assert message == ("/VMC/Ext/Blend/Apply", ())
    assert {name: got[name] for name in ("A", "Joy", "Blink_L", "Blink_R")} == {
        "A": 0.5, "Joy": 0, "Blink_L": 1, "Blink_R": 0.25,
    }  # fmt: skip
    assert got["MouthSmileLeft"] == 1
    assert got["MouthSmileRight"] == got["EyeBlinkLeft"] == 0
    assert got["EyeBlinkRight"] == 1
    assert got["JawOpen"] == pytest.approx(0.2, abs=0.01)


def test_osc_has_arkits_own_spelling(receiver, opened):
    opened(OscOutput).send(smiling_left())
    face_id, value = receiver.until("/motionscope/face/0/arkit/mouthSmileLeft")
    assert (face_id, value) == (1, 1)
    assert receiver.until("/motionscope/face/0/arkit/mouthSmileRight") == (1, 0)


@given(st.floats(), st.floats(), st.floats(), st.floats(), st.floats())
def test_presets_stay_within_0_and_1(mouth, smile, left, right, brow):
    assert all(0 <= value <= 1 for value in presets(DerivedSignals(mouth, smile, brow, left, right)).values())


def unity_rotate(q: tuple[float, float, float, float], v: tuple[float, float, float]) -> np.ndarray:
    """``Quaternion * Vector3`` as Unity computes it."""
    x, y, z, w = q
    u = np.array((x, y, z))
    return 2 * np.dot(u, v) * u + (w * w - np.dot(u, u)) * np.array(v) + 2 * w * np.cross(u, v)


RIGHT, UP, FORWARD = (1, 0, 0), (0, 1, 0), (0, 0, 1)  # of an avatar in Unity


@pytest.mark.parametrize(
    ("ours", "axis", "towards"),
    [
        (Angles(0, 25, 0), FORWARD, RIGHT),  # the nose to the image's left is to the person's right
        (Angles(25, 0, 0), FORWARD, (0, -1, 0)),  # looks down
        (Angles(0, 0, 25), UP, (-1, 0, 0)),  # clockwise in the image: the crown goes to the person's left
    ],
)
def test_the_avatar_turns_its_head_as_the_person_does(ours, axis, towards):
    shown = make_result(0, make_face(ours)).shown[0]
    turned = unity_rotate(head_quaternion(shown), axis)
    expected = np.cos(np.deg2rad(25)) * np.array(axis) + np.sin(np.deg2rad(25)) * np.array(towards)
    np.testing.assert_allclose(turned, expected, atol=1e-6)


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180))
def test_any_rotation_is_the_same_motion_in_unitys_axes(pitch, yaw, roll):
    rotation = rotation_of(Angles(pitch, yaw, roll))
    shown = make_result(0, make_face(Angles(pitch, yaw, roll))).shown[0]
    # Rows: the avatar's right, up and forward in camera axes (x right in the image, y down, z away).
    to_avatar = np.array([[-1, 0, 0], [0, -1, 0], [0, 0, -1]], float)
    for axis in (RIGHT, UP, FORWARD):
        expected = to_avatar @ rotation @ to_avatar.T @ np.array(axis, float)
        np.testing.assert_allclose(unity_rotate(head_quaternion(shown), axis), expected, atol=1e-5)


@OUTPUTS
def test_every_result_arrives_at_the_frame_rate(receiver, opened, make):
    output = opened(make)
    first = "/motionscope/frame" if make is OscOutput else "/VMC/Ext/T"
    for i in range(60):
        output.send(looking(number=i))
        receiver.until(first)
    status = output.status
    assert (status.dropped, status.state) == (0, OutputState.SENDING)
    assert status.sent >= 59  # the last one is counted after it has gone


@OUTPUTS
def test_the_receiver_may_come_and_go(opened, make):
    receiver = Receiver()
    address = receiver.address
    output = opened(make, address)
    output.send(looking())
    receiver.get()
    receiver.close()
    wait_until(lambda: output.status.state is OutputState.UNHEARD, lambda: output.send(looking()))
    assert output.status.problem == ""
    again = Receiver(address.port)
    try:
        output.send(looking(number=1))
        again.get()
    finally:
        again.close()


@OUTPUTS
def test_a_burst_is_dropped_down_to_the_latest(receiver, opened, make):
    output = opened(make)
    for i in range(3000):
        output.send(looking(number=i))
    wait_until(lambda: output.status.sent + output.status.dropped == 3000)
    assert output.status.problem == ""


@OUTPUTS
def test_closing_twice_and_sending_afterwards(receiver, opened, make):
    output = opened(make)
    output.close()
    output.close()
    output.send(looking())
    output.send_marker(Marker("x", "", now_s()))
    assert threads_named(f"output {output.name}") == []
    assert output.status.sent == 0


@OUTPUTS
def test_a_network_that_goes_away_is_said_and_tried_again(receiver, opened, make, monkeypatch):
    def unreachable(peer: UdpPeer, data: bytes) -> bool:
        raise OutputError("Nothing can be sent to x at present: network is unreachable.")

    output = opened(make)
    with monkeypatch.context() as patch:
        patch.setattr(UdpPeer, "send", unreachable)
        output.send(looking())
        wait_until(lambda: output.status.state is OutputState.FAILED)
    assert "unreachable" in output.status.problem
    output.send(looking())
    receiver.get()
    wait_until(lambda: not output.status.problem)
    assert output.status.state is OutputState.SENDING


@given(st.floats(-180, 180), st.floats(-180, 180), st.floats(-180, 180))
def test_a_quaternion_is_of_length_one_and_turns_as_the_matrix_does(pitch, yaw, roll):
    rotation = rotation_of(Angles(pitch, yaw, roll))
    q = quaternion(rotation)
    assert sum(v * v for v in q) == pytest.approx(1)
    assert q[3] >= 0
    for axis in np.eye(3):
        np.testing.assert_allclose(unity_rotate(q, tuple(axis)), rotation @ axis, atol=1e-5)
