"""``motionscope ctl`` towards a remote control whose window is made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from app.commands.cli import main
from app.core.clock import Moment, now_s
from app.core.errors import SessionError
from app.outputs import remote_access
from app.outputs.address import Address
from app.outputs.operable import Done
from app.outputs.remote import RemoteControl
from app.outputs.targets import ServerTarget
from app.outputs.websocket import WebSocketOutput

STATE = {
    "recording": True, "finishing": False, "folder": "there", "seconds": 2.5, "frames": 75, "markers": 1,
    "source": "a camera", "state": "streaming", "captured_a_second": 30.0, "measured_a_second": 29.5, "problem": "",
    "recording_error": "",
}  # fmt: skip


class Studio:
    def __init__(self) -> None:
        self.marks: list[tuple[str, float]] = []
        self.finishing = 0  # how many looks until the recording is whole
        self.error = ""

    def start(self, about: Mapping[str, str]) -> Done:
        raise SessionError("A recording runs already, into there.")

    def stop(self) -> Done:
        self.finishing = 3
        return Done(Moment(9.0, 2.5, 75), {"folder": "there"})

    def annotate(self, label: str, at_s: float) -> Done:
        self.marks.append((label, at_s))
        return Done(Moment(at_s, 1.25, 37), {"label": label, "recorded": True})

    def recentre(self) -> Done:
        return Done(Moment(5.0), {"yaw_deg": 1.26, "pitch_deg": -3.0, "roll_deg": 0.0})

    def state(self) -> Done:
        self.finishing -= 1
        return Done(Moment(now_s()), {**STATE, "finishing": self.finishing > 0, "recording_error": self.error})


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def window(studio: Studio) -> Iterator[RemoteControl]:
    control = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
    control.operate(studio)
    yield control
    control.close()


def test_each_command_says_what_came_of_it(window, studio, capsys):
    before_s = now_s()
    assert main(["ctl", "marker", "face 3"]) == 0
    ((label, at_s),) = studio.marks
    assert label == "face 3"
    assert before_s < at_s < now_s()  # when it was typed, not when the window heard of it
    assert capsys.readouterr().out == "Marked 'face 3' at 1.250 s, frame 37\n"
    assert main(["ctl", "recentre"]) == 0
    assert capsys.readouterr().out == "Recentred, offset yaw +1.3, pitch -3.0, roll +0.0 degrees\n"
    assert main(["ctl", "stop"]) == 0
    assert studio.finishing == 0  # waited until it was whole
    assert capsys.readouterr().out == "Stopped at 2.500 s, frame 75; the recording is in there\n"
    assert main(["ctl", "status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "source     a camera, streaming"
    assert lines[2] == "recording  2.5 s, 75 frames, 1 markers, there"


def test_a_recording_that_does_not_become_whole_is_an_error(window, studio, capsys, monkeypatch):
    monkeypatch.setattr("app.commands.ctl.FINISH_S", 0.0)
    assert main(["ctl", "stop"]) == 1
    assert studio.finishing == 2  # asked, not given up unasked
    assert capsys.readouterr().err == (
        "motionscope: The recording in there is not whole yet: its disk does not answer.\n"
    )


def test_a_recording_that_its_disk_cut_short_is_an_error(window, studio, capsys):
    studio.error = "The recording in there ended early: no space left on device."
    assert main(["ctl", "stop"]) == 1
    assert studio.finishing == 0
    assert capsys.readouterr().err == f"motionscope: {studio.error}\n"


def test_what_the_window_refuses_is_a_sentence(window, capsys):
    assert main(["ctl", "start"]) == 1
    assert capsys.readouterr().err == "motionscope: A recording runs already, into there.\n"


def test_answers_for_programs_are_a_line_of_json(window, capsys):
    assert main(["ctl", "status", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["frames"] == 75
    assert 0 < answer["round_trip_s"] < 60


def test_no_window_is_a_sentence_and_another_exit_code(window, capsys):
    address = str(window.address)
    window.close()
    assert main(["ctl", "status"]) == 1
    assert "No window of yours can be controlled at present." in capsys.readouterr().err
    remote_access.announce(address)  # as a kill leaves it
    assert main(["ctl", "status"]) == 1
    assert f"No window answers at {address}." in capsys.readouterr().err
    remote_access.announce("")


def test_a_window_elsewhere_needs_its_token(window, capsys, monkeypatch):
    assert main(["ctl", "status", "--at", "127.0.0.1:9"]) == 1  # this account's own token is not sent there
    assert "For the window at 127.0.0.1:9, give its token" in capsys.readouterr().err
    monkeypatch.setenv("MOTIONSCOPE_TOKEN", "another-token")
    assert main(["ctl", "status", "--at", str(window.address)]) == 1
    assert capsys.readouterr().err == f"motionscope: The window at {window.address} has another token.\n"
    monkeypatch.setenv("MOTIONSCOPE_TOKEN", window.token)
    assert main(["ctl", "status", "--at", str(window.address)]) == 0


@pytest.mark.parametrize(
    "words", [[], ["marker"], ["start", "x"], ["fly"], ["status", "--at", "x:0"], ["stop", "--task", "x"]]
)
def test_words_that_make_no_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["ctl", *words])
    assert stop.value.code == 2
    assert capsys.readouterr().err


def test_the_output_websocket_is_no_remote_control(monkeypatch, capsys):
    monkeypatch.setenv("MOTIONSCOPE_TOKEN", "three-blue-doors")
    output = WebSocketOutput(ServerTarget(Address("127.0.0.1", 0)))
    try:
        assert main(["ctl", "status", "--at", str(output.address)]) == 1
    finally:
        output.close()
    assert capsys.readouterr().err == (
        f"motionscope: At {output.address} there is no remote control of a window, but another output.\n"
    )
