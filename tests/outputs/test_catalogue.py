"""Every row of the table, and the contract that every output keeps."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.core.clock import now_s
from app.core.errors import OutputError
from app.outputs.address import Address
from app.outputs.base import Marker, Output, OutputState
from app.outputs.catalogue import OUTPUTS, output_named
from app.outputs.targets import ServerTarget
from extractor.types import Angles
from tests.factories import make_face, make_result
from tests.interpreter import run_python
from tests.outputs.test_virtual_camera import FakeDevice

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pythonosc", "pylsl", "websockets", "cv2")


@pytest.fixture(params=[spec.name for spec in OUTPUTS])
def output(request, tmp_path, monkeypatch) -> Output:
    """Each of them, switched on towards nobody in particular."""
    name, target = request.param, "127.0.0.1:9"
    if name == "lsl":
        pytest.importorskip("pylsl", exc_type=ImportError)
        target = "Contract"
    elif name == "virtual_camera":
        device = FakeDevice(tmp_path)
        monkeypatch.setattr("app.outputs.v4l2.ioctl", device.ioctl)
        target = str(device.path)
    elif name == "websocket":
        target = "127.0.0.1:0"
        from app.outputs.websocket import WebSocketOutput

        output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0)))
    elif name == "remote":
        from app.outputs.remote import RemoteControl

        output = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
    if name not in ("websocket", "remote"):
        output = output_named(name).make(target)
    assert output.name == name
    yield output
    output.close()


def results(count: int = 20):
    for i in range(count):
        yield make_result(i)
        yield make_result(i, make_face(Angles(1, 2, 3)))
        yield make_result(i, make_face(Angles(1, 2, 3), 1), make_face(Angles(4, 5, 6), 2))
        yield make_result(i, make_face(Angles(float("nan"), 2, 3)))
        yield make_result(i, make_face(Angles(1, 2, 3), pose_trained=False))


def test_it_takes_any_result_and_marker_and_keeps_well(output):
    for result in results():
        output.send(result)
    assert output.send_marker(Marker("label", "a note", now_s())) is (output.name in ("lsl", "websocket"))
    status = output.status
    assert status.name == output.name
    assert status.problem == ""
    assert status.state is not OutputState.FAILED


def test_it_can_be_closed_at_any_time_from_anywhere(output):
    failures = []

    def send() -> None:
        try:
            for result in results(60):
                output.send(result)
                output.send_marker(Marker("x", "", now_s()))
                assert output.status.name
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    output.close()
    thread.join()
    output.close()
    assert failures == []
    assert not [t for t in threading.enumerate() if t.name.startswith(f"output {output.name}")]


@pytest.mark.parametrize("spec", OUTPUTS, ids=lambda spec: spec.name)
def test_every_row_is_complete(spec):
    assert output_named(spec.name) is spec
    assert spec.parse(spec.default) == spec.default
    assert spec.bare is None or spec.parse(spec.bare) == spec.bare
    assert not spec.tip.endswith(".")
    assert spec.unheard == "" or spec.unheard.format(target="x").endswith(".")
    with pytest.raises(OutputError, match=r"\.$"):
        spec.parse("!?")


def test_an_unknown_output_is_said():
    with pytest.raises(OutputError, match="no output called 'fax'"):
        output_named("fax")


@pytest.mark.parametrize(
    ("name", "target", "warns"),
    [
        ("osc", "127.0.0.1:9000", False), ("osc", "localhost:9000", False), ("osc", "192.168.0.7:9000", True),
        ("vmc", "avatar-pc:39539", True), ("opentrack", "[::1]:4242", False), ("websocket", "8765", False),
        ("websocket", "0.0.0.0:8765", True), ("remote", "8766", False), ("remote", "0.0.0.0:8766", True),
        ("websocket", "0.0.0.0:8765?token=three-blue-doors", True),
        ("lsl", "Motionscope", True), ("virtual_camera", "overlay", False),
    ],
)  # fmt: skip
def test_what_leaves_this_computer_is_warned_of(name, target, warns):
    warning = output_named(name).privacy(target)
    assert bool(warning) is warns
    assert not warning or warning.endswith(".")


def test_nothing_is_imported_before_it_is_switched_on():
    code = (
        "import sys; from app.commands.window import parse_window; import app.outputs.catalogue;"
        "parse_window('--osc x --vmc x --lsl y --virtual-camera overlay --websocket 1 --remote'.split());"
        f"print({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))"
    )
    assert run_python(code) == "set()"


def test_switching_osc_on_brings_only_its_library():
    code = (
        "import sys; from app.outputs.catalogue import output_named; output_named('osc').make('127.0.0.1:9').close();"
        f"print({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))"
    )
    assert run_python(code) == "{'pythonosc'}"
