"""The window over a real pipeline.  Where the network doesn't matter it is refused, which saves loading torch."""

from __future__ import annotations

import csv
import json
import logging
import socket
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PyQt6.QtGui import QDropEvent

from app.capture.resolve import Resolved
from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.camera_format import CameraRequest
from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.frames import FrameResult
from app.core.mailbox import Mailbox
from app.signals.history import History
from app.ui.live.overlay import label_text
from app.ui.shell import controller as controller_module
from app.ui.shell import event_loop, settings
from app.ui.shell.commands import LIVE
from app.ui.shell.controller import Network
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.fields import Value
from app.ui.widgets.formatting import NOTHING, degrees
from extractor.backends.base import BackendInfo
from extractor.types import Angles
from tests.ui.find import curve_of, dialog, find, is_seen, reset_settings

WAIT_MS = 20_000


class BrokenCamera:
    """A camera that another program has taken."""

    info = None
    status = SourceStatus(SourceState.OPENING)

    def open(self) -> SourceInfo:
        raise SourceError("The camera is used by another program; close that and start again.")

    def read(self, timeout_s: float) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def drop(window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/nothing.mp4"), QUrl.fromLocalFile(str(path))])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    event = QDropEvent(QPointF(100, 100), actions, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event.setDropAction(Qt.DropAction.MoveAction)
    window.dropEvent(event)
    assert event.isAccepted()
    assert event.dropAction() == Qt.DropAction.CopyAction  # a file manager that moves would delete what was dropped


def test_the_whole_way_with_the_network_on_the_demo(make_window, qtbot, tmp_path):
    """Picture, angles near the truth, plots, a recording by key, and an orderly end that makes it whole."""
    session, picture = tmp_path / "session", tmp_path / "new" / "window.png"
    window = make_window(source="demo", record=session, screenshot=picture)
    errors = {}  # by the frame's number

    def look() -> None:
        result = window.view.result
        if result is not None and result.faces:
            errors[result.frame.index] = abs(result.faces[0].angles.yaw_deg - result.frame.truth.yaw_deg)
        recording = window.controller.pipeline.status().recording
        if recording is not None and recording.rows > 12 and len(errors) > 12:
            timer.stop()
            window.close()

    timer = QTimer()
    timer.timeout.connect(look)
    with qtbot.waitSignal(window.ended, timeout=90_000) as ended:
        window.show()
        qtbot.waitUntil(lambda: window.controller.pipeline is not None, timeout=WAIT_MS)
        timer.start(20)
    assert ended.args == [0], window.failures
    assert sorted(errors.values())[len(errors) // 2] < 15
    assert len(curve_of(window.docks.view("plots").canvas, "yaw")[0]) > 5
    assert find(window.docks.view("numbers").pose, "true yaw", Value).whole_text.endswith("°")
    assert picture.stat().st_size > 10_000
    assert {"video.mkv", "frames.csv", "session.json"} <= {path.name for path in session.iterdir()}
    with (session / "frames.csv").open(encoding="utf-8") as file:
        measured = [row for row in csv.DictReader(file) if row["success"] == "1"]
    assert len(measured) > 3  # on a busy machine most frames are skipped


def test_closing_while_recording_finishes_the_recording(play, qtbot, store, tmp_path):
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    window = play()
    qtbot.waitUntil(window.commands["record"].isEnabled, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_R)
    recorded = lambda: window.controller.pipeline.status().recording  # noqa: E731
    qtbot.waitUntil(lambda: recorded() is not None and recorded().frames > 5, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.commands["record"].text() != "&Record", timeout=WAIT_MS)
    assert window.commands["record"].isChecked()
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
        window.close()
        assert window.status_line.message.text.startswith("Finishing the recording")
        assert window.view.message[0].startswith("Finishing the recording")
        window.close()  # impatience does no harm
    assert ended.args == [0]
    (session,) = (tmp_path / "recordings").iterdir()
    assert json.loads((session / "session.json").read_text(encoding="utf-8"))["state"] == "complete"
    assert (session / "video.mkv").stat().st_size > 0


def test_a_recording_that_cannot_be_made_is_said(play, store, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store.set(settings.RECORDINGS, str(tmp_path / "file"))
    window = play()
    window.commands["record"].setEnabled(True)
    window.commands["record"].trigger()
    assert window.status_line.message.severity is Severity.ERROR
    assert "No recording can be made" in window.status_line.message.text
    assert window.status_line.message.text.endswith(". Ctrl+Shift+R chooses another folder.")
    assert not window.commands["record"].isChecked()


def test_a_recording_that_was_asked_for_says_why_it_was_not_made(no_network, make_window, qtbot, clip, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    window = make_window(source=str(clip), record=tmp_path / "file" / "take", duration_s=0.2)
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
        window.show()
    assert ended.args == [1]
    (failure,) = [one for one in window.failures if "recording" in one]
    assert failure.startswith(f"No recording can be made in {tmp_path / 'file' / 'take'}: ")
    assert not any("no picture" in one for one in window.failures)


def test_a_port_that_is_taken_is_no_success(no_network, make_window, qtbot, clip):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        window = make_window(source=str(clip), duration_s=0.2, outputs=(("websocket", address),))
        with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
            window.show()
            qtbot.waitUntil(lambda: bool(window.outputs.problem("websocket")), timeout=WAIT_MS)
    assert ended.args == [1]
    assert any(f"can't be opened at {address}" in failure for failure in window.failures)


def test_stop_and_start(play, qtbot):
    window = play()
    qtbot.keyClick(window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: window.view.message[0] == "Stopped", timeout=WAIT_MS)
    assert window.commands["run"].text() == "&Start"
    assert not window.commands["record"].isEnabled()
    qtbot.waitUntil(lambda: window.timer.interval() == 200, timeout=WAIT_MS)  # nothing moves, so it looks seldom
    qtbot.keyClick(window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: window.view.message == ("", ""), timeout=WAIT_MS)
    assert window.commands["run"].text() == "S&top"


def test_a_camera_nobody_asked_for_may_fail_the_demo_plays_instead(play, qtbot, clip, monkeypatch):
    from app.capture.resolve import resolve_source

    answers = {"auto": lambda: Resolved(BrokenCamera()), "demo": lambda: resolve_source(str(clip))}
    monkeypatch.setattr("app.capture.resolve.resolve_source", lambda spec, camera_request: answers[spec]())
    window = play(source="auto")
    assert window.controller.source == "demo"
    qtbot.waitUntil(lambda: window.toolbar.source.current == "demo", timeout=WAIT_MS)
    assert "used by another program" in window.controller.note
    assert "demo plays instead" in window.controller.note
    assert window.failures == []


def test_a_source_that_is_not_there_is_said_everywhere(no_network, make_window, qtbot, tmp_path):
    window = make_window(source=str(tmp_path / "nothing.mp4"), duration_s=0.3)
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
        window.show()
        qtbot.waitUntil(lambda: window.view.message[0] == "No picture", timeout=WAIT_MS)
        assert "nothing.mp4" in window.view.message[1]
        assert window.status_line.message.severity is Severity.ERROR
    assert ended.args == [1]
    assert any("nothing.mp4" in failure for failure in window.failures)


def test_a_source_that_fails_leaves_nothing_of_the_one_before(play, qtbot, clip, tmp_path):
    window = play()
    window.controller.open_source(str(tmp_path / "nothing.mp4"))
    qtbot.waitUntil(lambda: window.view.message[0] == "No picture", timeout=WAIT_MS)
    qtbot.wait(300)  # a frame that was on its way
    assert window.view.result is None
    window.controller.open_source(str(clip))
    qtbot.waitUntil(lambda: window.view.result is not None, timeout=WAIT_MS)


def test_a_new_choice_overtakes_one_that_still_waits(no_network, make_window, qtbot, clip, monkeypatch):
    from app.capture.resolve import resolve_source

    gate = threading.Event()

    def resolve(spec: str, camera_request: CameraRequest) -> Resolved:
        if spec == "slow":
            gate.wait(20)
            return Resolved(BrokenCamera())
        return resolve_source(spec)

    monkeypatch.setattr("app.capture.resolve.resolve_source", resolve)
    window = make_window(source="slow")
    window.show()
    qtbot.waitUntil(lambda: window.controller.pipeline is not None, timeout=WAIT_MS)
    window.controller.open_source(str(clip))
    qtbot.waitUntil(lambda: window.view.result is not None, timeout=WAIT_MS)
    gate.set()
    qtbot.wait(50)
    assert window.controller.pipeline.status().streaming
    assert window.controller.source == str(clip)


@pytest.mark.parametrize("name", ["clip.mp4", "picture.PNG", "folder"])
def test_dropped_media_are_opened_as_a_source(idle_window, tmp_path, name):
    drop(idle_window, tmp_path / name)
    assert idle_window.controller.source == str(tmp_path / name)


def test_dropped_weights_are_loaded_and_remembered(play, qtbot, store, tmp_path, monkeypatch):
    window = play()
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"")
    qtbot.waitUntil(lambda: not window.controller.pipeline.status().network_loading, timeout=WAIT_MS)
    drop(window, weights)
    assert window.controller.network == Network(str(weights))
    assert window.toolbar.weights.current == str(weights)
    assert store.get(settings.RECENT_WEIGHTS) == [str(weights)]
    assert store.get(settings.WEIGHTS) == str(weights)


def test_weights_that_fail_give_way_to_those_before(idle_window, status, monkeypatch):
    """The pipeline goes on with the old network, so the picker goes back to it too."""

    controller, network = idle_window.controller, BackendInfo("torch", "cpu", "CPU", "float32")
    states = [
        status(network=network),
        status(network=network, network_loading=True),
        status(network=network, network_error="bad.pth is empty."),
    ]

    class Scripted:
        def status(self):
            return states.pop(0) if len(states) > 1 else states[0]

        def set_network(self, weights, device, engine):
            assert (weights, device, engine) == ("bad.pth", "cpu", "torch")

        def close(self):
            pass

    monkeypatch.setattr(controller, "pipeline", Scripted())
    controller.poll()
    controller.set_network(Network("bad.pth", "cpu", "torch"))
    controller.poll()
    assert idle_window.settings.get(settings.ENGINE) == "torch"
    assert idle_window.toolbar.weights.current == "bad.pth"
    assert idle_window.settings.get(settings.RECENT_WEIGHTS) == ["bad.pth"]
    shown = controller.poll()
    assert idle_window.toolbar.weights.current == ""
    assert idle_window.toolbar.device.current == "auto"
    assert idle_window.settings.get(settings.ENGINE) == "auto"
    assert idle_window.settings.get(settings.RECENT_WEIGHTS) == []  # not offered again
    assert shown.problem == "bad.pth is empty."
    monkeypatch.setattr(controller_module, "now_s", lambda: 1e9)
    assert controller.poll().problem == ""  # said long enough


def test_the_mirror_is_on_for_cameras_and_off_for_films_until_somebody_chooses(idle_window, status, store):
    for kind, mirrored in (("camera", True), ("video", False), ("demo", False)):
        idle_window.drawing.show_status(status(kind=kind))
        assert idle_window.view.mirrored is mirrored
        assert idle_window.commands["mirror"].isChecked() is mirrored
    idle_window.commands["mirror"].trigger()
    assert idle_window.view.mirrored
    assert store.get(settings.MIRROR_OTHER) is True
    assert store.get(settings.MIRROR_CAMERA) is True
    idle_window.drawing.show_status(status(kind="camera"))
    idle_window.commands["mirror"].trigger()
    assert store.get(settings.MIRROR_CAMERA) is False
    assert store.get(settings.MIRROR_OTHER) is True


def test_the_command_lines_mirror_is_not_remembered(make_window, store, status):
    window = make_window(mirror=True)
    window.drawing.show_status(status(kind="video"))
    assert window.view.mirrored
    assert store.remembered(settings.MIRROR_OTHER) is False


@pytest.mark.parametrize("name", ["axes", "keypoints", "box", "expression", "label", "truth"])
def test_switches_reach_the_overlay_by_key_and_are_remembered(idle_window, store, qtbot, name):
    action = idle_window.commands[name]
    assert getattr(idle_window.view.style_shown, name) is True
    combination = action.shortcut()[0]
    qtbot.keyClick(idle_window, combination.key(), combination.keyboardModifiers())
    assert action.isChecked() is False
    assert getattr(idle_window.view.style_shown, name) is False
    setting = next(spec.setting for spec in LIVE if spec.name == name)
    assert store.get(setting) is False


def test_the_window_comes_back_as_it_was_left_and_can_be_reset(make_window, qtbot):
    first = make_window(idle=True)
    with qtbot.waitExposed(first):
        first.show()
    first.resize(790, 600)
    first.commands["plots"].trigger()
    first.commands["box"].trigger()
    with qtbot.waitSignal(first.ended, timeout=WAIT_MS):
        first.close()
    second = make_window(idle=True)
    second.show()
    assert (second.width(), second.height()) == (790, 600)
    assert second.docks.dock("plots").isHidden()
    assert not second.commands["plots"].isChecked()
    assert not second.view.style_shown.box
    reset_settings(second)
    assert not second.docks.dock("plots").isHidden()
    assert second.view.style_shown.box


def test_weights_that_are_gone_are_said_and_not_used(make_window, store, monkeypatch):
    store.set(settings.WEIGHTS, "/nowhere/mine.safetensors")
    window = make_window()
    assert window.controller.network.weights == ""
    assert "mine.safetensors is gone" in window.status_line.message.text
    asked = []
    monkeypatch.setattr(window.controller, "set_network", asked.append)
    store.set(settings.DEVICE, "cpu")
    assert asked == [Network("", "cpu", "auto")]  # not refused for their sake
    assert make_window(weights="/nowhere/mine.safetensors").controller.network.weights == "/nowhere/mine.safetensors"


def test_a_remembered_engine_is_used_unless_another_is_asked_for(make_window, store):
    store.set(settings.ENGINE, "torch")
    assert make_window().controller.network.engine == "torch"
    assert make_window(engine="auto").controller.network.engine == "auto"


@pytest.mark.parametrize("asked", [False, True])
def test_a_remembered_engine_that_is_gone_gives_way_to_the_fastest(make_window, store, status, asked):
    """One that is asked for on the command line does not: its failure is said, and the exit code follows from it."""
    loaded = []
    gone = status(network=None, network_error="The engine steam isn't installed.")
    pipeline = SimpleNamespace(status=lambda: gone, set_network=lambda *network: loaded.append(network))
    store.set(settings.ENGINE, "steam")
    window = make_window(idle=True, device="cpu", engine="steam" if asked else None)
    window.controller.pipeline = pipeline
    problem = window.controller.poll().problem
    window.controller.poll()  # should that fail, too, it is left at that
    window.controller.pipeline = None
    if asked:
        assert (loaded, problem) == ([], "The engine steam isn't installed.")
        return
    assert (loaded, problem) == ([(None, "cpu", "auto")], "")
    assert window.status_line.message.text == f"The engine steam isn't installed. {controller_module.OTHERWISE}"
    assert (store.get(settings.ENGINE), store.remembered(settings.DEVICE)) == ("auto", "auto")


def test_what_the_command_line_asks_of_the_network_is_not_remembered_with_a_later_choice(play, store):
    window = play(device="cpu", engine="torch")
    window.choices.open_weights("tiny")
    assert window.controller.network == Network("tiny", "cpu", "torch")
    assert store.remembered(settings.WEIGHTS) == "tiny"
    assert (store.remembered(settings.DEVICE), store.remembered(settings.ENGINE)) == ("auto", "auto")


def test_an_exception_in_a_slot_reaches_the_status_line_and_the_log(idle_window, monkeypatch, caplog):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    event_loop.install_excepthook(idle_window, idle_window.state.show_notice)
    try:
        raise ZeroDivisionError("in a slot")
    except ZeroDivisionError as error:
        with caplog.at_level(logging.CRITICAL):
            sys.excepthook(type(error), error, error.__traceback__)
    assert idle_window.status_line.message.severity is Severity.ERROR
    assert "ZeroDivisionError" in idle_window.status_line.message.text
    assert "in a slot" in caplog.text


def test_a_screenshot_that_cannot_be_saved_is_an_error(make_window, qtbot, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    window = make_window(idle=True, screenshot=tmp_path / "file" / "shot.png")
    window.show()
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
        window.close()
    assert ended.args == [1]
    assert "screenshot can't be saved" in window.failures[0]


def test_the_screenshot_key_saves_beside_the_recordings(idle_window, store, tmp_path, qtbot):
    store.set(settings.RECORDINGS, str(tmp_path / "new" / "folder"))
    qtbot.keyClick(idle_window, Qt.Key.Key_F12)
    (picture,) = (tmp_path / "new" / "folder").iterdir()
    assert picture.suffix == ".png"
    assert idle_window.status_line.message.severity is Severity.GOOD


def test_keys_and_about_are_shown_by_key(idle_window, qtbot):
    qtbot.keyClick(idle_window, Qt.Key.Key_Question)
    keys = dialog(idle_window, "Keys")
    assert keys.isVisible()
    qtbot.keyClick(keys, Qt.Key.Key_Escape)
    assert not keys.isVisible()
    qtbot.keyClick(idle_window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert dialog(idle_window, "About Motionscope").isVisible()


def test_full_screen_and_back_by_key(idle_window, qtbot):
    qtbot.keyClick(idle_window, Qt.Key.Key_F11)
    assert idle_window.isFullScreen()
    qtbot.keyClick(idle_window, Qt.Key.Key_Escape)
    assert not idle_window.isFullScreen()
    assert not idle_window.commands["full_screen"].isChecked()


def test_notices_pass_and_the_state_comes_back(idle_window, status, monkeypatch):
    idle_window.state.show_notice(Message("Saved.", Severity.GOOD))
    assert idle_window.state.message(status()).text == "Saved."
    monkeypatch.setattr("app.ui.shell.state_display.now_s", lambda: 1e9)
    assert idle_window.state.message(status()).text != "Saved."


def test_what_goes_wrong_does_not_wait_behind_a_notice(idle_window, status):
    state, marked = idle_window.state, Message("“smile” marked at 00:03.0.", Severity.GOOD)
    assert state.message(status()).text != marked.text
    state.show_notice(marked)
    broken = status(network_error="The network failed.")
    assert state.message(broken).text == "The network failed."
    assert state.message(broken).text == "The network failed."
    state.show_notice(marked)  # known by now, and said again afterwards
    assert state.message(broken) == marked
    refused = Message("The recording could not be started.", Severity.ERROR)
    state.show_notice(refused)
    assert state.message(status(network_error="Another one.")) == refused


@pytest.mark.parametrize("apart_s", [0.03, 0.15, 0.5])
def test_the_label_at_the_face_and_the_panels_with_numbers_tell_of_one_frame(
    idle_window, monkeypatch, qtbot, result, face, apart_s
):
    """Always of the same one: at low rates of the newest, at high ones of one that a person can read."""
    clock = [100.0]
    monkeypatch.setattr("app.ui.shell.window.now_s", lambda: clock[0])
    monkeypatch.setattr("app.ui.docks.manager.now_s", lambda: clock[0])
    with qtbot.waitExposed(idle_window):
        idle_window.show()
    idle_window.docks.start()
    for name in ("table", "bins"):
        idle_window.commands[name].trigger()
        idle_window.docks.dock(name).setFloating(True)  # not one behind the other
    qtbot.waitUntil(lambda: all(is_seen(idle_window.docks.dock(name)) for name in ("table", "bins", "numbers")))
    results: Mailbox[FrameResult] = Mailbox()
    idle_window.controller.pipeline = SimpleNamespace(results=results, history=History())
    monkeypatch.setattr(idle_window.controller, "poll", lambda: None)
    idle_window.timer.stop()
    due_s, yaw, given_s = 100.07, 0.0, {}
    for _ in range(300):
        clock[0] += 0.015
        if clock[0] >= due_s:
            due_s, yaw = due_s + apart_s, yaw + 0.1
            given_s[f"{yaw:.2f}"] = clock[0]
            results.put(result(face(angles=Angles(0, yaw, 0)), captured_s=clock[0]))
        idle_window.timer.timeout.emit()
        if idle_window.view.result is None:
            continue
        label = label_text(idle_window.view.numbers.shown[0])
        assert f"yaw {find(idle_window.docks.view('numbers').pose, 'yaw', Value).whole_text} " in label
        assert f"yaw {label.split()[1]} " in idle_window.docks.view("bins").accessibleDescription()
        model = idle_window.docks.view("table").model
        (told,) = (model.row(i).shown for i in range(model.rowCount()) if model.row(i).name == "yaw_deg")
        assert f"yaw {degrees(float(told))} " in label
        newer = [at for name, at in given_s.items() if float(name) > float(told)]
        assert not newer or (apart_s < 0.1 and clock[0] - newer[0] < 0.11)
    assert len(given_s) > 5
    idle_window.controller.pipeline = None


def test_a_lost_camera_leaves_no_numbers_in_the_panel(idle_window, status, result, face, qtbot, monkeypatch):
    with qtbot.waitExposed(idle_window):
        idle_window.show()
    idle_window.docks.start()
    idle_window.controller.pipeline = SimpleNamespace(results=Mailbox(), history=History())
    idle_window.timer.stop()
    clock = [now_s()]
    monkeypatch.setattr("app.ui.shell.window.now_s", lambda: clock[0])
    idle_window.view.show_result(result(face(angles=Angles(0, 12, 0))))
    texts = []
    for state in (SourceState.STREAMING, SourceState.LOST, SourceState.STREAMING):
        monkeypatch.setattr(idle_window.controller, "poll", lambda state=state: status(state))
        clock[0] += 1.0
        idle_window.timer.timeout.emit()
        texts.append(find(idle_window.docks.view("numbers").pose, "yaw", Value).whole_text)
    assert texts == ["+12.0°", NOTHING, "+12.0°"]
    idle_window.controller.pipeline = None


def test_a_file_that_fails_is_said_in_the_panel(no_network, make_window, qtbot, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("no film", encoding="utf-8")
    window = make_window(source="demo")
    window.show()
    name = find(window.docks.view("numbers").system, "Name", Value)
    qtbot.waitUntil(lambda: name.whole_text == "Built-in demo", timeout=WAIT_MS)
    window.controller.open_source(str(broken))
    qtbot.waitUntil(lambda: window.view.message[0] == "No picture", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "demo" not in name.whole_text, timeout=WAIT_MS)  # the panel looks ten times a second
    assert "broken.mp4" in name.whole_text + name.toolTip()


def test_the_question_for_the_recordings_folder_begins_in_one_that_exists(idle_window, tmp_path):
    idle_window.settings.set(settings.RECORDINGS, str(tmp_path / "Vidéos" / "not yet"))
    idle_window.commands["recordings_folder"].trigger()
    question = dialog(idle_window, "Folder for recordings")
    assert Path(question.directory().absolutePath()) == tmp_path
    question.close()
