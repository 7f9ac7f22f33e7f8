"""Every action of the review window, as a user gives it: by key, by mouse, by menu."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QMessageBox

from app.core.tilt import CameraTilt, levelled_deg
from app.session.manifest import Manifest
from app.session.ownership import Owner
from app.ui.review.player import SPEEDS
from app.ui.shell import settings
from app.ui.shell.commands import REVIEW
from app.ui.shell.messages import Severity
from tests.factories import read_annotations
from tests.session.long_session import LOST, angles, grey, make_session
from tests.ui.review.conftest import FRAMES

Key = Qt.Key
NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def press(window, key, modifier=NONE):
    QTest.keyClick(window.timeline, key, modifier)


def frame_shown(window):
    """The number of the frame whose picture is on the screen, told by its overlay's and its own pixels."""
    assert window.shown.presenter.wait(20)
    result = window.view.result
    assert abs(round(float(result.frame.image[:, 0].mean())) - grey(result.frame.index)) <= 2
    return result.frame.index


# ---------------------------------------------------------------------- opening


def test_a_session_is_shown_with_its_overlay(review):
    assert frame_shown(review) == 0
    (face,) = review.view.result.faces
    np.testing.assert_allclose(face.angles, angles(np.zeros(1))[0], atol=1e-3)
    assert review.timeline.content.total_s == pytest.approx(FRAMES / 30)
    assert "session" in review.windowTitle()
    assert review.status_line.message.severity is Severity.INFO
    assert review.panes.about.text().startswith(f"{FRAMES} frames")


def test_a_frame_without_a_face(review):
    review.shown.player.go_to(LOST - 1)
    assert frame_shown(review) == LOST - 1
    assert review.view.result.faces == ()
    assert review.transport.numbers.text() == "no face found"


def test_without_video_the_numbers_are_still_there(make_review, folder):
    (folder / "video.mkv").unlink()
    review = make_review(folder)
    assert "is missing" in review.status_line.message.text
    press(review, Key.Key_Right)
    assert review.view.result.frame.index == 1
    assert len(review.view.result.faces) == 1
    assert not review.commands["reanalyse"].isEnabled()


def test_numbers_alone_are_shown_as_curves(make_review, tmp_path):
    review = make_review(make_session(tmp_path / "session", 60, video=False))
    message = review.status_line.message
    assert message.text.endswith("has no video: numbers alone were recorded.")
    assert message.severity is Severity.INFO  # as it was asked for
    press(review, Key.Key_Right)
    assert review.view.result.frame.image.std() == 0
    assert len(review.view.result.faces) == 1
    assert "yaw" in review.transport.numbers.text()
    assert not review.commands["reanalyse"].isEnabled()


def test_a_damaged_video_leaves_the_numbers(make_review, folder, qtbot):
    (folder / "video.mkv").write_bytes(b"nonsense")
    review = make_review(folder)
    qtbot.waitUntil(lambda: "can't be opened" in review.status_line.message.text)
    press(review, Key.Key_End)
    assert review.view.result.frame.index == FRAMES - 1
    assert review.transport.numbers.text()


def test_what_cant_be_opened_is_said(make_review, tmp_path):
    review = make_review(tmp_path)
    assert "is not a recorded session" in review.status_line.message.text
    assert review.view.message[0] == "This can't be opened"
    assert not review.recover_button.isVisible()
    on = {name for name, action in review.commands.items() if action.isEnabled()}
    # Deleting looks by itself whether the folder is a session, for a damaged one can't be opened.
    assert on == {"open", "close", "keys", "side", "screenshot", "delete_session"}
    assert not any(action.isEnabled() for action in review.exports.actions)


def test_a_damaged_table_is_said(make_review, folder):
    (folder / "frames.csv").write_text("x\n")
    review = make_review(folder)
    assert "not a table" in review.status_line.message.text


def test_lines_that_are_not_clear_are_said_and_the_others_shown(make_review, folder):
    path = folder / "events.csv"
    path.write_bytes(path.read_bytes() + b"1. Mai,0,lost,,\n")
    review = make_review(folder)
    message = review.status_line.message
    assert message.text == "The markers in events.csv are damaged: line 3: onset_s: “1. Mai” is not a number."
    assert message.severity is Severity.WARNING
    assert [event.label for event in review.shown.annotations.annotations] == ["minute 0"]


def test_a_cut_off_recording_is_recovered_on_demand(make_review, folder, qtbot):
    replace(Manifest.read(folder), state="recording", owner=Owner(2**22 + 1, 1.0)).write(folder)
    for name in ("video.mkv", "frames.csv"):
        (folder / name).rename(folder / name.replace(".", ".part."))
    review = make_review(folder)
    assert review.recover_button.isVisible()
    with qtbot.waitSignal(review.opened, timeout=20_000):
        QTest.mouseClick(review.recover_button, Qt.MouseButton.LeftButton)
    assert not review.recover_button.isVisible()
    assert frame_shown(review) == 0
    assert Manifest.read(folder).state == "recovered"
    assert "stopped while recording" in review.status_line.message.text


