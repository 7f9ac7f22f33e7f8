"""The window under remote control: by the documentation's own script, by ``motionscope ctl``, and through the panel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication

from app.core.clock import now_s
from app.outputs.address import parse_address
from app.outputs.remote_access import access_file, read_access
from app.outputs.remote_client import RemoteClient, RemoteError, connected
from app.session.manifest import Manifest, SessionFields
from app.session.session import Session
from app.ui.shell import settings

ROOT = Path(__file__).resolve().parents[4]
WAIT_MS = 60_000


@pytest.fixture
def window(no_network, make_window, store, qtbot, tmp_path, clip):
    """Plays a clip, and listens at a free port."""
    store.set(settings.RECORDINGS, str(tmp_path))
    window = make_window(source=str(clip), outputs=(("remote", "127.0.0.1:18766"),))
    window.show()
    qtbot.waitUntil(lambda: window.view.result is not None and bool(window.outputs.token), timeout=WAIT_MS)
    return window


def elsewhere(qtbot, work: Callable[[], object]) -> object:
    """What ``work`` returns on another thread, while the window goes on."""
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=WAIT_MS)
    return answers[0]


def asked(qtbot, work: Callable[[RemoteClient], object]) -> object:
    """What ``work`` returns of a client of the window that listens."""

    def ask() -> object:
        access = read_access()
        assert access is not None
        with connected(parse_address(access.address, 1), access.token) as client:
            try:
                return work(client)
            except RemoteError as error:
                return str(error)

    return elsewhere(qtbot, ask)


def test_the_script_of_the_documentation_marks_a_recording(window, qtbot, tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "remote-control.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "mark_stimuli.py").write_text(block, "utf-8")
    words = [sys.executable, str(tmp_path / "mark_stimuli.py"), str(access_file())]
    run = elsewhere(qtbot, lambda: subprocess.run(words, capture_output=True, text=True, timeout=60))
    assert isinstance(run, subprocess.CompletedProcess)
    assert run.stderr == ""
    folder = Path(re.findall(r"recording into (.*)", run.stdout)[0])
    said = re.findall(r"(face \d) at ([\d.]+) s, frame (\d+)", run.stdout)
    assert len(said) == 5
    qtbot.waitUntil(lambda: not window.controller.pipeline.status().recording_finishing, timeout=WAIT_MS)
    session = Session.open(folder)
    marked = [annotation for annotation in session.annotations if annotation.label.startswith("face")]
    assert [(annotation.label, f"{annotation.onset_s:.4f}") for annotation in marked] == [
        (label, at) for label, at, _ in said
    ]
    assert [annotation.frame for annotation in marked] == [
        session.frame_at(annotation.onset_s) for annotation in marked
    ]
    # The frame told is the last one the window knew by then; how late it knows depends on the machine.
    last = [annotation.frame for annotation in marked]
    assert all(before <= int(told) <= now for before, (_, _, told), now in zip([0, *last], said, last, strict=False))
    assert last[-1] > last[0]
    session.close()
    assert window.annotations.latest[0].text == "face 5"


def test_answers_tell_the_recordings_clock(window, qtbot):
    started = asked(qtbot, lambda client: client.ask("start"))
    assert (started["session_s"], started["frame"]) == (0.0, 0)
    again = asked(qtbot, lambda client: client.ask("start"))
    assert again == f"A recording runs already, into {started['folder']}."
    at_s = now_s()
    marked = asked(qtbot, lambda client: client.ask("marker", label="here", at_s=at_s))
    assert marked["session_s"] == pytest.approx(at_s - started["at_s"], abs=2e-6)
    early = asked(qtbot, lambda client: client.ask("marker", label="early", at_s=started["at_s"] - 1))
    assert early == "The marker lies before the recording's first frame, so it was not set."
    state = asked(qtbot, lambda client: client.ask("status"))
    assert (state["recording"], state["folder"], state["markers"]) == (True, started["folder"], 1)
    assert state["recording_error"] == ""
    stopped = asked(qtbot, lambda client: client.ask("stop"))
    assert stopped["folder"] == started["folder"]
    assert stopped["session_s"] > marked["session_s"]
    qtbot.waitUntil(lambda: not window.controller.pipeline.status().recording_finishing, timeout=WAIT_MS)
    manifest = json.loads((Path(started["folder"]) / "session.json").read_text())
    assert started["at_s"] == pytest.approx(manifest["first_frame_monotonic_s"], abs=2e-6)
    assert asked(qtbot, lambda client: client.ask("stop")) == "Nothing is recorded."
    assert "Nothing is recorded" in asked(qtbot, lambda client: client.ask("marker", label="x"))
    assert "face" in asked(qtbot, lambda client: client.ask("recentre"))  # there is none in the clip


def test_ctl_controls_the_window(window, qtbot):
    """As a shell starts it."""

    def ctl(*words: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "app", "ctl", *words]
        run = elsewhere(qtbot, lambda: subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT))
        assert isinstance(run, subprocess.CompletedProcess)
        return run

    window.annotations.use_fields(SessionFields("P06", "rest", "tired", "form 6"))
    started = ctl("start", "--participant", "P07", "--consent", "form 7")
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.startswith("Recording into ")
    assert window.controller.pipeline.recorder.active
    assert ctl("marker", "rest").stdout.startswith("Marked 'rest' at ")
    refused = ctl("start", "--participant", "P08")
    assert (refused.returncode, window.annotations.fields.participant) == (1, "P07")
    assert ctl("stop").returncode == 0
    folder = Path(started.stdout.removeprefix("Recording into ").strip())
    # Of another participant the window knows nothing but the task.
    assert Manifest.read(folder).header.fields == SessionFields("P07", "rest", "", "form 7")
    qtbot.waitUntil(lambda: window.recorded.isVisible(), timeout=WAIT_MS)  # as after the key
    refused = ctl("recentre")
    assert refused.returncode == 1
    assert "face" in refused.stderr


def test_a_window_that_closes_does_nothing_new(window, qtbot):
    window.controller.closing = True
    try:
        assert asked(qtbot, lambda client: client.ask("start")) == "The window is being closed."
    finally:
        window.controller.closing = False


def test_the_panel_shows_who_is_connected_and_renews_the_token(window, qtbot):
    window.commands["outputs"].trigger()
    row = window.docks.view("outputs").rows["remote"]
    qtbot.waitUntil(lambda: row.state.whole_text == "listens", timeout=WAIT_MS)
    token = row.token.shown.text()
    access = read_access()
    assert access is not None
    assert token == access.token
    shown = row.token.shown
    assert row.window() is window
    assert shown.fontMetrics().horizontalAdvance(token) < shown.width()  # whole, however narrow the panel
    qtbot.mouseClick(row.token.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == token

    leave = threading.Event()
    thread = threading.Thread(target=lambda: connected_until(leave))
    thread.start()
    qtbot.waitUntil(lambda: row.state.whole_text == "listens to one program", timeout=WAIT_MS)
    leave.set()
    thread.join()
    qtbot.mouseClick(row.token.renew, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.token.shown.text() not in ("", token), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: (read_access() or access).address != "", timeout=WAIT_MS)
    assert asked(qtbot, lambda client: client.ask("ping"))["ok"] is True
    with pytest.raises(RemoteError, match="another token"), connected(parse_address(access.address, 1), token):
        pass


def connected_until(leave: threading.Event) -> None:
    access = read_access()
    assert access is not None
    with connected(parse_address(access.address, 1), access.token):
        leave.wait(WAIT_MS / 1000)
