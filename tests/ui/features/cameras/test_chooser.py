"""The chooser in a real window: who has the camera, what is listed, what is used and remembered."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox, QLineEdit, QPushButton, QTableWidget

from app.core.camera_format import CameraFormat
from app.ui.features.cameras.chooser import CameraChooser
from app.ui.shell import settings
from app.ui.shell.controller import CAMERA_LENT, RECORDING
from app.ui.shell.messages import Severity
from tests.ui.features.cameras.conftest import FAST, HD, RAW, WAIT_MS
from tests.ui.find import dialog


def source_info(window):
    return window.controller.pipeline.status().source_info


def listed(chooser):
    return {row.format for row in chooser.table.rows}


def measured(chooser):
    return {row.format for row in chooser.table.rows if row.measured_fps is not None}


def wait_live(window, qtbot, camera, form):
    """The window shows this camera in this format."""

    def shows():
        info = source_info(window)
        return (
            info is not None
            and not window.controller.lent
            and window.controller.pipeline.status().streaming
            and (info.name, info.width, info.height, info.fourcc)
            == (camera.device.name, form.width, form.height, form.fourcc)
            and window.view.result is not None
            and window.view.result.frame.image.shape[:2] == (form.height, form.width)
        )

    qtbot.waitUntil(shows, timeout=WAIT_MS)


def test_the_camera_is_lent_and_given_back(live, choose, cameras, qtbot):
    window = live()
    qtbot.waitUntil(window.cameras.label.isVisible, timeout=WAIT_MS)
    assert "640×360" in window.cameras.label.text()
    assert "MJPG" in window.cameras.label.text()
    chooser = choose(window)
    qtbot.waitUntil(lambda: cameras[0].open_now == 1, timeout=WAIT_MS)  # by it alone; twice fails a fixture
    assert window.controller.lent
    assert window.controller.note == CAMERA_LENT
    qtbot.waitUntil(lambda: window.view.message[0] == CAMERA_LENT, timeout=WAIT_MS)
    qtbot.keyClick(chooser, Qt.Key.Key_Escape)
    assert not chooser.isVisible()
    wait_live(window, qtbot, cameras[0], HD)
    assert not window.controller.lent
    assert window.controller.source == "0"
    assert window.settings.get(settings.CAMERAS) == ""  # a look changes nothing


def test_the_formats_are_listed_and_those_looked_at_measured(live, choose, qtbot):
    chooser = choose(live())
    qtbot.waitUntil(lambda: listed(chooser) >= {HD, FAST, RAW}, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: measured(chooser) == {HD}, timeout=WAIT_MS)
    assert chooser.table.current == HD  # what is in use
    chooser.table.selectRow(next(i for i, row in enumerate(chooser.table.rows) if row.format == RAW))
    qtbot.waitUntil(lambda: measured(chooser) == {HD, RAW}, timeout=WAIT_MS)
    row = next(i for i, row in enumerate(chooser.table.rows) if row.format == RAW)
    texts = [chooser.table.item(row, column).text() for column in range(4)]
    assert texts[:3] == ["320 × 240", "60", "YUYV"]
    assert float(texts[3].rstrip(" !")) > 0
    qtbot.waitUntil(lambda: chooser.state_label.text().startswith("Granted: 320×240  60 fps  YUYV"), timeout=WAIT_MS)


def test_a_chosen_format_is_used_shown_and_remembered(live, choose, cameras, qtbot, store, make_window):
    window = live()
    chooser = choose(window)
    qtbot.waitUntil(lambda: RAW in listed(chooser), timeout=WAIT_MS)
    chooser.table.setFocus()
    row = next(i for i, grant in enumerate(chooser.table.rows) if grant.format == RAW)
    chooser.table.selectRow(row)
    qtbot.waitUntil(lambda: "YUYV" in chooser.state_label.text(), timeout=WAIT_MS)  # the preview shows it
    qtbot.keyClick(chooser.table, Qt.Key.Key_Return)
    assert not chooser.isVisible()
    wait_live(window, qtbot, cameras[0], RAW)
    qtbot.waitUntil(lambda: "YUYV" in window.cameras.label.text(), timeout=WAIT_MS)
    assert "YUYV" in window.cameras.label.toolTip()
    assert json.loads(store.get(settings.CAMERAS))[0] == {
        "name": "HD Webcam",
        "path": cameras[0].device.path,
        "format": str(RAW),
    }
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS):
        window.close()
    again = make_window(source="auto")  # the next start
    again.show()
    qtbot.waitUntil(lambda: again.controller.pipeline is not None, timeout=WAIT_MS)
    wait_live(again, qtbot, cameras[0], RAW)


def test_another_camera_is_chosen_by_keyboard(live, choose, cameras, qtbot):
    window = live()
    chooser = choose(window)
    chooser.camera.setFocus()
    chooser.camera.activated.emit(1)
    qtbot.waitUntil(lambda: measured(chooser) == {RAW}, timeout=WAIT_MS)
    assert cameras[0].open_now == 0
    QTest.keyClick(chooser, Qt.Key.Key_Return)
    wait_live(window, qtbot, cameras[1], RAW)
    assert window.controller.source == "1"
    assert window.toolbar.source.current == "1"
    reopened = choose(window)  # it begins with what runs
    assert reopened.camera.currentText() == "Other"


def test_what_is_not_granted_is_said_in_the_dialog_and_in_the_window(live, choose, cameras, qtbot):
    window = live()
    chooser = choose(window)
    chooser.other.setFocus()
    QTest.keyClicks(chooser.other, "1920x1080@30")
    QTest.keyClick(chooser.other, Qt.Key.Key_Return)
    assert chooser.isVisible()  # Enter tries, it does not close
    qtbot.waitUntil(lambda: "instead of 1920×1080" in chooser.state_label.text(), timeout=WAIT_MS)
    assert "grants 640×360" in chooser.state_label.text()
    chooser.other.setText("nonsense")
    chooser.other_button.click()
    assert "'nonsense' is not a camera format" in chooser.state_label.text()
    assert chooser.state_label.property("tone") == "error"


def test_the_command_line_asks_and_goes_on_with_what_is_granted(live, choose, cameras, qtbot, caplog):
    window = live(camera_format=CameraFormat(1920, 1080))
    wait_live(window, qtbot, cameras[0], HD)
    qtbot.waitUntil(lambda: "instead of 1920×1080" in window.status_line.message.text, timeout=WAIT_MS)
    assert window.status_line.message.severity is Severity.WARNING
    assert "instead of 1920×1080" in caplog.text  # on stderr
    assert caplog.text.count("instead of") == 1


def test_a_camera_in_use_is_said_and_shown_once_it_is_free(live, cameras, qtbot, clip):
    cameras[1].refuses = True
    window = live(source=str(clip))
    window.commands["cameras"].trigger()
    chooser = dialog(window, "Camera and format")
    qtbot.waitUntil(lambda: chooser.camera.count() == 2, timeout=WAIT_MS)
    chooser.camera.activated.emit(1)
    qtbot.waitUntil(lambda: chooser.view.message[0] == "No picture", timeout=WAIT_MS)
    assert "'Other' can't be opened" in chooser.state_label.text()
    assert chooser.state_label.property("tone") == "error"
    assert not chooser.go.isEnabled()
    cameras[1].refuses = False
    qtbot.waitUntil(lambda: chooser.view.message == ("", ""), timeout=WAIT_MS)
    qtbot.waitUntil(chooser.go.isEnabled, timeout=WAIT_MS)
    assert window.controller.pipeline.status().streaming  # the film went on all the time
    chooser.reject()
    qtbot.wait(50)
    assert window.controller.source == str(clip)
    assert window.controller.pipeline.status().streaming


@pytest.mark.parametrize(
    ("trouble", "title", "remedy"),
    [("stall", "No new picture", "unplug it"), ("unplug", "Camera lost", "unplugged")],
)
def test_what_happens_to_the_camera_is_said(live, choose, cameras, qtbot, trouble, title, remedy):
    chooser = choose(live())
    qtbot.waitUntil(lambda: chooser.state_label.text().startswith("Granted: "), timeout=WAIT_MS)
    getattr(cameras[0], trouble)()
    qtbot.waitUntil(lambda: chooser.view.message[0] == title, timeout=WAIT_MS)
    assert remedy in chooser.state_label.text()
    cameras[0].stall(False)
    cameras[0].plug_in()
    qtbot.waitUntil(lambda: chooser.view.message == ("", ""), timeout=WAIT_MS)


def test_a_driver_that_hangs_does_not_stop_the_dialog(live, choose, cameras, qtbot):
    window = live()
    chooser = choose(window)
    cameras[0].hang_reads()
    chooser.reject()
    assert not chooser.isVisible()
    cameras[0].hang_reads(False)
    wait_live(window, qtbot, cameras[0], HD)


def test_without_a_camera_it_says_so(live, cameras, qtbot, clip):
    for camera in cameras:
        camera.unplug()
    window = live(source=str(clip))
    window.commands["cameras"].trigger()
    chooser = dialog(window, "Camera and format")
    qtbot.waitUntil(lambda: chooser.view.message[0] == "No camera", timeout=WAIT_MS)
    assert not chooser.go.isEnabled()
    cameras[0].plug_in()
    chooser.again.click()
    qtbot.waitUntil(lambda: bool(chooser.table.rows), timeout=WAIT_MS)


def test_opened_and_closed_in_haste_it_leaves_the_camera_to_the_window(live, cameras, qtbot):
    window = live()
    for _ in range(4):
        window.commands["cameras"].trigger()
        dialog(window, "Camera and format").reject()
    qtbot.waitUntil(lambda: not window.controller.lent, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.controller.pipeline.status().streaming, timeout=WAIT_MS)
    assert cameras[0].open_now == 1


def test_closing_the_window_closes_the_chooser(live, choose, cameras, qtbot):
    window = live()
    choose(window)
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS) as ended:
        window.close()
    assert ended.args == [0]
    assert cameras[0].open_now == 0


def test_a_recording_keeps_the_camera(idle_window, qtbot):
    idle_window.cameras.show_status(
        SimpleNamespace(recording_active=True, recording_finishing=False, source_info=None, capture_fps=0.0)
    )
    idle_window.commands["cameras"].trigger()
    assert idle_window.findChildren(CameraChooser) == []
    assert idle_window.status_line.message.text == RECORDING


def test_everything_in_it_has_a_name_and_is_reached_with_tab(live, choose, qtbot):
    chooser = choose(live())
    qtbot.waitUntil(lambda: bool(chooser.table.rows), timeout=WAIT_MS)
    wanted = {chooser.camera, chooser.again, chooser.table, chooser.other, chooser.other_button,
              chooser.go}  # fmt: skip
    chooser.camera.setFocus()
    reached = set()
    for _ in range(12):
        reached.add(chooser.focusWidget())
        qtbot.keyClick(chooser.focusWidget(), Qt.Key.Key_Tab)
    assert wanted <= reached
    for widget in chooser.findChildren((QPushButton, QComboBox, QLineEdit, QTableWidget)):
        assert widget.accessibleName() or widget.text(), widget
        assert widget.toolTip(), widget


def test_the_first_page_leads_to_it(idle_window, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(idle_window, "show_dialog", lambda name, make: opened.append(name))
    page = idle_window.first_run_page()
    page.preview.click()
    assert opened == ["cameras"]