def test_a_dropped_folder_is_opened(review, folder, tmp_path, qtbot):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other / "session.json"))])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    event = QDropEvent(QPointF(5, 5), actions, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event.setDropAction(Qt.DropAction.MoveAction)
    with qtbot.waitSignal(review.opened, timeout=20_000):
        review.dropEvent(event)
    assert event.dropAction() == Qt.DropAction.CopyAction  # a file manager that moves would delete the session
    assert review.folder == other
    assert frame_shown(review) == 0


def test_another_session_replaces_the_first(review, folder, tmp_path, qtbot):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    review.shown.player.play()
    with qtbot.waitSignal(review.opened, timeout=20_000):
        review.open(other)
    assert not review.shown.player.playing
    press(review, Key.Key_M)
    review.shown.editing.dialog.accept()
    assert review.shown.annotations.flush() == ""
    assert len(read_annotations(other / "events.csv")) == 2
    assert len(read_annotations(folder / "events.csv")) == 1


def test_the_menu_asks_for_a_folder(review, folder, monkeypatch, qtbot):
    asked = []
    monkeypatch.setattr(
        "app.ui.shell.dialogs.ask_folder", lambda parent, title, start, done: (asked.append(start), done(str(folder)))
    )
    with qtbot.waitSignal(review.opened, timeout=20_000):
        review.commands["open"].trigger()
    assert asked == [str(folder.parent)]


# ---------------------------------------------------------------------- moving


@pytest.mark.parametrize(
    ("key", "modifier", "frame"),
    [
        (Key.Key_Right, NONE, 101),
        (Key.Key_Left, NONE, 99),
        (Key.Key_Right, SHIFT, 130),
        (Key.Key_Left, SHIFT, 70),
        (Key.Key_Home, NONE, 0),
        (Key.Key_End, NONE, FRAMES - 1),
        (Key.Key_Left, CTRL, 0),  # the annotation
    ],
)
def test_keys_move_the_cursor(review, key, modifier, frame):
    review.shown.player.go_to(100)
    press(review, key, modifier)
    assert review.shown.player.frame == frame
    assert frame_shown(review) == frame
    assert f"frame {frame} of {FRAMES}" in review.transport.place.text()


def test_steps_end_at_the_ends(review):
    press(review, Key.Key_Left)
    assert review.shown.player.frame == 0
    press(review, Key.Key_End)
    press(review, Key.Key_Right)
    assert review.shown.player.frame == FRAMES - 1


def test_space_plays_and_pauses(review, qtbot):
    press(review, Key.Key_Space)
    assert review.shown.player.playing
    assert review.commands["play"].text() == "&Pause"
    qtbot.waitUntil(lambda: review.shown.player.frame > 5, timeout=10_000)
    press(review, Key.Key_Space)
    assert not review.shown.player.playing
    assert frame_shown(review) == review.shown.player.frame


def test_stepping_pauses(review):
    press(review, Key.Key_Space)
    press(review, Key.Key_Right)
    assert not review.shown.player.playing


def test_speeds(review):
    for _ in range(len(SPEEDS)):
        press(review, Key.Key_BracketLeft)
    assert review.shown.player.speed == 0.1
    assert review.transport.speed.currentText() == "0.1×"
    for _ in range(len(SPEEDS)):
        press(review, Key.Key_BracketRight)
    assert review.shown.player.speed == 4.0
    review.transport.speed.activated.emit(SPEEDS.index(0.5))
    assert review.shown.player.speed == 0.5


def test_the_selection_is_played_over_and_over(review):
    review.shown.measuring.select((1.0, 2.0))
    press(review, Key.Key_L)
    assert review.shown.player.loop == (1.0, 2.0)
    review.shown.measuring.select((3.0, 4.0))
    assert review.shown.player.loop == (3.0, 4.0)
    review.shown.player.play()
    assert review.shown.player.time_s >= 2.9
    review.shown.player.pause()
    press(review, Key.Key_L)
    assert review.shown.player.loop is None


# ---------------------------------------------------------------------- view


def test_zooming_by_keys(review):
    whole = review.timeline.scale_shown.span_s
    press(review, Key.Key_Plus)
    assert review.timeline.scale_shown.span_s < whole
    press(review, Key.Key_Minus)
    assert review.timeline.scale_shown.span_s == pytest.approx(whole)
    press(review, Key.Key_Plus)
    press(review, Key.Key_0)
    assert review.timeline.scale_shown.span_s == pytest.approx(whole)


def test_selecting_and_zooming_to_it(review, qtbot):
    assert not review.commands["zoom_selection"].isEnabled()
    review.shown.player.seek(2.0)
    press(review, Key.Key_I)
    review.shown.player.seek(4.0)
    with qtbot.waitSignal(review.shown.measuring.counted):
        press(review, Key.Key_O)
    assert review.shown.measuring.selection == pytest.approx((2.0, 4.0 + 1 / 30))
    press(review, Key.Key_Z)
    scale = review.timeline.scale_shown
    assert (scale.start_s, scale.end_s) == pytest.approx((1.9, 4.133), abs=0.01)
    press(review, Key.Key_Escape)
    assert review.shown.measuring.selection is None


def test_statistics_of_the_selection_are_copied(review, qtbot):
    with qtbot.waitSignal(review.shown.measuring.counted):
        review.shown.measuring.select((1.0, 3.0))
    times = np.arange(30, 90) / 30
    kept = times[(np.arange(30, 90) % LOST) != LOST - 1]
    yaw = angles(kept)[:, 1]
    spread = review.shown.measuring.statistics.spreads["yaw"]
    assert spread.mean == pytest.approx(yaw.mean(), abs=1e-3)
    assert spread.sd == pytest.approx(yaw.std(ddof=1), abs=1e-3)
    assert review.panes.statistics.text("yaw_mean") == f"{yaw.mean():+.1f}°"
    assert "59 of 60" in review.panes.statistics.text("share")
    press(review, Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("session\t1.000 to 3.000 s\n")
    assert f"yaw (deg)\t{yaw.mean():.3f}" in text


def test_overlay_switches_are_remembered(review, store):
    assert review.view.style_shown.keypoints
    press(review, Key.Key_2, ALT)
    assert not review.view.style_shown.keypoints
    assert store.get(settings.SHOW_KEYPOINTS) is False


def test_the_side_panel_hides(review):
    press(review, Key.Key_F2)
    assert not review.panes.side.isVisible()
    press(review, Key.Key_F2)
    assert review.panes.side.isVisible()


def test_it_works_in_small_sizes(make_review, folder):
    review = make_review(folder, 420, 330)
    press(review, Key.Key_F2)
    assert review.width() <= 700
    assert not review.grab().isNull()
    press(review, Key.Key_Right)
    assert frame_shown(review) == 1


def test_every_action_has_a_key_of_its_own_and_words(review):
    keys = [key.toString() for action in review.commands.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    for spec in REVIEW:
        action = review.commands[spec.name]
        assert action.whatsThis()
        assert not action.shortcut().isEmpty()
    for button in review.panes.annotation_list.findChildren(type(review.transport.play)):
        assert button.accessibleName()


def test_a_screenshot(review, folder):
    press(review, Key.Key_F12)
    assert len(list(folder.glob("screenshot_*.png"))) == 1
    assert review.status_line.message.severity is Severity.GOOD


# ---------------------------------------------------------------------- the end


def test_closing_saves_and_leaves_no_thread(review, folder, qtbot):
    press(review, Key.Key_3)
    with qtbot.waitSignal(review.ended):
        press(review, Key.Key_W, CTRL)
    assert "marker 3" in [event.label for event in read_annotations(folder / "events.csv")]


def test_what_cant_be_saved_keeps_the_window_open(review, folder, monkeypatch):
    asked = []

    def warning(*words):
        asked.append(words[2])
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "warning", warning)
    (folder / "events.csv").unlink()
    (folder / "events.csv").mkdir()
    press(review, Key.Key_4)
    assert not review.close()
    assert "can't be saved" in asked[0]
    (folder / "events.csv").rmdir()
    assert review.close()
    assert "marker 4" in [event.label for event in read_annotations(folder / "events.csv")]


def test_a_camera_that_was_not_level_is_levelled_in_curves_numbers_and_statistics(make_review, folder, qtbot):
    manifest = Manifest.read(folder)
    tilt = CameraTilt(20.0, -4.0, bend_deg=10.0)
    replace(manifest, header=replace(manifest.header, camera_tilt=tilt)).write(folder)
    window = make_review(folder)
    expected = levelled_deg(angles(np.arange(FRAMES) / 30), tilt)
    measured = np.arange(FRAMES) % LOST != LOST - 1
    series = window.timeline.content.series
    np.testing.assert_allclose(series.angles_deg[measured], expected[measured], atol=1e-3)
    qtbot.waitUntil(lambda: window.shown.measuring.statistics is not None, timeout=20_000)
    pitch = window.shown.measuring.statistics.spreads["pitch"]
    assert pitch.mean == pytest.approx(expected[measured, 0].mean(), abs=1e-3)
    place = tilt.to_level @ (1.0, -2.0, 60.0)
    stats = window.shown.measuring.statistics
    assert (stats.spreads["x"].mean, stats.spreads["y"].mean) == pytest.approx(place[:2].tolist(), abs=1e-3)
    assert stats.spreads["distance"].mean == pytest.approx(np.linalg.norm(place), abs=1e-3)
    assert frame_shown(window) == 0
    shown = window.view.result.shown[0]
    assert shown.angles == pytest.approx(expected[0].tolist(), abs=1e-3)
    assert shown.face.angles == pytest.approx(angles(np.zeros(1))[0].tolist(), abs=1e-3)  # drawn as it was seen
