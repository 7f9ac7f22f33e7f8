"""Against real inlets on this computer."""

from __future__ import annotations

import math
import sys
import uuid
from collections.abc import Iterator
from types import ModuleType

import pytest

from app.core.clock import OtherClock, now_s
from app.core.errors import OutputError
from app.outputs import lsl
from app.outputs.base import Marker, OutputState
from app.outputs.lsl import LslOutput
from app.outputs.targets import StreamName, parse_stream
from extractor.installing import extra_command
from extractor.types import Angles
from tests.factories import looking, make_face, make_result
from tests.waiting import PATIENCE_S, wait_until

pylsl = pytest.importorskip("pylsl", exc_type=ImportError, reason="needs pylsl")


@pytest.fixture
def stream() -> StreamName:
    return StreamName(f"Test {uuid.uuid4().hex[:8]}")  # machines may run several tests at once


@pytest.fixture
def output(stream: StreamName) -> Iterator[LslOutput]:
    output = LslOutput(stream)
    yield output
    output.close()


def inlet_of(output: LslOutput, part: str) -> pylsl.StreamInlet:
    (found,) = pylsl.resolve_byprop("name", f"{output.status.target} {part}", timeout=PATIENCE_S)
    inlet = pylsl.StreamInlet(found)
    inlet.open_stream(PATIENCE_S)
    return inlet


def pull(inlet: pylsl.StreamInlet) -> tuple[list, float]:
    sample, at_s = inlet.pull_sample(PATIENCE_S)
    assert sample is not None
    return sample, at_s


def channels(inlet: pylsl.StreamInlet) -> list[tuple[str, str]]:
    found, channel = [], inlet.info().desc().child("channels").child("channel")
    while not channel.empty():
        found.append((channel.child_value("label"), channel.child_value("unit")))
        channel = channel.next_sibling("channel")
    return found


def test_streams_say_what_they_hold(output):
    for part, kind, labels in (
        ("Pose", "MoCap", {"face_id", "frame", "yaw_deg", "pitch_std_deg", "scale"}),
        ("Expression", "MoCap", {"face_id", "frame", "exp_magnitude", "mouth_magnitude", "smile", "eye_closure_l"}),
        ("Markers", "Markers", {"marker"}),
    ):
        inlet = inlet_of(output, part)
        info = inlet.info()
        listed = channels(inlet)
        assert (info.type(), info.nominal_srate()) == (kind, pylsl.IRREGULAR_RATE)
        assert info.channel_count() == len(listed)
        assert labels <= {label for label, _ in listed}
        assert all(unit for _, unit in listed)
        assert "Rz(roll) Ry(yaw) Rx(pitch)" in info.desc().child_value("conventions")
    assert dict(channels(inlet_of(output, "Pose")))["yaw_deg"] == "degrees"


def test_samples_carry_the_capture_time_on_lsls_clock(output):
    pose, expression = inlet_of(output, "Pose"), inlet_of(output, "Expression")
    labels = [label for label, _ in channels(pose)]
    result = looking(yaw=30, pitch=-5, number=12)
    output.send(result)
    sample, at_s = pull(pose)
    got = dict(zip(labels, sample, strict=True))
    assert (got["face_id"], got["frame"], got["yaw_deg"]) == (1, 12, 30)
    assert got["pitch_deg"] == -5
    assert at_s == pytest.approx(OtherClock(pylsl.local_clock).at(result.frame.captured_s), abs=1e-3)
    assert pull(expression)[1] == at_s


def test_every_face_is_a_sample_and_no_face_is_one_without_numbers(output):
    inlet = inlet_of(output, "Pose")
    untrained = make_face(Angles(0, 0, 0), 3, pose_trained=False)
    output.send(make_result(0, make_face(Angles(0, 1, 0), 7), make_face(Angles(0, 2, 0), 8), untrained))
    output.send(make_result(1))
    (first, t1), (second, t2), (none, _) = pull(inlet), pull(inlet), pull(inlet)
    assert (first[0], second[0], t1) == (7, 8, t2)
    assert none[:2] == [-1, 1]
    assert all(math.isnan(value) for value in none[2:])


