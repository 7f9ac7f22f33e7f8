"""The remote control with real clients; what is controlled is made by hand."""

from __future__ import annotations

import contextlib
import json
import stat
import threading
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.core.clock import Moment, now_s
from app.core.errors import OutputError, SessionError, UserError
from app.outputs import remote, remote_access, remote_client
from app.outputs.address import Address
from app.outputs.base import OutputState
from app.outputs.operable import Done
from app.outputs.remote import RemoteControl
from app.outputs.remote_client import RemoteError
from app.outputs.targets import ServerTarget
from extractor import files
from tests.waiting import PATIENCE_S


class Studio:
    """Remembers what it was asked, and on which thread."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []
        self.threads: set[str] = set()
        self.may_mark = threading.Event()
        self.may_mark.set()

    def _done(self, what: str, more: object = None, at_s: float = 100.0) -> Done:
        self.asked.append((what, more))
        self.threads.add(threading.current_thread().name)
        return Done(Moment(at_s, 1.5, 45), {"folder": "somewhere"})

    def start(self, about: Mapping[str, str]) -> Done:
        return self._done("start", about)

    def stop(self) -> Done:
        raise SessionError("Nothing is recorded.")

    def annotate(self, label: str, at_s: float) -> Done:
        assert self.may_mark.wait(PATIENCE_S)
        return self._done(label, at_s, at_s)

    def recentre(self) -> Done:
        raise ZeroDivisionError

    def state(self) -> Done:
        return self._done("state")


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def control(studio: Studio) -> Iterator[RemoteControl]:
    control = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
    control.operate(studio)
    yield control
    control.close()


@pytest.fixture
def client(control: RemoteControl) -> Iterator[ClientConnection]:
    with connected(control) as client:
        hello = json.loads(client.recv(timeout=PATIENCE_S))
        assert hello["type"] == "hello"
        assert set(hello["commands"]) == {"start", "stop", "marker", "recentre", "status", "ping"}
        yield client


def connected(control: RemoteControl, token: str | None = None) -> ClientConnection:
    header = {"Authorization": f"Bearer {control.token if token is None else token}"}
    return connect(f"ws://{control.address}", proxy=None, open_timeout=PATIENCE_S, additional_headers=header)


def answer(client: ClientConnection, message: object) -> dict:
    client.send(message if isinstance(message, (str, bytes)) else json.dumps(message))
    text = client.recv(timeout=PATIENCE_S)
    assert isinstance(text, str)
    assert text.endswith("\n")
    return json.loads(text)


def test_a_command_is_carried_out_and_answered_with_its_moment(client, studio, control):
    before_s = now_s()
    got = answer(client, {"command": "start", "id": 7})
    assert studio.asked == [("start", {})]
    assert (got["ok"], got["command"], got["id"], got["folder"]) == (True, "start", 7, "somewhere")
    assert (got["at_s"], got["session_s"], got["frame"]) == (100.0, 1.5, 45)
    assert before_s < got["received_s"] < got["answered_s"] < now_s()
    assert control.status.state is OutputState.LISTENING
    assert (control.status.receivers, control.status.sent) == (1, 1)


def test_what_is_said_of_a_recording_goes_with_its_start(client, studio):
    assert answer(client, {"command": "start", "participant": " P\n07\0 ", "comment": "", "task": None})["ok"]
    assert studio.asked == [("start", {"participant": "P 07", "comment": ""})]
    refused = answer(client, {"command": "start", "consent": 7})
    assert refused["error"] == "The message can't be understood: consent isn't text."


def test_a_marker_is_set_when_its_message_came(client, studio):
    """Also while one before it still waits for the disk."""
    studio.may_mark.clear()
    sent_s = now_s()
    for label in ("one", "two", "three"):
        client.send(json.dumps({"command": "marker", "label": label}))
    client.send(json.dumps({"command": "ping"}))
    for _ in range(2):  # the second is answered once what came before the first is noted; the disk hangs meanwhile
        assert client.ping().wait(PATIENCE_S)
    late_s = now_s()
    studio.may_mark.set()
    answers = [json.loads(client.recv(timeout=PATIENCE_S)) for _ in range(4)]
    pong = answers.pop()
    assert pong["command"] == "ping"
    assert [label for label, _ in studio.asked] == ["one", "two", "three"]
    for got, (_, at_s) in zip(answers, studio.asked, strict=True):
        assert got["at_s"] == got["received_s"] == at_s
        assert sent_s < at_s < late_s


def test_a_marker_is_set_at_the_programs_own_time(client, studio):
    at_s = now_s() - 0.25
    got = answer(client, {"command": "marker", "label": "  two \n words\t", "at_s": at_s})
    assert studio.asked == [("two words", at_s)]
    assert got["at_s"] == at_s


def test_a_marker_may_lie_a_moment_ahead_and_is_set_then(client, studio):
    at_s = now_s() + 0.1
    got = answer(client, {"command": "marker", "label": "flip", "at_s": at_s})
    assert (got["ok"], got["at_s"]) == (True, at_s)
    assert got["answered_s"] >= at_s
    refused = answer(client, {"command": "marker", "label": "flip", "at_s": now_s() + 60})
    assert refused["error"].startswith("The marker lies 60.0 seconds in the future")


def test_the_clocks_are_compared_as_ntp_does(control):
    """Here both ends read the same clock, so the offset that is found is the error."""
    with remote_client.connected(control.address, control.token) as client:
        offset = client.measure_offset()
    assert abs(offset.offset_s) <= offset.round_trip_s / 2


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("nonsense", "The message can't be read: it isn't JSON: line 1"),
        ("[1]", "The message can't be understood: it isn't an object."),
        ("{}", "The message can't be understood: command is missing."),
        ('{"command": 5}', "The message can't be understood: command isn't text."),
        ('{"command": "fly"}', "There is no command 'fly'; there are start, stop, marker, recentre, status, ping."),
        ('{"command": "marker"}', "A marker needs a label"),
        ('{"command": "marker", "label": " \\u0000\\n"}', "A marker needs a label"),
        ('{"command": "marker", "label": "x", "at_s": "now"}', "The message can't be understood: at_s isn't a number."),
        ('{"command": "marker", "label": "x", "at_s": NaN}', "The message can't be understood: at_s isn't a number."),
        (json.dumps({"command": "marker", "label": "x" * 300}), "The label has 300 characters; at most 200 are taken."),
        (json.dumps({"command": "x" * 5000}), "The message is too long: 5015 bytes, and at most 4096 are read."),
        ("[" * 3000, "The message can't be read"),
        (b"\xff\xfe\xff", "The message can't be"),
        ('{"command": "stop"}', "Nothing is recorded."),
        ('{"command": "recentre"}', "That failed because of an unexpected error"),
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_a_sentence_and_the_connection_goes_on(client, message, sentence, caplog):
    got = answer(client, message)
    assert got["ok"] is False
    assert got["error"].startswith(sentence)
    assert answer(client, {"command": "status", "id": "again"})["id"] == "again"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["command", "label", "at_s", "id", "x"]), inner, max_size=4)
    ),
)


@given(JSON)
def test_any_json_is_a_request_or_a_sentence(values):
    request = None
    with contextlib.suppress(UserError):
        request = remote._request(remote._parse(json.dumps(values)))
    assert request is None or isinstance(request.command, str)


def test_a_message_far_too_long_ends_the_connection(client, control):
    with pytest.raises(ConnectionClosedError, match="1009"):
        answer(client, "x" * (remote.RECEIVED_BYTES + 1))
    with connected(control) as another:
        assert json.loads(another.recv(timeout=PATIENCE_S))["type"] == "hello"


def test_too_many_messages_are_refused_in_words(client, monkeypatch):
    monkeypatch.setattr(remote, "MOST_A_SECOND", 3)
    answers = [answer(client, {"command": "ping"}) for _ in range(50)]
    assert answers[0]["ok"] is True
    refused = [got for got in answers if not got["ok"]]
    assert refused
    assert all("More than 3 messages came within a second" in got["error"] for got in refused)


def test_before_there_is_a_window_commands_wait(client, control):
    control.operate(None)
    assert answer(client, {"command": "start"})["error"] == "The window is still starting; try again in a moment."
    assert answer(client, {"command": "ping"})["ok"] is True


def test_commands_of_all_programs_are_carried_out_one_after_the_other_elsewhere(control, studio):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(remote_client.connected(control.address, control.token)) for _ in range(3)]
        for client in clients * 5:
            client.ask("status")
    assert len(studio.asked) == 15
    assert len(studio.threads) == 1
    assert "commands" in next(iter(studio.threads))


@pytest.mark.parametrize("token", ["", "wrong", "ü"])
def test_without_the_token_nobody_is_let_in(control, token):
    with pytest.raises(InvalidStatus) as refused, connected(control, token.encode().decode("latin-1")):
        pass
    assert refused.value.response.status_code == 401


def test_pages_of_the_internet_are_not_let_in_even_with_the_token(control):
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{control.address}/?token={control.token}", proxy=None, origin="https://example.com"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_the_token_is_made_once_and_its_file_is_private(monkeypatch, tmp_path):
    monkeypatch.setattr(remote_access, "access_file", lambda: tmp_path / "new" / "remote.json")
    assert remote_access.read_access() is None
    files.share(True)
    try:
        one = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
        where, token = str(one.address), one.token
        path = tmp_path / "new" / "remote.json"
        assert remote_access.read_access() == remote_access.Access(token, where)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        one.close()
        assert remote_access.read_access() == remote_access.Access(token, "")
        path.chmod(0o644)  # somebody has been at it
        two = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
        assert two.token == token
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        two.close()
    finally:
        files.share(False)
    assert remote_access.new_token() != token
    assert len(token) >= 32


def test_a_window_that_closes_leaves_another_ones_address(control, studio):
    another = RemoteControl(ServerTarget(Address("127.0.0.1", 0)))
    control.close()
    access = remote_access.read_access()
    assert access is not None
    assert access.address == str(another.address)
    another.close()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"token": ""}', '{"token": 5}', "\0"])
def test_a_damaged_file_is_made_anew(monkeypatch, tmp_path, text):
    monkeypatch.setattr(remote_access, "access_file", lambda: tmp_path / "remote.json")
    (tmp_path / "remote.json").write_text(text)
    assert len(remote_access.own_token()) >= 32


def test_a_place_that_can_not_be_written_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(remote_access, "access_file", lambda: tmp_path / "file" / "remote.json")
    with pytest.raises(OutputError, match=r"^The remote control's token .* can't be "):
        RemoteControl(ServerTarget(Address("127.0.0.1", 0)))


def test_closing_tells_programs(control, client):
    control.close()
    with pytest.raises(Exception, match="1001"):
        client.recv(timeout=PATIENCE_S)
    with (
        pytest.raises(RemoteError, match="No window answers at 127"),
        remote_client.connected(control.address, control.token),
    ):
        pass


def test_a_target_with_a_token_is_refused():
    from app.outputs.catalogue import output_named

    with pytest.raises(OutputError, match="makes its token itself"):
        output_named("remote").parse("8766?token=three-blue-doors")