def test_markers_come_at_their_time(output):
    inlet = inlet_of(output, "Markers")
    at_s = now_s()
    output.send_marker(Marker("stimulus", "left", at_s))
    (label,), stamp = pull(inlet)
    assert label == "stimulus"
    assert stamp == pytest.approx(OtherClock(pylsl.local_clock).at(at_s), abs=1e-3)


def test_no_sample_is_lost_at_far_more_than_the_frame_rate(output):
    inlet = inlet_of(output, "Pose")
    for i in range(500):
        output.send(looking(number=i))
    assert [pull(inlet)[0][1] for _ in range(500)] == list(range(500))
    status = output.status
    assert (status.sent, status.dropped, status.state) == (500, 0, OutputState.SENDING)


def test_readers_come_and_go(output):
    output.send(looking())
    assert output.status.state is OutputState.UNHEARD
    inlet = inlet_of(output, "Pose")
    output.send(looking(number=1))
    pull(inlet)
    inlet.close_stream()
    del inlet
    wait_until(lambda: output.status.state is OutputState.UNHEARD, lambda: output.send(looking(number=2)))
    again = inlet_of(output, "Pose")
    output.send(looking(number=3))
    assert pull(again)[0][1] == 3


def test_a_reader_finds_the_streams_of_the_next_run(output, stream):
    """As after a restart of the program: the stream's identity is the same."""
    inlet = inlet_of(output, "Pose")
    output.send(looking(number=1))
    pull(inlet)
    output.close()
    again = LslOutput(stream)
    try:
        end_s, sample = now_s() + 30, None
        while sample is None and now_s() < end_s:
            again.send(looking(number=2))
            sample, _ = inlet.pull_sample(0.2)
        assert sample is not None
        assert sample[1] == 2
    finally:
        again.close()


def test_closed_it_sends_nothing_and_says_nothing(output):
    output.close()
    output.close()
    output.send(looking())
    output.send_marker(Marker("x", "", now_s()))
    assert output.status.sent == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", StreamName()), ("Lab 2", StreamName("Lab 2")), (" Rig-1@network ", StreamName("Rig-1", True)),
     ("@network", StreamName("Motionscope", True))],
)  # fmt: skip
def test_names(text, expected):
    assert parse_stream(text) == expected
    assert parse_stream(str(expected)) == expected


@pytest.mark.parametrize("text", ["a'b", "x" * 61, "a\nb", "<x>", "a@b"])
def test_what_is_no_name_gets_one_sentence(text):
    with pytest.raises(OutputError, match=r"is no name for a stream: .*\.$"):
        parse_stream(text)


def test_another_reach_needs_another_start(output):
    with pytest.raises(OutputError, match="start Motionscope again"):
        LslOutput(StreamName("x", network=True))


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(OutputError, match=r"^Lab Streaming Layer needs pylsl\. ") as caught:
        LslOutput(StreamName())
    assert extra_command("lsl") in str(caught.value)


def test_a_missing_library_is_one_sentence(monkeypatch):
    """What pylsl raises at import on a system that its wheels don't serve."""

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "pylsl":
                raise RuntimeError("LSL binary library file was not found.\n...")

    monkeypatch.delitem(sys.modules, "pylsl")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(OutputError, match=r"needs the library liblsl.*conda install"):
        LslOutput(StreamName())


def test_a_library_that_can_not_keep_to_this_computer_is_not_used(monkeypatch):
    old = ModuleType("pylsl")
    monkeypatch.setitem(sys.modules, "pylsl", old)
    monkeypatch.setattr(lsl, "_reach", None)
    with pytest.raises(OutputError, match=r"version 1\.17\.7 or newer is needed"):
        LslOutput(StreamName())
